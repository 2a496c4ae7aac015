"""What a channel is: how residents' words reach us, and ours them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol


@dataclass(frozen=True)
class Remaining:
    """How much may still be sent to somebody who isn't looking at a page of ours; shown to agents before they write."""

    messages: int
    until: datetime | None
    text_zh: str


class Channel(Protocol):
    """`deliver_due` sends what lies in conversations of this channel and hasn't arrived, and says how many pieces
    went out.
    """

    kind: ClassVar[str]

    @property
    def name(self) -> str: ...

    def deliver_due(self) -> int: ...

    def tend(self) -> None: ...

    def remaining(self, conversation_id: str) -> Remaining | None: ...
