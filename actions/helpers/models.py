"""Helpers with their own consent, the hours they gave, and a resident's way to one of them."""

from datetime import date, datetime

from sqlalchemy import JSON, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.helpers.status import State
from knowledge.tables import Base, UtcDateTime, enum_column


class Helper(Base):
    """Somebody who agreed to be asked. Without `consent_on` nobody finds them; `withdrawn_at` ends it at once."""

    __tablename__ = "helper"

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)  # they serve this place and all below it
    villages: Mapped[list[str]] = mapped_column(JSON, default=list)  # of these only; empty: all below
    name: Mapped[str] = mapped_column(String(40))
    called: Mapped[str] = mapped_column(String(40))  # as the page calls them: 李老师
    phone: Mapped[str] = mapped_column(String(30), default="")
    organisation: Mapped[str] = mapped_column(String(60), default="")  # where the volunteers' register is kept
    kinds: Mapped[list[str]] = mapped_column(JSON)  # codes of kinds.yml
    subjects: Mapped[list[str]] = mapped_column(JSON, default=list)
    hours: Mapped[str] = mapped_column(String(60), default="")  # when they can be reached
    dialects: Mapped[str] = mapped_column(String(40), default="")
    public: Mapped[list[str]] = mapped_column(JSON, default=list)  # of phone, hours, dialects, organisation
    left_office_on: Mapped[date | None] = mapped_column(Date)  # a judge or prosecutor who retired
    consent_on: Mapped[date | None] = mapped_column(Date)
    consent_how: Mapped[str] = mapped_column(String(10), default="")  # paper, link
    consent_by: Mapped[str] = mapped_column(String(40), default="")  # who of the staff holds the paper
    ends_on: Mapped[date | None] = mapped_column(Date)  # the last day
    warned_on: Mapped[date | None] = mapped_column(Date)  # told that it ends
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class HelperHours(Base):
    """Time that somebody gave; only ever inserted. What is wrong is taken back by a row of its own (`undoes_id`)."""

    __tablename__ = "helper_hours"

    id: Mapped[int] = mapped_column(primary_key=True)
    helper_id: Mapped[int] = mapped_column(ForeignKey("helper.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    on: Mapped[date] = mapped_column(Date)
    minutes: Mapped[int] = mapped_column(Integer)  # negative: of a row taken back
    what: Mapped[str] = mapped_column(String(100))
    undoes_id: Mapped[int | None] = mapped_column(Integer, unique=True)
    by: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Referral(Base):
    """A resident's own words on their way to a helper. Nobody but the helper of the moment reads them."""

    __tablename__ = "referral"
    __table_args__ = (Index("ix_referral_state_due", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    conversation_id: Mapped[str | None] = mapped_column(String(40), index=True)
    state: Mapped[State] = mapped_column(enum_column(State), default=State.asked)
    wish: Mapped[str] = mapped_column(String(20))
    subjects: Mapped[list[str]] = mapped_column(JSON, default=list)
    words: Mapped[str] = mapped_column(Text)
    other_party: Mapped[str] = mapped_column(String(60), default="")
    contact: Mapped[str] = mapped_column(String(60), default="")  # given to the helper after both yes
    helper_id: Mapped[int | None] = mapped_column(ForeignKey("helper.id", ondelete="SET NULL"), index=True)
    helper: Mapped[Helper | None] = relationship(lazy="joined")
    tried: Mapped[list[int]] = mapped_column(JSON, default=list)  # helpers who didn't, or whom a party didn't want
    interest: Mapped[str] = mapped_column(String(200), default="")  # what the helper declared; "" is none
    helper_yes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    other_yes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # an answer, of whoever is asked now
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")  # the helper's, for the resident
    rating: Mapped[int | None] = mapped_column(Integer)  # 1...5, from the resident
    masked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReferralEvent(Base):
    """What happened, each once; only ever inserted. `say`: what the resident hears, once."""

    __tablename__ = "referral_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(12))  # resident, helper, other, staff, system
    actor_name: Mapped[str] = mapped_column(String(40), default="")  # of staff
    what: Mapped[str] = mapped_column(String(60))
    say: Mapped[str | None] = mapped_column(Text)
    buttons: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HelperLink(Base):
    """A link with which somebody without an account acts: a helper on their own entry or on one referral, the other
    party, the resident of a page. Only the SHA-256 of its token is kept.
    """

    __tablename__ = "helper_link"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    role: Mapped[str] = mapped_column(String(10))  # self, helper, other, resident
    helper_id: Mapped[int | None] = mapped_column(ForeignKey("helper.id", ondelete="CASCADE"), index=True)
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
