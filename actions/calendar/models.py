from datetime import date

from sqlalchemy import JSON, Date, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base


class CalendarDay(Base):
    """A day whose being a working day was entered by staff, for years whose holidays no package knows yet."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    is_workday: Mapped[bool]


class OfficeHours(Base):
    """When people work in an ordinary week at a place and in all below it that have none of their own."""

    __tablename__ = "office_hours"

    place_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    # seven days from Monday, each a list of [opens, closes], as in [["08:30", "12:00"], ["14:00", "17:30"]]
    week: Mapped[list[list[list[str]]]] = mapped_column(JSON)


class OfficeDay(Base):
    """A single day that isn't as the week has it: nobody is there, or somebody is on duty (值班).

    It says when residents are answered, and moves no limit of the law: those count the days of `CalendarDay`.
    """

    __tablename__ = "office_day"
    __table_args__ = (UniqueConstraint("place_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    day: Mapped[date] = mapped_column(Date)
    periods: Mapped[list[list[str]]] = mapped_column(JSON)  # as a day of OfficeHours; none: nobody is there
    note: Mapped[str] = mapped_column(String(40), default="")  # 春节值班, for staff
