"""A case: what a resident reported, every event of its life, and who was called to help."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.cases.status import CaseStatus
from actions.offices.models import Team
from knowledge.clock import utc_now
from knowledge.tables import Base, UtcDateTime, enum_column


class CaseCounter(Base):
    __tablename__ = "case_counter"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    value: Mapped[int]


class Case(Base):
    __tablename__ = "case"
    __table_args__ = (Index("ix_case_status_due", "status", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  # digits only; `numbers.spoken` is what people see
    # the same wish, however often it arrives, is one case
    request_key: Mapped[str] = mapped_column(String(100), unique=True)
    conversation_id: Mapped[str | None] = mapped_column(String(40), index=True)
    status: Mapped[CaseStatus] = mapped_column(enum_column(CaseStatus), default=CaseStatus.filed)
    place_id: Mapped[str | None] = mapped_column(String(40), index=True)
    category: Mapped[str] = mapped_column(String(20), default="其他", index=True)
    what: Mapped[str] = mapped_column(Text)
    spot: Mapped[str] = mapped_column(Text, default="")
    when_said: Mapped[str] = mapped_column(Text, default="")
    other_party: Mapped[str] = mapped_column(Text, default="")
    wish: Mapped[str] = mapped_column(Text, default="")
    is_anonymous: Mapped[bool] = mapped_column(default=False)
    contact_name: Mapped[str | None] = mapped_column(String(40))
    phone: Mapped[str | None] = mapped_column(String(30))
    green: Mapped[list[str]] = mapped_column(JSON, default=list)  # why it goes first; empty: the ordinary queue
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    assignee_id: Mapped[int | None] = mapped_column(Integer, index=True)  # a staff account, a plain value
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # False: the year's holidays weren't published when it was computed
    due_is_confirmed: Mapped[bool] = mapped_column(default=True)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the clock stands while the resident is asked
    clock_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    warned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # 80 %
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # 100 %
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    looked_back: Mapped[int] = mapped_column(Integer, default=0)  # 回头看: how many of the two questions were asked
    times_reopened: Mapped[int] = mapped_column(Integer, default=0)
    satisfaction: Mapped[int | None]  # 1...5, from the resident
    lookup_failures: Mapped[int] = mapped_column(Integer, default=0)  # wrong phone digits, since the last right ones
    lookup_failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    masked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # what people said in it is deleted
    is_demo: Mapped[bool] = mapped_column(default=False)
    team: Mapped[Team | None] = relationship()
    events: Mapped[list["CaseEvent"]] = relationship(
        back_populates="case", order_by="CaseEvent.id", cascade="all, delete-orphan"
    )
    units: Mapped[list["CalledUnit"]] = relationship(
        back_populates="case", order_by="CalledUnit.id", cascade="all, delete-orphan"
    )
    mediation: Mapped["Mediation | None"] = relationship(back_populates="case", cascade="all, delete-orphan")


class CaseEvent(Base):
    """Something that happened: never deleted, and changed only where it is taken back. `say` is what the resident is
    told, once (`told_at`).
    """

    __tablename__ = "case_event"
    __table_args__ = (
        Index(
            "ix_case_event_untold",
            "id",
            sqlite_where=text("say IS NOT NULL AND told_at IS NULL"),
            postgresql_where=text("say IS NOT NULL AND told_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    actor: Mapped[str] = mapped_column(String(12))  # resident, staff, system
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(60), default="")
    what: Mapped[str] = mapped_column(String(60))  # in Chinese, as the time line shows it
    status_to: Mapped[CaseStatus | None] = mapped_column(enum_column(CaseStatus))
    note: Mapped[str] = mapped_column(Text, default="")  # for staff only
    say: Mapped[str | None] = mapped_column(Text)
    buttons: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tell_after: Mapped[datetime | None] = mapped_column(UtcDateTime)  # until then whoever did it may take it back
    # what it changed in the case, as `handling/state.py` has it
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # taken back: nobody is told
    case: Mapped[Case] = relationship(back_populates="events")

    def is_held(self, now: datetime) -> bool:
        """Done, and not yet to be known outside the office."""
        is_untold = self.say is not None and self.told_at is None
        return is_untold and self.tell_after is not None and self.tell_after > now


class CalledUnit(Base):
    """吹哨报到: a unit called to a case, with its own clock."""

    __tablename__ = "called_unit"
    __table_args__ = (UniqueConstraint("case_id", "team_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    called_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # 转介: sent upward with a case pack, comes back with a result
    is_referral: Mapped[bool] = mapped_column(default=False)
    result: Mapped[str | None] = mapped_column(Text)
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    case: Mapped[Case] = relationship(back_populates="units")
    team: Mapped[Team] = relationship()


class Mediation(Base):
    """人民调解 of a case. Voluntary: no session before both have consented (人民调解法 3, 17)."""

    __tablename__ = "mediation"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), unique=True)
    mediator: Mapped[str] = mapped_column(String(40))
    # name, role, phone, consent: yes | no | None
    parties: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    sessions: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # at (ISO, UTC), place, note
    facts: Mapped[str] = mapped_column(Text, default="")
    terms: Mapped[str] = mapped_column(Text, default="")  # one a line
    method: Mapped[str] = mapped_column(Text, default="")
    signed_on: Mapped[date | None] = mapped_column(Date)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirm_by: Mapped[date | None] = mapped_column(Date)  # 司法确认, 人民调解法 33
    confirm_reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    case: Mapped[Case] = relationship(back_populates="mediation")


class Photo(Base):
    """A resident's picture, re-encoded without place or camera data."""

    __tablename__ = "photo"
    __table_args__ = (UniqueConstraint("conversation_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(40), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    jpeg: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class CaseLink(Base):
    """A link that shows a case's progress until it ends; `opened_at`: the last time. Only the SHA-256 of its token is
    kept.
    """

    __tablename__ = "case_link"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LookupTry(Base):
    """Wrong guesses at a case's number and four digits, by who asks."""

    __tablename__ = "lookup_try"

    asker: Mapped[str] = mapped_column(String(40), primary_key=True)  # a conversation
    wrong: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
