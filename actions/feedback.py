"""Ratings, and the questions that went unanswered: the list from which legal workers write new documents."""

from datetime import UTC, datetime

from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from knowledge.tables import Base, UtcDateTime

# Of a 没用 whose resident said what was wrong: another matter, not what to do, not as they heard it elsewhere.
WRONG = ("down_other", "down_vague", "down_doubted")


class UnansweredQuestion(Base):
    __tablename__ = "unanswered_question"

    id: Mapped[int] = mapped_column(primary_key=True)
    # goes with the conversation when that is deleted
    conversation_id: Mapped[str | None] = mapped_column(String(40), index=True)
    message_id: Mapped[int | None]
    question: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(20))  # the keys of REASONS in bot/web/knowledge/asking/unanswered.py
    place_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))
    document_id: Mapped[str | None] = mapped_column(String(80))  # what a legal worker began to write for it
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # nothing to write: a greeting, another field


def record_unanswered(
    session: Session,
    question: str,
    *,
    reason: str,
    conversation_id: str | None,
    message_id: int | None,
    place: str | None,
) -> None:
    """Once a message and reason, however often it is tried; the caller commits."""
    if message_id is not None and session.scalar(
        select(UnansweredQuestion.id).filter_by(message_id=message_id, reason=reason, question=question).limit(1)
    ):
        return
    session.add(
        UnansweredQuestion(
            question=question, reason=reason, conversation_id=conversation_id, message_id=message_id, place_id=place
        )
    )
