"""What of slips has been kept for long enough: a year after they ended, nothing about them is left."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from actions.roster import tries
from actions.roster.models import Household, Participant, ParticipantThread, Slip, SlipRequest
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

_KEPT = timedelta(days=365)
_CONTESTED = timedelta(days=30)


def tick(session: Session, now: datetime) -> int:
    """How many rows went. Commits."""
    today = now.astimezone(SHANGHAI).date()
    gone = changed(
        session,
        delete(Slip).where(or_(Slip.ends_on < today - _KEPT, Slip.revoked_at < now - _KEPT)),
        synchronize=False,
    )
    over = or_(Participant.revoked_at < now - _KEPT, Participant.ends_on < today - _KEPT)
    held = select(Slip.participant_id)
    gone += changed(session, delete(Participant).where(over, Participant.id.not_in(held)), synchronize=False)
    # a voice whose slip has ended speaks from nowhere; a new slip binds it anew
    ended = select(Participant.id).where(Participant.ends_on < today)
    gone += changed(
        session, delete(ParticipantThread).where(ParticipantThread.participant_id.in_(ended)), synchronize=False
    )
    gone += changed(session, delete(SlipRequest).where(SlipRequest.decided_at < now - _KEPT), synchronize=False)
    named = select(Participant.household_id).union(select(SlipRequest.household_id))
    closed = delete(Household).where(~Household.is_active, Household.id.not_in(named))
    gone += changed(session, closed, synchronize=False)
    for slip in session.scalars(select(Slip).where(Slip.contested_at < now - _CONTESTED)):
        slip.contested_by = slip.contested_at = None
    gone += tries.sweep(session, now)
    session.commit()
    return gone
