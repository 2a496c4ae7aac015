"""Who came: ticked off on the list, by the code on their telephone, or written down at the door."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings.appointments import exclusive
from actions.bookings.models import Appointment, Opening
from actions.bookings.status import AppointmentStatus as Status
from actions.bookings.status import check
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.events import publishing
from actions.events.kinds import known_kind
from actions.storable import row_of, storable

BEFORE, AFTER = timedelta(hours=3), timedelta(days=7)
MOST_HOURS = 12.0


def is_time(event: Opening, now: datetime) -> bool:
    """From three hours before on, for a week: a list on paper is typed in later."""
    return not event.is_cancelled and event.starts_at - BEFORE <= now <= event.ends_at + AFTER


def usual_hours(event: Opening) -> float | None:
    """What is noted for who stayed to the end, in halves; None for kinds that count none."""
    if not known_kind(event.kind).counts_hours:
        return None
    return max(0.5, round((event.ends_at - event.starts_at) / timedelta(hours=1) * 2) / 2)


def mark(session: Session, number: int, *, came: bool, hours: float | None = None, now: datetime) -> Appointment:
    """The same tick again changes nothing. Raises NotAllowed, InvalidInput."""
    row = _get(session, number)
    with exclusive(session, row.opening_id) as (event,):
        row = _get(session, number)
        _check_time(event, now)
        to = Status.attended if came else Status.no_show
        if row.status is not to:
            check(row.status, to)
        row.status, row.updated_at = to, now
        row.came_at = (row.came_at or now) if came else None
        row.hours = _hours(event, hours) if came else None
        row.seat_key, row.say = None, None
    return row


def walk_in(session: Session, number: int, *, name: str, party: int, key: str, now: datetime) -> Appointment:
    """Somebody who comes without having signed up, or from the waiting list: at the door there is always room. The same
    key gives the first. Raises InvalidInput, NotAllowed.
    """
    name = storable(name).strip()[:20]
    if not name or not 1 <= party <= 50:
        raise InvalidInput("来的人怎么称呼、几个人，请填一下。")
    publishing.get(session, number)
    with exclusive(session, number) as (event,):
        _check_time(event, now)
        found = session.scalar(select(Appointment).where(Appointment.request_key == storable(key)[:100]))
        if found is not None:
            return found
        row = Appointment(
            opening_id=event.id,
            request_key=storable(key)[:100],
            status=Status.attended,
            name=name,
            summary="",
            party=party,
            came_at=now,
            hours=_hours(event, None),
            created_at=now,
            updated_at=now,
        )
        session.add(row)
    return row


def _hours(event: Opening, said: float | None) -> float | None:
    usual = usual_hours(event)
    if usual is None:
        return None
    if said is not None and not 0 < said <= MOST_HOURS:
        raise InvalidInput("几个小时，请填 0.5 到 12。")
    return said or usual


def _check_time(event: Opening, now: datetime) -> None:
    if event.is_cancelled:
        raise NotAllowed("这个活动不办了，不用签到。")
    if not is_time(event, now):
        raise NotAllowed("签到从活动开始前三小时到结束后七天。")


def _get(session: Session, number: int) -> Appointment:
    found = row_of(session, Appointment, number)
    if found is None or not found.opening.kind:
        raise NotFound("没有找到这个报名。")
    session.refresh(found)
    return found
