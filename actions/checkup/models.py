"""A checkup with its answers; cases about an act of an authority; what a unit has to put right after a 复议."""

from datetime import date, datetime

from sqlalchemy import JSON, Date, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.checkup.status import Answer, Outcome, Paper, Stand, State
from knowledge.tables import Base, UtcDateTime, enum_column


class Checkup(Base):
    """One matter held against one list."""

    __tablename__ = "checkup"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    template: Mapped[str] = mapped_column(String(40))  # the name of its file
    subject: Mapped[str] = mapped_column(String(80))
    decision_id: Mapped[int | None] = mapped_column(Integer, unique=True)  # that waits for it
    state: Mapped[State] = mapped_column(enum_column(State), default=State.filling, index=True)
    sent_back: Mapped[str] = mapped_column(String(500), default="")
    risk: Mapped[str] = mapped_column(Text, default="")  # the adviser's words
    lacking: Mapped[str] = mapped_column(Text, default="")  # the adviser's words
    missing: Mapped[list[str]] = mapped_column(JSON, default=list)  # items that must be there and weren't when signed
    by_id: Mapped[int] = mapped_column(Integer)  # staff accounts, plain values
    by_name: Mapped[str] = mapped_column(String(40))
    sent_by_id: Mapped[int | None] = mapped_column(Integer)
    adviser_id: Mapped[int | None] = mapped_column(Integer)
    adviser_name: Mapped[str] = mapped_column(String(40), default="")
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    excuse: Mapped[str] = mapped_column(String(500), default="")  # the township head's words
    excused_by_id: Mapped[int | None] = mapped_column(Integer)
    excused_by: Mapped[str] = mapped_column(String(40), default="")
    excused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_demo: Mapped[bool] = mapped_column(default=False)
    answers: Mapped[list["CheckupAnswer"]] = relationship(back_populates="checkup", order_by="CheckupAnswer.id")

    @property
    def latest(self) -> dict[str, "CheckupAnswer"]:
        """The answer that counts, by item."""
        return {answer.item: answer for answer in self.answers}


class CheckupAnswer(Base):
    """Only ever inserted; of one item the newest counts."""

    __tablename__ = "checkup_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    checkup_id: Mapped[int] = mapped_column(ForeignKey("checkup.id", ondelete="CASCADE"), index=True)
    item: Mapped[str] = mapped_column(String(40))
    answer: Mapped[Answer] = mapped_column(enum_column(Answer))
    paper: Mapped[str] = mapped_column(String(300), default="")  # which paper shows it, or why it doesn't concern
    file_id: Mapped[int | None] = mapped_column(Integer)  # a decision_file's, a plain value
    by_id: Mapped[int] = mapped_column(Integer)
    by_name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    checkup: Mapped[Checkup] = relationship(back_populates="answers")


class OfficialCase(Base):
    """涉行政行为: the tag of a case about an act of an authority, what the self-check found, how a 复议 ended. When the
    case is masked, what was found goes; how it ended stays for the county's figures.
    """

    __tablename__ = "official_case"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    template: Mapped[str] = mapped_column(String(40), default="")
    missing: Mapped[list[str]] = mapped_column(JSON, default=list)  # items, as the resident answered
    last_day: Mapped[date | None] = mapped_column(Date)  # for the 复议, where the day it runs from was known
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_name: Mapped[str] = mapped_column(String(40), default="")  # of the staff; "": by the self-check
    outcome: Mapped[Outcome | None] = mapped_column(enum_column(Outcome))
    outcome_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome_by: Mapped[str] = mapped_column(String(40), default="")  # of the staff; "": the resident said so


class Correction(Base):
    """What a unit has to put right."""

    __tablename__ = "correction"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    case_id: Mapped[int | None] = mapped_column(Integer, index=True)  # a plain value: it outlives the case
    unit: Mapped[str] = mapped_column(String(80), index=True)
    matter: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[Outcome] = mapped_column(enum_column(Outcome))
    what: Mapped[str] = mapped_column(Text)
    paper: Mapped[Paper] = mapped_column(enum_column(Paper))
    number: Mapped[str] = mapped_column(String(80), default="")  # of the paper
    received_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date, index=True)
    state: Mapped[Stand] = mapped_column(enum_column(Stand), default=Stand.open, index=True)
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_on: Mapped[date | None] = mapped_column(Date)
    answered_by_id: Mapped[int | None] = mapped_column(Integer)
    overdue_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # onto the county's list
    summary: Mapped[str] = mapped_column(String(500), default="")  # for everybody, without names
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(Integer)
    by_name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
