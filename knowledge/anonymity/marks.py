"""A mark: a place in a text that may say who somebody is, with what is offered instead."""

from dataclasses import dataclass
from enum import StrEnum


class MarkKind(StrEnum):
    id_number = "id_number"
    phone = "phone"
    bank_account = "bank_account"
    plate = "plate"
    address = "address"
    email = "email"
    wechat = "wechat"
    qq = "qq"
    other_account = "other_account"
    name = "name"
    nickname = "nickname"
    combination = "combination"


IDENTIFIERS = frozenset(MarkKind) - {MarkKind.name, MarkKind.nickname, MarkKind.combination}


@dataclass(frozen=True, order=True)
class Mark:
    """`text == original[start:end]`; `replacement` is an offer, `reason` a sentence for the person who decides."""

    start: int
    end: int
    text: str
    kind: MarkKind
    replacement: str
    reason: str

    def overlaps(self, other: "Mark") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Spot:
    """A finding in the folded text, before it is led back to the original."""

    start: int
    end: int
    kind: MarkKind
    reason: str
