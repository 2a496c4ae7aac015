"""Which grid worker is whose, and a visit that somebody asked for."""

from datetime import date, datetime

from sqlalchemy import JSON, Date, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base, UtcDateTime


class GridRound(Base):
    """What a grid worker's row of the settings doesn't say: their groups, when to reach them, who stands in."""

    __tablename__ = "grid_round"

    grid_worker_id: Mapped[int] = mapped_column(ForeignKey("grid_worker.id", ondelete="CASCADE"), primary_key=True)
    groups: Mapped[list[str]] = mapped_column(JSON, default=list)  # as the roster of households names them
    hours: Mapped[str] = mapped_column(String(60), default="")
    shows_phone: Mapped[bool] = mapped_column(default=True)
    away_from: Mapped[date | None] = mapped_column(Date)
    away_until: Mapped[date | None] = mapped_column(Date)  # the last day
    deputy_id: Mapped[int | None] = mapped_column(Integer)  # another grid worker of the village, a plain value


class GridHome(Base):
    """The group that somebody said they live in, so that it is asked once."""

    __tablename__ = "grid_home"

    conversation_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40))
    group_name: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Visit(Base):
    """走访 of a case: the grid worker says within a day when they come, and is there within three."""

    __tablename__ = "visit"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    group_name: Mapped[str] = mapped_column(String(20), default="")
    grid_worker_id: Mapped[int | None] = mapped_column(Integer)  # whose it is, a plain value
    reply_by: Mapped[datetime] = mapped_column(UtcDateTime)
    come_by: Mapped[datetime] = mapped_column(UtcDateTime)
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    comes_on: Mapped[date | None] = mapped_column(Date)  # the day they said
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # nobody replied within a day
    been_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[str] = mapped_column(String(10), default="")  # done, up, absent
