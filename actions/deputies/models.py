"""Who speaks for a group, and what they were asked."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base, UtcDateTime


class Deputy(Base):
    """A 村民代表, 人大代表 or 政协委员, listed with their own consent."""

    __tablename__ = "deputy"

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(12))  # of KINDS
    group_name: Mapped[str] = mapped_column(String(20), default="")  # "": the whole village
    reception: Mapped[str] = mapped_column(String(80))  # 每月15日上午，村部
    phone: Mapped[str] = mapped_column(String(20), default="")  # only where they want it known
    consent_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    by_id: Mapped[int]


class DeputyQuestion(Base):
    """Answered by a day that everybody reads, or shown as open; who asked stands nowhere in public."""

    __tablename__ = "deputy_question"

    id: Mapped[int] = mapped_column(primary_key=True)
    deputy_id: Mapped[int] = mapped_column(ForeignKey("deputy.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(140), unique=True)
    asker: Mapped[str | None] = mapped_column(String(64), index=True)
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(12), default="waiting")  # waiting, shown, hidden, answered
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    by_id: Mapped[int | None]
