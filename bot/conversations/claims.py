"""One message, one answerer at a time."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from bot.conversations.models import Message, Sender
from bot.conversations.service import LONG_AGO
from knowledge.tables import changed

CLAIM_LAPSES = timedelta(seconds=45)


def _is_free(now: datetime) -> ColumnElement[bool]:
    """Nobody is at it. A claim of the future was made before the clock went back: whoever made it is long done."""
    lapsed = (Message.claimed_at < now - CLAIM_LAPSES) | (Message.claimed_at > now + CLAIM_LAPSES)
    return Message.claimed_at.is_(None) | lapsed


def claim(session: Session, message_id: int) -> bool:
    """Whether this caller may answer now: nobody has, and nobody else has been at it for CLAIM_LAPSES."""
    now = datetime.now(UTC)
    taken = changed(
        session,
        update(Message)
        .where(Message.id == message_id, Message.answered_at.is_(None), _is_free(now))
        .values(claimed_at=now),
    )
    session.commit()
    return taken > 0


def renew(session: Session, message_id: int) -> bool:
    """Hold a claim for another CLAIM_LAPSES. False: the message has been answered."""
    held = changed(
        session,
        update(Message)
        .where(Message.id == message_id, Message.answered_at.is_(None))
        .values(claimed_at=datetime.now(UTC)),
    )
    session.commit()
    return held > 0


def release(session: Session, message_id: int) -> None:
    session.execute(
        update(Message).where(Message.id == message_id, Message.answered_at.is_(None)).values(claimed_at=LONG_AGO)
    )
    session.commit()


def failed(session: Session, message_id: int) -> int:
    """How often an answer to this message has failed by now, this time included."""
    session.execute(update(Message).where(Message.id == message_id).values(failures=Message.failures + 1))
    session.commit()
    return session.scalar(select(Message.failures).where(Message.id == message_id)) or 0


def release_all(session: Session) -> None:
    """Give up every claim, for whoever held one is dead: the app alone answers, and it is just starting."""
    session.execute(
        update(Message)
        .where(Message.answered_at.is_(None), Message.claimed_at.is_not(None))
        .values(claimed_at=LONG_AGO)
    )
    session.commit()


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
