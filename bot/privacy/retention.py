"""What has been kept for long enough."""

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from actions.bookings.models import Appointment, Opening
from actions.cases.finding import lead
from actions.cases.models import Case, Photo
from actions.cases.photos import WAITS_FOR_A_REPORT
from actions.cases.status import OPEN
from bot.privacy.masking import EXPIRED, mask_appointment, mask_case
from knowledge.tables import changed

_A_ROUND = 200  # of each kind; the next round goes on


def mask_old(session: Session, *, after: timedelta, now: datetime) -> int:
    """Cases ended and appointments over for so long lose what people said in them; how many. Commits."""
    cases = [c for c in session.scalars(_old_cases(now - after)) if lead(session, c).status not in OPEN][:_A_ROUND]
    for case in cases:
        mask_case(session, case, why=EXPIRED, now=now)
    over = select(Appointment).join(Opening).where(Opening.ends_at < now - after, Appointment.masked_at.is_(None))
    appointments = session.scalars(over.order_by(Appointment.id).limit(_A_ROUND)).all()
    for held in appointments:
        mask_appointment(held, why=EXPIRED, now=now)
    session.commit()
    return len(cases) + len(appointments)


def drop_waiting_photos(session: Session, *, now: datetime) -> int:
    """Pictures that wait for a report which nobody has made. Commits."""
    old = delete(Photo).where(Photo.case_id.is_(None), Photo.created_at < now - WAITS_FOR_A_REPORT)
    gone = changed(session, old)
    session.commit()
    return gone


def _old_cases(before: datetime) -> Select[Case]:
    ended = func.coalesce(Case.closed_at, Case.updated_at)
    return (
        select(Case)
        .where(Case.status.not_in(OPEN), ended < before, Case.updated_at < before)
        .where(Case.masked_at.is_(None) | (Case.masked_at < Case.updated_at))  # opened again since
        .order_by(Case.id)
    )
