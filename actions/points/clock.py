"""What falls due of points: month's sheets, vouchers over, the year's end told and come, disputes passed on, stars.

Each once, however often it is called; each commits itself.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.points import disputes, ledger, sheets, stars, vouchers
from actions.points.ledger import day_of
from actions.points.models import Kind, PointAccount, PointClaim, PointEntry, PointScheme
from actions.points.status import SchemeState
from knowledge.tables import changed

TOLD_BEFORE = timedelta(days=60)
_WINDOW = timedelta(days=7)  # a village whose machine stood still so long is told next year
_PICTURES_KEPT = timedelta(days=90)  # after the decision


def tick(session: Session, now: datetime) -> None:
    """Commits after each kind."""
    vouchers.lapse(session, now)
    session.commit()
    tell_year(session, now)
    session.commit()
    expire(session, now)
    _post_sheets(session, now)
    disputes.escalate(session, now)
    disputes.settle_quiet(session, now)
    session.commit()
    stars.tick(session, now)
    old = (PointClaim.has_photo, PointClaim.decided_at < now - _PICTURES_KEPT)
    session.execute(update(PointClaim).where(*old).values(photo=None, has_photo=False))
    session.commit()


def tell_year(session: Session, now: datetime) -> int:
    """Sixty days before the year's end what stands on an account is written down as what will end; what comes after
    that day goes into the next year. How many accounts; the caller commits.
    """
    today = day_of(now)
    begins = date(today.year, 12, 31) - TOLD_BEFORE
    if not begins <= today < begins + _WINDOW:
        return 0
    fresh = or_(PointAccount.told_year.is_(None), PointAccount.told_year < today.year)
    values = {
        "told_year": today.year,
        "told_amount": PointAccount.balance,
        "told_at": now,
        "ends_on": max(date(today.year, 12, 31), today + TOLD_BEFORE),
    }
    return changed(session, update(PointAccount).where(fresh, PointAccount.balance > 0).values(values))


def expire(session: Session, now: datetime) -> int:
    """After the last day, what is left of what they were told of. How many; commits each."""
    over = select(PointAccount.household_id).where(PointAccount.told_amount > 0, PointAccount.ends_on < day_of(now))
    gone = 0
    for household_id in session.scalars(over.order_by(PointAccount.household_id)).all():
        gone += _expire_one(session, household_id, now)
        session.commit()
    return gone


def _expire_one(session: Session, household_id: int, now: datetime) -> bool:
    held = session.get_one(PointAccount, household_id)
    ledger.lock(session, held.place_id, household_id)
    session.refresh(held)
    amount, year = ledger.ending(session, held), held.told_year
    own = (PointAccount.household_id == household_id, PointAccount.told_amount > 0)
    if changed(session, update(PointAccount).where(*own).values(told_amount=0), synchronize=False) != 1 or not amount:
        return False
    entry = PointEntry(
        key=f"expire-{year}-{household_id}",
        place_id=held.place_id,
        household_id=household_id,
        kind=Kind.expired,
        amount=-amount,
        title=f"{year}年底清零",
        on_day=day_of(now),
        at=now,
    )
    return ledger.write(session, entry)


def _post_sheets(session: Session, now: datetime) -> None:
    """The month before this one, of each village that ever had a scheme. Commits."""
    this = day_of(now).replace(day=1)
    month = (this - timedelta(days=1)).replace(day=1)
    there = select(PointScheme.place_id).where(PointScheme.state != SchemeState.draft).distinct()
    for place in session.scalars(there.order_by(PointScheme.place_id)).all():
        try:
            sheets.post(session, place, month, now)
            session.commit()
        except IntegrityError:  # another worker was first
            session.rollback()
