"""One message, one answerer at a time: a lease with an owner and an end, renewed while the turn runs."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from bot.conversations.models import Message, Sender
from bot.conversations.service import LONG_AGO
from bot.shared import processes
from knowledge.tables import changed

# From the last renewal. Longer than a writer waits for the database (12 s), and than clocks of two machines differ.
CLAIM_LAPSES = timedelta(seconds=30)
RENEWED_EVERY = timedelta(seconds=5)


def _is_free(now: datetime) -> ColumnElement[bool]:
    """Nobody is at it. A claim of the future was made before the clock went back: whoever made it is long done."""
    lapsed = (Message.claimed_at < now - CLAIM_LAPSES) | (Message.claimed_at > now + CLAIM_LAPSES)
    return Message.claimed_at.is_(None) | lapsed


def claim(session: Session, message_id: int, *, owner: str = "") -> bool:
    """Whether this caller may answer now: nobody has, and nobody else is at it. `owner`: this process, unless it is
    given.
    """
    now = datetime.now(UTC)
    taken = changed(
        session,
        update(Message)
        .where(Message.id == message_id, Message.answered_at.is_(None), _is_free(now))
        .values(claimed_at=now, claimed_by=owner or processes.owner()),
    )
    session.commit()
    return taken > 0


def renew(session: Session, message_ids: Collection[int]) -> int:
    """Hold this process's claims for another CLAIM_LAPSES; how many. A message that has been answered isn't held any
    more, nor one that somebody else took when the claim had lapsed.
    """
    held = changed(
        session,
        update(Message)
        .where(Message.id.in_(message_ids), Message.answered_at.is_(None), _is_ours())
        .values(claimed_at=datetime.now(UTC)),
    )
    session.commit()
    return held


def release(session: Session, message_id: int) -> None:
    """Give up this process's claim, if it still has it."""
    session.execute(
        update(Message)
        .where(Message.id == message_id, Message.answered_at.is_(None), _is_ours())
        .values(claimed_at=LONG_AGO, claimed_by=None)
    )
    session.commit()


def _is_ours() -> ColumnElement[bool]:
    return Message.claimed_by == processes.owner()


def failed(session: Session, message_id: int) -> int:
    """How often an answer to this message has failed by now, this time included."""
    session.execute(update(Message).where(Message.id == message_id).values(failures=Message.failures + 1))
    session.commit()
    return session.scalar(select(Message.failures).where(Message.id == message_id)) or 0


def end_those_of_the_dead(session: Session) -> int:
    """Claims of processes of this machine that have ended are over at once; how many. Those of others lapse."""
    held = (Message.sender == Sender.resident, Message.answered_at.is_(None), Message.claimed_by.is_not(None))
    dead = [owner for owner in session.scalars(select(Message.claimed_by).where(*held).distinct()) if owner]
    dead = [owner for owner in dead if processes.is_dead(owner)]
    if not dead:
        return 0
    ended = changed(
        session,
        update(Message).where(*held, Message.claimed_by.in_(dead)).values(claimed_at=LONG_AGO, claimed_by=None),
    )
    session.commit()
    return ended


def unanswered(session: Session, *, older_than: timedelta, limit: int = 200) -> list[int]:
    """The first message of each conversation that waits and that nobody is at, oldest first: conversations don't
    wait for each other.
    """
    now = datetime.now(UTC)
    is_old = (Message.created_at < now - older_than) | (Message.created_at > now + CLAIM_LAPSES)
    first = func.min(Message.id)
    waiting = select(first).where(
        Message.sender == Sender.resident, Message.answered_at.is_(None), _is_free(now), is_old
    )
    return list(session.scalars(waiting.group_by(Message.conversation_id).order_by(first).limit(limit)))
