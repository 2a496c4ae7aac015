"""A hearing (听证会) with seats, and who signed up for one."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base, UtcDateTime


class Hearing(Base):
    __tablename__ = "hearing"
    __table_args__ = (UniqueConstraint("place_id", "ordinal"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40))
    ordinal: Mapped[int] = mapped_column(Integer)  # /v/<place>/t3
    key: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(String(60))
    about: Mapped[str] = mapped_column(Text, default="")
    spot: Mapped[str] = mapped_column(String(60), default="")
    held_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_on: Mapped[date] = mapped_column(Date)  # the last day on which one may sign up
    seats: Mapped[int]
    topic_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(12), default="open")  # open, frozen, drawn, cancelled
    by_id: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    # what one wrote and another has to say again, before witnesses: "", freeze, dice
    pending: Mapped[str] = mapped_column(String(8), default="")
    pending_by: Mapped[int | None]
    list_hash: Mapped[str] = mapped_column(String(64), default="")
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dice: Mapped[str] = mapped_column(String(80), default="")
    dice_by: Mapped[int | None]
    dice_seen_by: Mapped[int | None]
    drawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    drawn: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # seats and reserve, by code
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HearingSignup(Base):
    """`code` stands on the public list, name and telephone never do."""

    __tablename__ = "hearing_signup"
    __table_args__ = (UniqueConstraint("hearing_id", "code"), UniqueConstraint("hearing_id", "asker"))

    id: Mapped[int] = mapped_column(primary_key=True)
    hearing_id: Mapped[int] = mapped_column(ForeignKey("hearing.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(140), unique=True)
    code: Mapped[int]
    asker: Mapped[str | None] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(20), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    group_name: Mapped[str] = mapped_column(String(20))
    sex: Mapped[str] = mapped_column(String(2), default="")  # 女, 男, or not told
    is_affected: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12), default="in")  # in, struck, withdrawn
    struck_why: Mapped[str] = mapped_column(String(60), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
