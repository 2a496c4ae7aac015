"""What a village makes public: duties of a place, each version of what was posted, its events, its questions."""

from datetime import date, datetime

from sqlalchemy import JSON, Date, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from actions.asked import AskedInPublic
from actions.disclosure.periods import Rhythm
from actions.disclosure.status import State
from knowledge.tables import Base, UtcDateTime, enum_column


class Duty(Base):
    """A duty of duties.yml at a place that has begun to disclose here; None is as the file has it, never looser."""

    __tablename__ = "duty"

    place_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    begins_on: Mapped[date] = mapped_column(Date)  # the first period is the one that this day lies in
    rhythm: Mapped[Rhythm | None] = mapped_column(enum_column(Rhythm))
    grace_days: Mapped[int | None] = mapped_column(Integer)


class Disclosure(Base):
    """One version of what one duty asks for one period."""

    __tablename__ = "disclosure"
    __table_args__ = (UniqueConstraint("place_id", "duty_code", "period", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    duty_code: Mapped[str] = mapped_column(String(30))
    period: Mapped[str] = mapped_column(String(20))  # as `periods.read` takes it
    version: Mapped[int] = mapped_column(Integer, default=1)
    replaces_id: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[State] = mapped_column(enum_column(State), default=State.due, index=True)
    due_on: Mapped[date | None] = mapped_column(Date)  # None: of a correction
    title: Mapped[str] = mapped_column(String(80), default="")  # of what comes at once: which one
    note: Mapped[str] = mapped_column(Text, default="")  # what stands above the table
    rows: Mapped[list[list[str]]] = mapped_column(JSON, default=list)  # the first are the columns' names
    held: Mapped[list[list[int]]] = mapped_column(JSON, default=list)  # cells (row, column) that may name somebody
    edition: Mapped[int] = mapped_column(Integer, default=0)  # of the table: who checks says which one they saw
    names_why: Mapped[str] = mapped_column(String(200), default="")  # why the held cells may be shown, by who checked
    why_corrected: Mapped[str] = mapped_column(String(300), default="")
    sent_back: Mapped[str] = mapped_column(String(300), default="")
    board_photo: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    has_board_photo: Mapped[bool] = mapped_column(default=False)
    posted_on: Mapped[date | None] = mapped_column(Date)
    posted_until: Mapped[date | None] = mapped_column(Date)  # the last day
    by_id: Mapped[int | None] = mapped_column(Integer)  # staff accounts, plain values
    by_name: Mapped[str] = mapped_column(String(40), default="")
    checked_by_id: Mapped[int | None] = mapped_column(Integer)
    checked_by_name: Mapped[str] = mapped_column(String(40), default="")
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class DisclosureEvent(Base):
    """What happened to it, each once; only ever inserted."""

    __tablename__ = "disclosure_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    disclosure_id: Mapped[int] = mapped_column(ForeignKey("disclosure.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_name: Mapped[str] = mapped_column(String(40), default="")  # "": the clock
    what: Mapped[str] = mapped_column(String(200))


class DisclosureQuestion(AskedInPublic, Base):
    """What somebody asked about it; answered in public, without who asked."""

    __tablename__ = "disclosure_question"

    disclosure_id: Mapped[int] = mapped_column(ForeignKey("disclosure.id", ondelete="CASCADE"), index=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
