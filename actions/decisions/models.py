"""A decision of a village and every step of it; the meeting that decided; its motions; papers as proof."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.decisions.status import State, Step
from knowledge.tables import Base, UtcDateTime, enum_column


class MeetingState(enum.StrEnum):
    called = "called"
    entered = "entered"  # the numbers wait for the second person
    confirmed = "confirmed"
    cancelled = "cancelled"


class Decision(Base):
    __tablename__ = "decision"
    __table_args__ = (UniqueConstraint("place_id", "year", "ordinal"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    year: Mapped[int] = mapped_column(Integer)
    ordinal: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(80))
    matter: Mapped[str] = mapped_column(String(40))  # of matters.yml
    body: Mapped[str] = mapped_column(String(40))  # of bodies.yml
    authorised: Mapped[str] = mapped_column(String(200), default="")  # when the meeting handed it on, in words
    has_party_step: Mapped[bool] = mapped_column(default=True)  # as it was when proposed
    state: Mapped[State] = mapped_column(enum_column(State), default=State.proposed, index=True)
    before: Mapped[State | None] = mapped_column(enum_column(State))  # where it goes on after a suspension
    source: Mapped[str] = mapped_column(String(200), default="")  # 议-26-014, or in words
    topic_id: Mapped[int | None] = mapped_column(Integer, index=True)  # a topic's, a plain value
    sum_yuan: Mapped[int | None] = mapped_column(BigInteger)
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    waits_for: Mapped[str] = mapped_column(String(300), default="")  # why no notice may go out yet
    is_demo: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    steps: Mapped[list["DecisionStep"]] = relationship(back_populates="decision", order_by="DecisionStep.id")

    @property
    def number(self) -> str:
        """决-26-014, as people say and write it."""
        return f"决-{self.year % 100:02d}-{self.ordinal:03d}"

    @property
    def slug(self) -> str:
        """26-014, in an address."""
        return f"{self.year % 100:02d}-{self.ordinal:03d}"


class DecisionStep(Base):
    """Only ever added; what a second person says of it is set once. A correction is a row of its own."""

    __tablename__ = "decision_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)  # one wish is one step, however often it arrives
    step: Mapped[Step] = mapped_column(enum_column(Step))
    to: Mapped[State | None] = mapped_column(enum_column(State))
    at: Mapped[datetime] = mapped_column(UtcDateTime)  # when it was written down
    on_day: Mapped[date] = mapped_column(Date)  # when it happened
    words: Mapped[str] = mapped_column(Text, default="")
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    meeting_id: Mapped[int | None] = mapped_column(Integer, index=True)
    case_id: Mapped[int | None] = mapped_column(Integer, index=True)
    disclosure_id: Mapped[int | None] = mapped_column(Integer)  # a disclosure's, a plain value
    file_id: Mapped[int | None] = mapped_column(Integer)
    posted_from: Mapped[date | None] = mapped_column(Date)
    posted_to: Mapped[date | None] = mapped_column(Date)
    corrects_id: Mapped[int | None] = mapped_column(Integer)
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(40))
    confirmed_by_id: Mapped[int | None] = mapped_column(Integer)
    confirmed_by: Mapped[str] = mapped_column(String(40), default="")
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the second person sent it back
    refused_words: Mapped[str] = mapped_column(Text, default="")
    decision: Mapped[Decision] = relationship(back_populates="steps")

    @property
    def waits(self) -> bool:
        """For the second person."""
        return self.confirmed_at is None and self.refused_at is None


class Meeting(Base):
    """`present`: with those online and by proxy. What passed is reckoned when a second person confirms the numbers."""

    __tablename__ = "meeting"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    body: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(80))
    state: Mapped[MeetingState] = mapped_column(enum_column(MeetingState), default=MeetingState.called)
    notice_on: Mapped[date] = mapped_column(Date)
    held_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    spot: Mapped[str] = mapped_column(String(120))
    is_special: Mapped[bool] = mapped_column(default=False)  # called at short notice
    special: Mapped[str] = mapped_column(String(300), default="")  # why, in words
    base: Mapped[str] = mapped_column(String(20), default="")  # adults, households, ...: by what it was counted
    entitled: Mapped[int | None] = mapped_column(Integer)
    present: Mapped[int | None] = mapped_column(Integer)
    online: Mapped[int] = mapped_column(Integer, default=0)
    proxies: Mapped[int] = mapped_column(Integer, default=0)
    online_basis: Mapped[str] = mapped_column(String(200), default="")  # as the place had it then
    minutes_id: Mapped[int | None] = mapped_column(Integer)  # decision_file
    sheet_id: Mapped[int | None] = mapped_column(Integer)
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(40))
    entered_by_id: Mapped[int | None] = mapped_column(Integer)
    entered_by: Mapped[str] = mapped_column(String(40), default="")
    entered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_by_id: Mapped[int | None] = mapped_column(Integer)
    confirmed_by: Mapped[str] = mapped_column(String(40), default="")
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_back: Mapped[str] = mapped_column(String(300), default="")  # why, where the numbers were sent back
    is_demo: Mapped[bool] = mapped_column(default=False)
    motions: Mapped[list["Motion"]] = relationship(back_populates="meeting", order_by="Motion.ordinal")


class Motion(Base):
    """What one meeting decides about one decision."""

    __tablename__ = "motion"
    __table_args__ = (UniqueConstraint("meeting_id", "decision_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id", ondelete="CASCADE"), index=True)
    ordinal: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    yes: Mapped[int | None] = mapped_column(Integer)
    no: Mapped[int | None] = mapped_column(Integer)
    abstain: Mapped[int | None] = mapped_column(Integer)
    rule: Mapped[str] = mapped_column(String(10), default="")  # a stricter share: 3/4
    passed: Mapped[bool | None] = mapped_column()  # reckoned, never typed
    meeting: Mapped[Meeting] = relationship(back_populates="motions")
    decision: Mapped[Decision] = relationship()


class DecisionFile(Base):
    """A paper as proof, re-encoded: a picture or a PDF. Sheets hold signatures, so only staff of the place see it."""

    __tablename__ = "decision_file"
    __table_args__ = (UniqueConstraint("place_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    kind: Mapped[str] = mapped_column(String(10))  # photo, pdf
    sha256: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(Integer)
