"""What the clock suggests to a village's clerk: days of the year (`events.yml`), 公开日 once a quarter. Each once; the
clerk makes an event of it, or says that nothing shall be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.bookings.models import Opening
from actions.errors import NotFound
from actions.events.kinds import OPEN_DAY, events_file
from actions.events.models import EventSuggestion
from actions.roster.models import VillageProfile
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

_NEAR = timedelta(days=10)  # an event of the same kind so near to the day is the one meant


@dataclass(frozen=True)
class Suggested:
    """As the console shows it."""

    code: str
    name: str
    kind: str
    on_day: date
    basis: str


def tick(session: Session, now: datetime) -> None:
    """For each village that keeps its numbers here; commits each."""
    today = now.astimezone(SHANGHAI).date()
    wanted = list(_due(today))
    for place in session.scalars(select(VillageProfile.place_id).order_by(VillageProfile.place_id)).all():
        known = set(session.scalars(select(EventSuggestion.code).where(EventSuggestion.place_id == place)))
        for one in wanted:
            if one.code not in known:
                _add(session, place, one, now)


def open_ones(session: Session, place: str, now: datetime) -> list[Suggested]:
    """Neither made nor dismissed, not over, and without an event of the kind close to it."""
    today = now.astimezone(SHANGHAI).date()
    rows = session.scalars(
        select(EventSuggestion).where(
            EventSuggestion.place_id == place,
            EventSuggestion.opening_id.is_(None),
            EventSuggestion.dismissed_by == "",
            EventSuggestion.on_day >= today,
        )
    )
    found = [one for row in rows if (one := _said(row)) is not None and not _is_held(session, place, one)]
    return sorted(found, key=lambda one: (one.on_day, one.code))


def get(session: Session, place: str, code: str) -> Suggested:
    """Raises NotFound."""
    row = session.get(EventSuggestion, (place, code))
    if row is None or (found := _said(row)) is None:
        raise NotFound("没有这一条提醒。")
    return found


def dismiss(session: Session, place: str, code: str, *, by: str) -> None:
    """The caller commits."""
    own = (EventSuggestion.place_id == place, EventSuggestion.code == code, EventSuggestion.opening_id.is_(None))
    changed(session, update(EventSuggestion).where(*own).values(dismissed_by=by[:40]))


def made(session: Session, place: str, code: str, event: Opening) -> None:
    """The caller commits."""
    own = (EventSuggestion.place_id == place, EventSuggestion.code == code)
    changed(session, update(EventSuggestion).where(*own).values(opening_id=event.id))


def quarter_of(day: date) -> tuple[str, date, date]:
    """Its name (2026Q4), its first day, the first of the next."""
    number = (day.month - 1) // 3
    first = date(day.year, number * 3 + 1, 1)
    after = date(day.year + 1, 1, 1) if number == 3 else date(day.year, number * 3 + 4, 1)
    return f"{day.year}Q{number + 1}", first, after


def _due(today: date) -> Iterator[Suggested]:
    name, _, after = quarter_of(today)
    yield Suggested(f"{OPEN_DAY} {name}", "", OPEN_DAY, after - timedelta(days=1), "")
    for one in events_file().days:
        on_day = one.next_on(today)
        if on_day is not None and on_day - timedelta(weeks=one.weeks_before) <= today:
            yield Suggested(f"{one.code} {on_day.year}", one.name, one.kind, on_day, "")


def _said(row: EventSuggestion) -> Suggested | None:
    """None where events.yml no longer has the day."""
    code, _, period = row.code.partition(" ")
    if code == OPEN_DAY:
        said = f"{period[:4]}年第{'一二三四'[int(period[-1]) - 1]}季度的村务公开日"
        return Suggested(row.code, said, OPEN_DAY, row.on_day, "每季度一次，是这里约定的。")
    day = next((day for day in events_file().days if day.code == code), None)
    if day is None:
        return None
    basis = "、".join(f"{law}{article}" for law, article in day.law) or day.other
    return Suggested(row.code, day.name, day.kind, row.on_day, basis)


def _is_held(session: Session, place: str, one: Suggested) -> bool:
    """公开日: any in its quarter; else one of the kind close to the day."""
    if one.kind == OPEN_DAY:
        _, first, after = quarter_of(one.on_day)
    else:
        first, after = one.on_day - _NEAR, one.on_day + _NEAR
    starts, ends = (datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) for day in (first, after))
    there = (
        Opening.place_id == place,
        Opening.kind == one.kind,
        Opening.is_cancelled.is_(False),
        Opening.starts_at >= starts,
        Opening.starts_at < ends,
    )
    return session.scalar(select(Opening.id).where(*there).limit(1)) is not None


def _add(session: Session, place: str, one: Suggested, now: datetime) -> None:
    """Of two workers one adds it."""
    session.add(EventSuggestion(place_id=place, code=one.code, on_day=one.on_day, made_at=now))
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
