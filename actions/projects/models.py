"""A project that the village pays for or that is paid for it, and each stage of it as it was written and confirmed."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.projects.stages import Stage
from knowledge.tables import Base, UtcDateTime, enum_column


class Project(Base):
    __tablename__ = "project"
    __table_args__ = (UniqueConstraint("place_id", "year", "ordinal"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)  # one wish is one project
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    year: Mapped[int] = mapped_column(Integer)
    ordinal: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(60))
    decision_id: Mapped[int | None] = mapped_column(Integer)  # a decision's, a plain value
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    stages: Mapped[list["ProjectStage"]] = relationship(back_populates="project", order_by="ProjectStage.id")

    @property
    def slug(self) -> str:
        """26-003, in an address."""
        return f"{self.year % 100:02d}-{self.ordinal:03d}"

    @property
    def number(self) -> str:
        """项-26-003, as people say and write it."""
        return f"项-{self.slug}"


class ProjectStage(Base):
    """Only ever added; what the second person says of it is set once. A correction is a row of its own."""

    __tablename__ = "project_stage"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    stage: Mapped[Stage] = mapped_column(enum_column(Stage))
    on_day: Mapped[date] = mapped_column(Date)  # when it happened
    yuan: Mapped[int | None] = mapped_column(BigInteger)  # of a change: the whole price after it
    words: Mapped[str] = mapped_column(Text, default="")
    ticked: Mapped[list[str]] = mapped_column(JSON, default=list)  # items of checklist.yml that the writer saw to
    file_id: Mapped[int | None] = mapped_column(Integer)  # a paper's, a plain value; staff of the place see it
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by_id: Mapped[int | None] = mapped_column(Integer)
    confirmed_by: Mapped[str] = mapped_column(String(40), default="")
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refused_words: Mapped[str] = mapped_column(String(300), default="")
    project: Mapped[Project] = relationship(back_populates="stages")

    @property
    def waits(self) -> bool:
        """For the second person."""
        return self.confirmed_at is None and self.refused_at is None
