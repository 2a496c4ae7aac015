from datetime import date

from sqlalchemy import Date
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base


class CalendarDay(Base):
    """A day whose being a working day was entered by staff, for years whose holidays no package knows yet."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    is_workday: Mapped[bool]
