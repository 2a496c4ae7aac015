from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, Float, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.tables import Base, UtcDateTime


class GoldenQuestion(Base):
    """A question whose answer must stay right: asked before a text goes live and of every snapshot."""

    __tablename__ = "golden_question"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(16), unique=True)  # start of the SHA-256 of question, place and day
    ask: Mapped[str] = mapped_column(Text)
    place_id: Mapped[str | None] = mapped_column(String(40))
    day: Mapped[date | None] = mapped_column(Date)  # None: today
    # each among the first three: document, "document 第二条", "law 民法典 1042"
    must: Mapped[list[str]] = mapped_column(JSON, default=list)
    any_of: Mapped[list[str]] = mapped_column(JSON, default=list)
    must_not: Mapped[list[str]] = mapped_column(JSON, default=list)
    abstains: Mapped[bool] = mapped_column(Boolean, default=False)
    note: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(20))  # shipped | console
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_by: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))


class GoldenRun(Base):
    __tablename__ = "golden_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    # gate (before a publication) | worker (all, before it) | snapshot | person
    reason: Mapped[str] = mapped_column(String(20))
    version_id: Mapped[int | None] = mapped_column(Integer, index=True)  # the draft that was included
    snapshot: Mapped[str | None] = mapped_column(String(40))
    passed: Mapped[int] = mapped_column(Integer)
    failed: Mapped[int] = mapped_column(Integer)
    results: Mapped[list["GoldenResult"]] = relationship(cascade="all, delete-orphan")


class GoldenResult(Base):
    __tablename__ = "golden_result"

    run_id: Mapped[int] = mapped_column(ForeignKey("golden_run.id", ondelete="CASCADE"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("golden_question.id", ondelete="CASCADE"), primary_key=True)
    passed: Mapped[bool] = mapped_column(Boolean)
    score: Mapped[float] = mapped_column(Float)
    # [document, article, version number] of the first three: since when is this wrong?
    found: Mapped[list[list[Any]]] = mapped_column(JSON)
