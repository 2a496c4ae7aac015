"""What falls due about events: suggestions to the clerk, and names that nobody needs any more."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from actions.bookings.models import Appointment, Opening
from actions.events import suggesting
from actions.events.listing import LONG_AGO
from actions.events.models import EventPhoto
from knowledge.tables import changed

NAMES_KEPT = timedelta(days=30)  # of who came; longer where hours were noted, until appointments are masked at all
GONE = "（活动结束满 30 天，姓名已删除）"


def tick(session: Session, now: datetime) -> None:
    suggesting.tick(session, now)
    drop_names(session, now)
    drop_old(session, now)


def drop_old(session: Session, now: datetime) -> None:
    """Pictures, and who led it, of events that no list shows any more. Commits."""
    old = (Opening.kind != "", Opening.ends_at < now - LONG_AGO)
    over = select(Opening.id).where(*old)
    changed(session, delete(EventPhoto).where(EventPhoto.opening_id.in_(over)), synchronize=False)
    changed(session, update(Opening).where(*old, Opening.lead != "").values(lead=""), synchronize=False)
    session.commit()


def drop_names(session: Session, now: datetime) -> int:
    """How many sign-ups lost who it was; the numbers stay. Commits."""
    over = select(Opening.id).where(Opening.kind != "", Opening.ends_at < now - NAMES_KEPT)
    row = Appointment.id
    due = select(row).where(
        Appointment.opening_id.in_(over), Appointment.masked_at.is_(None), Appointment.hours.is_(None)
    )
    count = 0
    for number in session.scalars(due.order_by(row).limit(500)).all():
        gone = {
            "name": "",
            "phone": None,
            "item": "",
            "code": None,
            "say": None,
            "summary": GONE,
            "conversation_id": None,
            "request_key": f"cut:{number}",
            "seat_key": None,
            "masked_at": now,
        }
        count += changed(
            session, update(Appointment).where(row == number, Appointment.masked_at.is_(None)).values(**gone)
        )
    session.commit()
    return count
