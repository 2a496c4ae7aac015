"""Workdays, holidays, due times."""

import enum
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.calendar.models import CalendarDay
from knowledge.clock import SHANGHAI


class Unit(enum.StrEnum):
    hours = "hours"
    days = "days"
    workdays = "workdays"


UNIT_LABELS = {Unit.hours: "小时", Unit.days: "天", Unit.workdays: "个工作日"}


class WorkCalendar:
    """`extra` maps a day to whether it is a working day; it wins over the package."""

    def __init__(self, extra: Mapping[date, bool] | None = None) -> None:
        self._extra = dict(extra or {})

    def is_confirmed(self, day: date) -> bool:
        if day in self._extra:
            return True
        try:
            chinese_calendar.is_workday(day)
        except NotImplementedError:
            return False
        return True

    def is_workday(self, day: date) -> bool:
        """Monday to Friday where the year's holidays aren't known; ask `is_confirmed`."""
        if day in self._extra:
            return self._extra[day]
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            return day.weekday() < 5

    def is_holiday(self, day: date) -> bool:
        """Whether a feast or staff's own word keeps everybody at home; a plain weekend is none."""
        if day in self._extra:
            return not self._extra[day]
        try:
            is_off, feast = chinese_calendar.get_holiday_detail(day)
        except NotImplementedError:
            return False
        return bool(is_off and (feast or day.weekday() < 5))

    def add_workdays(self, day: date, n: int) -> date:
        """The n-th working day after `day`; the day itself isn't counted (民法典 201). ValueError for a negative n."""
        if n < 0:
            raise ValueError(f"n must not be negative: {n}")
        while n > 0:
            day += timedelta(days=1)
            n -= self.is_workday(day)
        return day

    def workdays_between(self, start: date, end: date) -> int:
        """Working days after `start`, up to and with `end`, so `add_workdays(start, n)` has n; 0 where `end` isn't
        later.
        """
        return sum(self.is_workday(start + timedelta(days=i)) for i in range(1, (end - start).days + 1))

    def unconfirmed_years(self, start: date, end: date) -> list[int]:
        """Years with a day from `start` to `end`, both included, that nobody has confirmed; in order."""
        days = (start + timedelta(days=i) for i in range((end - start).days + 1))
        return sorted({day.year for day in days if not self.is_confirmed(day)})

    def due(self, start: datetime, *, amount: int, unit: Unit) -> tuple[datetime, bool]:
        """When a limit that starts at `start` (aware) ends, in UTC, and whether every day on the way was confirmed."""
        if unit is Unit.hours:
            return start.astimezone(UTC) + timedelta(hours=amount), True
        first = start.astimezone(SHANGHAI).date()
        last = first + timedelta(days=amount) if unit is Unit.days else self.add_workdays(first, amount)
        sure = unit is Unit.days or all(
            self.is_confirmed(first + timedelta(days=i)) for i in range((last - first).days + 1)
        )
        return datetime.combine(last, time(23, 59, 59), SHANGHAI).astimezone(UTC), sure


def calendar(session: Session) -> WorkCalendar:
    return WorkCalendar({row.day: row.is_workday for row in session.scalars(select(CalendarDay))})


def local(moment: datetime | None, *, time_too: bool = False) -> str:
    if moment is None:
        return ""
    at = moment.astimezone(SHANGHAI)
    return f"{at.month}月{at.day}日" + (f" {at:%H:%M}" if time_too else "")
