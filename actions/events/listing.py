"""Which events a village has, who comes, how many places are left."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from actions.bookings.appointments import Status
from actions.bookings.models import Appointment, Opening
from actions.events.models import EventPhoto

LONG_AGO = timedelta(days=366)
_COMES = (Status.booked, Status.attended, Status.no_show)


def coming(session: Session, places: Sequence[str], *, now: datetime, until: datetime | None = None) -> list[Opening]:
    """What isn't over, the nearest first; what is called off stands there until its hour, so that nobody comes."""
    where = [Opening.kind != "", Opening.place_id.in_(places), Opening.ends_at > now]
    if until is not None:
        where.append(Opening.starts_at < until)
    return list(session.scalars(select(Opening).where(*where).order_by(Opening.starts_at, Opening.id).limit(200)))


def past(session: Session, places: Sequence[str], *, now: datetime, limit: int = 30) -> list[Opening]:
    """What was held, the latest first."""
    where = (
        Opening.kind != "",
        Opening.place_id.in_(places),
        Opening.is_cancelled.is_(False),
        Opening.ends_at <= now,
        Opening.ends_at > now - LONG_AGO,
    )
    return list(session.scalars(select(Opening).where(*where).order_by(Opening.starts_at.desc()).limit(limit)))


def people(session: Session, event: Opening) -> tuple[list[Appointment], list[Appointment]]:
    """Who comes or came, and who waits, in the order of signing up."""
    rows = session.scalars(select(Appointment).where(Appointment.opening_id == event.id).order_by(Appointment.id)).all()
    return [row for row in rows if row.status in _COMES], [row for row in rows if row.status is Status.waiting]


def heads(rows: Sequence[Appointment], *, came: bool = False) -> int:
    """How many people these are; `came`: of those who were seen."""
    return sum(row.party for row in rows if not came or row.status is Status.attended)


def waiting_count(session: Session, event: Opening) -> int:
    waits = (Appointment.opening_id == event.id, Appointment.status == Status.waiting)
    return session.scalar(select(func.count()).where(*waits)) or 0


def photos_of(session: Session, event: Opening) -> list[EventPhoto]:
    """Without the pictures themselves."""
    own = select(EventPhoto).where(EventPhoto.opening_id == event.id).options(defer(EventPhoto.jpeg))
    return list(session.scalars(own.order_by(EventPhoto.id)))
