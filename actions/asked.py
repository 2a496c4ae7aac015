"""What people ask of something public and hear in public, without who asked: kept once, answered once, forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, String, Text, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from actions.errors import Conflict, NotAllowed
from knowledge.tables import UtcDateTime, changed


class AskedInPublic:
    """The columns of such a question, whatever it is asked of."""

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    conversation_id: Mapped[str | None] = mapped_column(String(40), index=True)
    text: Mapped[str] = mapped_column(Text)
    shown_text: Mapped[str] = mapped_column(Text)  # as the page has it: no names, no numbers
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str] = mapped_column(String(40), default="")
    is_public: Mapped[bool] = mapped_column(default=True)


_Q = TypeVar("_Q", bound=AskedInPublic)
_Where = Sequence[ColumnElement[bool]]


@dataclass(frozen=True)
class Limit:
    """`most` of them, and what is said to the next."""

    most: int
    said: str


def same(session: Session, kind: type[_Q], here: _Where, *, text: str, key: str) -> _Q | None:
    """The one of this key, or of the same words that still wait `here`."""
    if found := session.scalar(select(kind).where(kind.key == key)):
        return found
    alike = select(kind).where(*here, kind.text == text, kind.answered_at.is_(None))
    return session.scalar(alike.order_by(kind.id).limit(1))


def check_limits(
    session: Session,
    kind: type[_Q],
    here: _Where,
    *,
    conversation_id: str | None,
    now: datetime,
    waiting: Limit,
    daily: Limit,
) -> None:
    """`waiting` here, and `daily` of a conversation. Raises NotAllowed."""
    count = select(func.count()).select_from(kind)
    if (session.scalar(count.where(*here, kind.answered_at.is_(None))) or 0) >= waiting.most:
        raise NotAllowed(waiting.said)
    if conversation_id is None:
        return
    today = (kind.conversation_id == conversation_id, kind.asked_at > now - timedelta(days=1))
    if (session.scalar(count.where(*today)) or 0) >= daily.most:
        raise NotAllowed(daily.said)


def keep(session: Session, question: _Q) -> _Q:
    """As stored; of two at one moment with the same key, the first. The caller commits."""
    kind, key = type(question), question.key
    try:
        with session.begin_nested():
            session.add(question)
            session.flush()
    except IntegrityError:
        return session.scalars(select(kind).where(kind.key == key)).one()
    return question


def settle(
    session: Session, question: AskedInPublic, *, answer: str, shown_text: str, is_public: bool, by: str, now: datetime
) -> None:
    """Once. Who asked is told in their conversation; what they wrote beside the question is needed no more. The caller
    commits. Raises Conflict.
    """
    kind = type(question)
    values = {
        "text": shown_text,
        "answer": answer,
        "shown_text": shown_text,
        "is_public": is_public,
        "answered_at": now,
        "answered_by": by,
    }
    waiting = update(kind).where(kind.id == question.id, kind.answered_at.is_(None))
    if not changed(session, waiting.values(**values), synchronize=False):
        raise Conflict
    session.refresh(question)


def forget(session: Session, kind: type[_Q], conversation_id: str) -> None:
    """What waits is gone; what was answered stays on the page, where nobody is named. The caller commits."""
    own = kind.conversation_id == conversation_id
    session.execute(delete(kind).where(own, kind.answered_at.is_(None)))
    session.execute(update(kind).where(own).values(conversation_id=None))


def of_conversation(session: Session, kind: type[_Q], conversation_id: str) -> list[_Q]:
    """Oldest first."""
    return list(session.scalars(select(kind).where(kind.conversation_id == conversation_id).order_by(kind.id)))
