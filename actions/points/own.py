"""A household's points, for the household: who speaks for it, what is kept of it, what goes at its own wish."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.points import claims, disputes, ledger, stars
from actions.points.status import LABELS
from actions.roster import slips
from actions.roster.models import Household, Participant, ParticipantThread


def household_of(session: Session, *, asker: str, place: str, now: datetime) -> Household | None:
    """The one household whose points this conversation may see: that of the slip it used; None without a slip."""
    participant = slips.participant_of(session, asker=asker, place=place, now=now)
    return participant.household if participant is not None else None


def askers_of(session: Session, household_id: int) -> list[str]:
    """The conversations that speak for somebody of this household, for what it is told."""
    speaks = (
        select(ParticipantThread.asker)
        .join(Participant, Participant.id == ParticipantThread.participant_id)
        .where(Participant.household_id == household_id, Participant.revoked_at.is_(None))
    )
    return sorted(session.scalars(speaks))


def exported(session: Session, conversation_id: str, now: datetime) -> dict[str, Any]:
    """Plain values: what this conversation sent, and the ledger of the household it speaks for (个人信息保护法 45)."""
    speaks = (
        select(Participant.household_id)
        .join(ParticipantThread, ParticipantThread.participant_id == Participant.id)
        .where(ParticipantThread.asker == conversation_id, Participant.revoked_at.is_(None))
        .where(Participant.ends_on >= ledger.day_of(now))
    )
    lines = [entry for home in set(session.scalars(speaks)) for entry in ledger.history(session, home, 500)]
    return {
        "claims": [
            {"on": c.on_day.isoformat(), "what": c.rule.title, "words": c.words, "state": LABELS[c.state], "why": c.why}
            for c in claims.of_conversation(session, conversation_id)
        ],
        "disputes": [
            {"at": d.at.isoformat(), "words": d.words, "state": LABELS[d.state], "answer": d.answer}
            for d in disputes.of_conversation(session, conversation_id)
        ],
        "stars": [
            {"at": s.at.isoformat(), "words": s.words, "state": LABELS[s.state], "why": s.why}
            for s in stars.of_conversation(session, conversation_id)
        ],
        "ledger": [{"on": e.on_day.isoformat(), "what": e.title, "amount": e.amount, "why": e.why} for e in lines],
    }


def forget(session: Session, conversation_id: str) -> None:
    """Nothing of points leads from this conversation any more; the household's own ledger stays the household's. The
    caller commits.
    """
    claims.forget(session, conversation_id)
    disputes.forget(session, conversation_id)
    stars.forget(session, conversation_id)
