"""联席: several units at one table over one or more cases, and what each of them takes home."""

import enum
from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.cases.models import Case
from actions.offices.models import Team
from knowledge.tables import Base, UtcDateTime, enum_column


class JointState(enum.StrEnum):
    called = "called"
    held = "held"
    dropped = "dropped"


class TaskState(enum.StrEnum):
    open = "open"
    done = "done"
    refused = "refused"


class JointMeeting(Base):
    """Coordination among units: it decides nothing for a village, so none of the rules of a village's meetings apply
    (those stand in `actions/decisions`).
    """

    __tablename__ = "joint_meeting"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    title: Mapped[str] = mapped_column(String(80))
    held_at: Mapped[datetime] = mapped_column(UtcDateTime)
    spot: Mapped[str] = mapped_column(String(60))
    state: Mapped[JointState] = mapped_column(enum_column(JointState), default=JointState.called)
    minutes: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int | None]  # a staff account, a plain value
    by: Mapped[str] = mapped_column(String(40))
    items: Mapped[list["JointItem"]] = relationship(
        back_populates="meeting", order_by="JointItem.position", cascade="all, delete-orphan"
    )
    units: Mapped[list["JointUnit"]] = relationship(
        back_populates="meeting", order_by="JointUnit.id", cascade="all, delete-orphan"
    )
    tasks: Mapped[list["JointTask"]] = relationship(
        back_populates="meeting", order_by="JointTask.id", cascade="all, delete-orphan"
    )


class JointItem(Base):
    """A case, or a topic (a plain value: topics stand above), on the agenda."""

    __tablename__ = "joint_item"
    __table_args__ = (UniqueConstraint("meeting_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("joint_meeting.id", ondelete="CASCADE"))
    position: Mapped[int]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    topic_id: Mapped[int | None] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(80))
    meeting: Mapped[JointMeeting] = relationship(back_populates="items")
    case: Mapped[Case | None] = relationship()


class JointUnit(Base):
    """A unit called to the table. `came`: None until somebody notes it."""

    __tablename__ = "joint_unit"
    __table_args__ = (UniqueConstraint("meeting_id", "team_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("joint_meeting.id", ondelete="CASCADE"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)
    came: Mapped[bool | None]
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    meeting: Mapped[JointMeeting] = relationship(back_populates="units")
    team: Mapped[Team] = relationship()


class JointTask(Base):
    """Which unit does what until when. A refused one says why and who does it instead (`passed_to_id`)."""

    __tablename__ = "joint_task"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("joint_meeting.id", ondelete="CASCADE"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)
    what: Mapped[str] = mapped_column(String(200))
    due_on: Mapped[date] = mapped_column(Date, index=True)
    state: Mapped[TaskState] = mapped_column(enum_column(TaskState), default=TaskState.open)
    result: Mapped[str] = mapped_column(String(500), default="")  # or why it was refused
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    passed_to_id: Mapped[int | None] = mapped_column(ForeignKey("joint_task.id"))
    warned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    overdue_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    meeting: Mapped[JointMeeting] = relationship(back_populates="tasks")
    team: Mapped[Team] = relationship()
    case: Mapped[Case | None] = relationship()
