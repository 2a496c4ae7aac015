"""The village's houses: group, code, how many adults. Nobody's name, number or birthday goes in (个人信息保护法 6)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotFound
from actions.roster.models import Household, HouseholdKind, Participant, Slip
from actions.storable import row_of

MOST_ADULTS = 50
KIND_LABELS = {HouseholdKind.registered: "户籍", HouseholdKind.resident: "常住"}
_CODE = re.compile(r"[0-9A-Z](?:[0-9A-Z-]{0,10}[0-9A-Z])?")
_GROUP = re.compile(r"[\w()（）·-]{1,20}")
_LONG_NUMBER = re.compile(r"\d{7}")


@dataclass(frozen=True)
class Numbers:
    """Of the households that are active."""

    households: int
    adults: int
    groups: tuple[tuple[str, int, int], ...]  # name, households, adults


def read_code(written: str) -> str:
    """Raises InvalidInput: a telephone, an identity number or a birthday isn't a house's code."""
    code = written.strip().upper().replace("－", "-").replace("—", "-")
    if not _CODE.fullmatch(code) or _LONG_NUMBER.search(code.replace("-", "")):
        raise InvalidInput("户号用数字、字母和短横线写，最多 12 个字，比如 1-07。不要写身份证号、电话、生日和姓名。")
    return code


def read_group(written: str) -> str:
    """Raises InvalidInput."""
    group = " ".join(written.split())
    if not _GROUP.fullmatch(group) or _LONG_NUMBER.search(group):
        raise InvalidInput("组名写 1 到 20 个字，比如“一组”。不要写姓名、电话。")
    return group


def read_adults(written: int | str | None) -> int:
    """Raises InvalidInput."""
    text = str(written).strip() if written is not None else ""
    if not (text.isascii() and text.isdigit()) or len(text) > 3 or int(text) > MOST_ADULTS:
        raise InvalidInput(f"成年人数写 0 到 {MOST_ADULTS} 的数，满 18 岁的才算。")
    return int(text)


def add(
    session: Session, *, place: str, group: str, code: str, kind: HouseholdKind, adults: int, today: date
) -> Household:
    """`group`, `code`, `adults`: as the readers above give them. Raises Conflict; the caller commits."""
    if find(session, place, code) is not None:
        raise Conflict(f"{code} 户已经在名册里了。")
    household = Household(
        place_id=place, group_name=group, code=code, kind=kind, adults=adults, is_active=True, confirmed_on=today
    )
    session.add(household)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise Conflict(f"{code} 户刚刚有人加过了，请刷新后再看。") from None
    return household


def change(
    session: Session, household: Household, *, group: str, kind: HouseholdKind, adults: int, today: date
) -> bool:
    """Whether anything but the day became different. Raises InvalidInput where more people hold a slip than adults are
    left: whose voice ends isn't said by a number. The caller commits.
    """
    before = (household.group_name, household.kind, household.adults, household.is_active)
    household.group_name, household.kind, household.adults = group, kind, adults
    household.is_active, household.confirmed_on = True, today
    _drop_unused(session, household, adults)
    session.flush()
    return before != (group, kind, adults, True)


def _drop_unused(session: Session, household: Household, adults: int) -> None:
    """Of people beyond the number, those whose slip never left the office."""
    people = list(
        session.scalars(
            select(Participant)
            .where(Participant.household_id == household.id, Participant.revoked_at.is_(None))
            .where(Participant.person_no > 0)
            .order_by(Participant.person_no.desc())
        )
    )
    over = len(people) - adults
    for person in people:
        if over > 0 and not was_given(session, person):
            session.execute(delete(Slip).where(Slip.participant_id == person.id))
            session.delete(person)
            over -= 1
    if over > 0:
        raise InvalidInput(
            f"{household.code} 户已经有 {adults + over} 个人拿了码，比 {adults} 个多。"
            "请先把搬走、去世的人的码作废，再改人数。"
        )


def was_given(session: Session, person: Participant) -> bool:
    """Whether a slip of theirs was ever handed over or used."""
    given = Slip.handed_on.is_not(None) | Slip.used_at.is_not(None)
    of_them = select(Slip.code_hash).where(Slip.participant_id == person.id, given)
    return person.verified_at is not None or session.scalar(of_them.limit(1)) is not None


def find(session: Session, place: str, code: str) -> Household | None:
    return session.scalar(select(Household).where(Household.place_id == place, Household.code == code))


def get(session: Session, household_id: int | None) -> Household:
    """Raises NotFound."""
    found = row_of(session, Household, household_id or 0)
    if found is None:
        raise NotFound("没有找到这一户。")
    return found


def of_group(session: Session, place: str, group: str) -> Sequence[Household]:
    """Active ones, in the order of their codes as people count: 1-2 before 1-10."""
    rows = session.scalars(
        select(Household).where(Household.place_id == place, Household.group_name == group, Household.is_active)
    )
    return sorted(rows, key=lambda h: counted(h.code))


def counted(code: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", code)]


def numbers(session: Session, place: str) -> Numbers:
    rows = session.execute(
        select(Household.group_name, func.count(), func.sum(Household.adults))
        .where(Household.place_id == place, Household.is_active)
        .group_by(Household.group_name)
    ).all()
    groups = tuple(
        sorted(((name, int(count), int(adults)) for name, count, adults in rows), key=lambda g: _order(g[0]))
    )
    return Numbers(sum(g[1] for g in groups), sum(g[2] for g in groups), groups)


_FIRST = "一二三四五六七八九十"


def _order(group: str) -> tuple[int, list[tuple[int, str]]]:
    """一组, 二组 ... 十组, 十一组 as people count them, then the others by name."""
    found = re.match(f"(十?)([{_FIRST}]?)", group)
    tens, ones = found.groups() if found else ("", "")
    number = (10 if tens else 0) + (_FIRST.index(ones) + 1 if ones else 0)
    return number or 99, counted(group)
