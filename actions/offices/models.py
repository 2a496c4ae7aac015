"""Teams, routing rules, time limits, grid workers."""

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.tables import Base


class Team(Base):
    """A unit that takes cases and conversations: the village committee, the judicial office, the land office."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)  # it serves this place and all below it
    phone: Mapped[str | None] = mapped_column(String(30))
    is_fallback: Mapped[bool] = mapped_column(default=False)  # a person looks here at what no rule took


class RoutingRule(Base):
    """The first matching rule, by `position`, decides the team; empty fields match everything."""

    __tablename__ = "routing_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(Integer, default=100)
    category: Mapped[str | None] = mapped_column(String(20))
    place_id: Mapped[str | None] = mapped_column(String(40))
    keyword: Mapped[str | None] = mapped_column(String(40))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    team: Mapped[Team] = relationship()


class HandoffRule(Base):
    """Words after which a person is called without being asked for: what a place has decided never to leave to the
    bot.
    """

    __tablename__ = "handoff_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    keyword: Mapped[str] = mapped_column(String(40))
    place_id: Mapped[str | None] = mapped_column(String(40))  # None: everywhere


class TimeLimit(Base):
    """How long a category may take; `*` is every other category.

    Cities differ, so these are rows and not code (domain.md section 4).
    """

    __tablename__ = "time_limit"

    category: Mapped[str] = mapped_column(String(20), primary_key=True)
    amount: Mapped[int]
    unit: Mapped[str] = mapped_column(String(10))  # hours, days, workdays
    green_amount: Mapped[int]  # the same unit, for the green channel


class GridWorker(Base):
    """网格员: who is responsible for a part of a village."""

    __tablename__ = "grid_worker"
    __table_args__ = (UniqueConstraint("place_id", "area", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    area: Mapped[str] = mapped_column(String(60), default="全村")
    name: Mapped[str] = mapped_column(String(40))
    phone: Mapped[str] = mapped_column(String(30))
