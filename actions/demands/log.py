"""Who demanded what of a village, by when it took place; the township reads it by unit, never by resident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.demands.certificates import CERTIFICATES
from actions.demands.models import Demand, DemandKind
from actions.errors import InvalidInput
from actions.storable import storable

KIND_NAMES = {DemandKind.certificate: "证明", DemandKind.task: "下派任务"}
# 村民委员会组织法 43, 城市居民委员会组织法 43: what departments ask a committee to help with must accord with laws and
# regulations, and they bear what it costs.
BASIS = (("村民委员会组织法", "第四十三条"), ("城市居民委员会组织法", "第四十三条"))
_LONGEST = timedelta(days=400)
_MOST_HOURS = 2000


@dataclass(frozen=True)
class Tally:
    """One unit over a span: how many papers and tasks, how many of them odd, how many hours they took."""

    asked_by: str
    certificates: int
    tasks: int
    odd: int
    hours: float


@dataclass(frozen=True, kw_only=True)
class Told:
    """One demand. `basis`: what the unit gives as its ground, "" for nothing; `certificate`: a code of
    certificates.yml; `by`: who writes it down, "" for the chat.
    """

    place: str
    kind: DemandKind
    asked_by: str
    what: str
    on: date
    basis: str = ""
    hours: float | None = None
    by: str = ""
    certificate: str = ""
    case_id: int | None = None


def note(session: Session, told: Told, *, key: str, today: date) -> Demand:
    """The same key twice is one row. Commits. Raises InvalidInput."""
    if found := session.scalar(select(Demand).where(Demand.key == key)):
        return found
    asked_by, what = storable(told.asked_by, 60).strip(), storable(told.what, 120).strip()
    if not asked_by or len(what) < 2:
        raise InvalidInput("请写谁要的、要什么。")
    if not today - _LONGEST <= told.on <= today:
        raise InvalidInput("日期要写今天以前、一年以内的日子。")
    if told.hours is not None and not 0 <= told.hours <= _MOST_HOURS:  # nan, too, is no such number
        raise InvalidInput(f"花了几个小时，写0到{_MOST_HOURS}的数。")
    row = Demand(
        key=key,
        place_id=told.place,
        kind=told.kind,
        asked_by=asked_by,
        what=what,
        certificate=told.certificate if told.certificate in CERTIFICATES else "",
        basis=storable(told.basis, 200).strip(),
        tenths=round(told.hours * 10) if told.hours is not None else None,
        case_id=told.case_id,
        on=told.on,
        is_from_chat=not told.by,
        by=storable(told.by, 40),
    )
    session.add(row)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        row = session.scalars(select(Demand).where(Demand.key == key)).one()
    return row


def is_odd(row: Demand) -> bool:
    """A paper of the list that a village doesn't give, or something for which nobody named a ground."""
    return bool(row.certificate) or not row.basis


def listed(session: Session, places: Sequence[str], *, since: date, until: date) -> list[Demand]:
    """Newest first."""
    own = (Demand.place_id.in_(places), Demand.on >= since, Demand.on <= until)
    return list(session.scalars(select(Demand).where(*own).order_by(Demand.on.desc(), Demand.id.desc()).limit(5000)))


def by_unit(rows: Sequence[Demand]) -> list[Tally]:
    """Whose demands are odd most often first."""
    found = []
    for unit in dict.fromkeys(row.asked_by for row in rows):
        own = [row for row in rows if row.asked_by == unit]
        found.append(
            Tally(
                unit,
                certificates=sum(row.kind is DemandKind.certificate for row in own),
                tasks=sum(row.kind is DemandKind.task for row in own),
                odd=sum(map(is_odd, own)),
                hours=sum(row.tenths or 0 for row in own) / 10,
            )
        )
    return sorted(found, key=lambda one: (-one.odd, -one.certificates - one.tasks, one.asked_by))


def month_of(text: str, today: date) -> tuple[date, date]:
    """First and last day of 2026-11; of this month for what is none."""
    try:
        first = date.fromisoformat(f"{text[:7]}-01")
        after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    except (ValueError, OverflowError):
        return month_of(f"{today:%Y-%m}", today)
    return first, after - timedelta(days=1)
