"""What time alone does: answers that don't come, consents that end, words kept for long enough."""

from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from actions.errors import ActionError
from actions.helpers import referrals, roster
from actions.helpers.models import Helper, HelperHours, HelperLink, Referral, ReferralEvent
from actions.helpers.status import OPEN, SHARED, WAITS, By, State
from actions.helpers.words import HOTLINE
from knowledge.tables import changed

KEPT = timedelta(days=365)
HOURS_KEPT = timedelta(days=3 * 365)


def tick(session: Session, now: datetime) -> None:
    """Each thing once; commits each."""
    _late(session, now)
    _given_up(session, now)
    _end_consents(session, now)
    _forget_old(session, now)


def untold(session: Session) -> list[ReferralEvent]:
    """What residents should hear and haven't, in its order."""
    rows = select(ReferralEvent).where(ReferralEvent.say.is_not(None), ReferralEvent.told_at.is_(None))
    return list(session.scalars(rows.order_by(ReferralEvent.id).limit(200)))


def ending_soon(session: Session, places: list[str], today: date) -> list[Helper]:
    """For the clerk: whom to ask whether they go on."""
    soon = (Helper.ends_on.is_not(None), Helper.ends_on <= today + roster.WARNED_BEFORE)
    own = (Helper.place_id.in_(places), Helper.withdrawn_at.is_(None), *soon)
    return list(session.scalars(select(Helper).where(*own).order_by(Helper.ends_on, Helper.id)))


def _late(session: Session, now: datetime) -> None:
    """Two working days without an answer: the resident may choose anew, and the helper's link is dead."""
    late = select(Referral.id).where(Referral.state.in_(WAITS), Referral.due_at < now).order_by(Referral.id)
    for number in session.scalars(late).all():
        referral = session.get(Referral, number, populate_existing=True)
        if referral is None or referral.state not in WAITS or referral.due_at is None or referral.due_at >= now:
            continue
        is_offered, called = referral.state is State.offered, referral.helper.called if referral.helper else "帮手"
        say = f"{called}两个工作日没有回话，" if is_offered else "对方两个工作日没有回话，"
        try:
            referrals.to_next(session, referral, By.clock, "没有按时回话", say=say, by="", now=now)
        except ActionError:
            session.rollback()  # answered at this moment


def _given_up(session: Session, now: datetime) -> None:
    old = select(Referral.id).where(Referral.state == State.asked, Referral.due_at < now)
    for number in session.scalars(old).all():
        referral = session.get(Referral, number, populate_existing=True)
        if referral is None or referral.state is not State.asked:
            continue
        try:
            referrals.give_up(
                session,
                referral,
                say=f"您找人帮忙的事一直没有选人，我先收起来了。还想找，再跟我说。{HOTLINE}。",
                now=now,
            )
        except ActionError:
            session.rollback()


def _end_consents(session: Session, now: datetime) -> None:
    """Who didn't say yes anew after a year is found no more; what they have begun they end. Warned 30 days before."""
    today = roster.day_of(now)
    running = (Helper.ends_on.is_not(None), Helper.withdrawn_at.is_(None))
    soon = select(Helper).where(*running, Helper.ends_on <= today + roster.WARNED_BEFORE, Helper.warned_on.is_(None))
    for helper in session.scalars(soon).all():
        helper.warned_on = today
    session.commit()
    over = (*running, Helper.ends_on < today - KEPT)
    for helper in session.scalars(select(Helper).where(*over)).all():
        roster.withdraw(session, helper, now=now)
        session.commit()
        referrals.release(session, helper, now=now)


def _forget_old(session: Session, now: datetime) -> None:
    ended = (Referral.ended_at < now - KEPT, Referral.masked_at.is_(None), Referral.state.not_in(OPEN))
    for referral in session.scalars(select(Referral).where(*ended).limit(200)).all():
        referrals.mask(session, referral, now=now)
    changed(session, delete(HelperLink).where(HelperLink.ends_at < now), synchronize=False)
    today = roster.day_of(now)
    changed(session, delete(HelperHours).where(HelperHours.on < today - HOURS_KEPT), synchronize=False)
    kept = select(HelperHours.helper_id)
    gone = (Helper.withdrawn_at < now - KEPT, Helper.id.not_in(kept))
    held = select(Referral.helper_id).where(Referral.helper_id.is_not(None), Referral.state.in_(SHARED | WAITS))
    changed(session, delete(Helper).where(*gone, Helper.id.not_in(held)), synchronize=False)
    session.commit()
