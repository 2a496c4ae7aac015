"""Systems that we share cases with (12345 and its like), under which number they know a case, what is to be sent."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.cases.models import Case
from knowledge.clock import utc_now
from knowledge.tables import Base, UtcDateTime, enum_column


class ExternalSystem(Base):
    """`secret`: sealed by whoever writes it (bot/staff/vault.py), for a signature can't be checked against a hash."""

    __tablename__ = "external_system"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)  # it shares cases of this place and all below it
    contact: Mapped[str] = mapped_column(String(60), default="")  # told to residents before they agree (PIPL 23)
    url: Mapped[str] = mapped_column(String(300), default="")  # "": we send nothing, tables go by hand
    profile: Mapped[str] = mapped_column(String(20), default="通用")  # of mappings.yml
    networks: Mapped[list[str]] = mapped_column(JSON, default=list)  # from where it may call; []: from nowhere
    key_id: Mapped[str] = mapped_column(String(24), unique=True)
    secret: Mapped[str] = mapped_column(String(300))
    is_active: Mapped[bool] = mapped_column(default=True)
    made_by: Mapped[str] = mapped_column(String(40), default="")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Came(enum.StrEnum):
    inward = "in"  # the other system knew of it first
    outward = "out"


class ExternalRef(Base):
    """A case that another system knows, too. `number`: theirs, None until they tell it."""

    __tablename__ = "external_ref"
    __table_args__ = (UniqueConstraint("system_id", "number"), UniqueConstraint("system_id", "case_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("external_system.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    came: Mapped[Came] = mapped_column(enum_column(Came))
    number: Mapped[str | None] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(40), default="")
    # the resident's tick 同意转给…: None while nobody answered
    shares_phone: Mapped[bool | None]
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agreed_how: Mapped[str] = mapped_column(String(200), default="")
    said: Mapped[str] = mapped_column(String(20), default="")  # the last status that they told
    said_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # the case as it was when what is to be sent was last looked for
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stars: Mapped[int | None]
    since_event: Mapped[int] = mapped_column(Integer, default=0)  # what happened before isn't theirs
    system: Mapped[ExternalSystem] = relationship()
    case: Mapped[Case] = relationship()


class Outbox(Base):
    """One message to another system: sent in the order of a case's rows, each under its `key`, until they have it."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "next_try_at",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref_id: Mapped[int] = mapped_column(ForeignKey("external_ref.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    event: Mapped[str] = mapped_column(String(20))  # case, status, contact, rated
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None and not sent: given up, staff decide
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(Text, default="")  # in words, of the last try
    ref: Mapped[ExternalRef] = relationship()
