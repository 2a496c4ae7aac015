"""Months, quarters, halves, years of what is made public; the last day for each."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from actions.errors import InvalidInput


class Rhythm(StrEnum):
    monthly = "monthly"
    quarterly = "quarterly"
    half_yearly = "half_yearly"
    yearly = "yearly"
    at_once = "at_once"  # 及时, 随时: no period, a day on which it was settled


RHYTHM_LABELS = {
    Rhythm.monthly: "每月",
    Rhythm.quarterly: "每季度",
    Rhythm.half_yearly: "每半年",
    Rhythm.yearly: "每年",
    Rhythm.at_once: "有了就公布",
}
_MONTHS = {Rhythm.monthly: 1, Rhythm.quarterly: 3, Rhythm.half_yearly: 6, Rhythm.yearly: 12}
_CODE = re.compile(
    r"(?P<year>20[0-9]{2})(?:Q(?P<quarter>[1-4])|H(?P<half>[12])|-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>[0-3][0-9])"
    r"(?:-(?P<nth>[2-9]|[1-9][0-9]))?)?)?"
)


@dataclass(frozen=True)
class Period:
    """`code`: 2026-09, 2026Q3, 2026H1, 2026, or a day with a count from the second of that day on: 2026-11-20-2."""

    code: str
    first: date
    last: date
    name: str  # as people read it


def tightness(rhythm: Rhythm) -> int:
    """The greater, the more often."""
    return 0 if rhythm is Rhythm.at_once else 13 - _MONTHS[rhythm]


def period_of(rhythm: Rhythm, day: date) -> Period:
    """The period that the day lies in; of what comes at once, the day itself."""
    if rhythm is Rhythm.at_once:
        return read(day.isoformat())
    months = _MONTHS[rhythm]
    place = (day.month - 1) // months
    if rhythm is Rhythm.monthly:
        return read(f"{day.year}-{day.month:02}")
    ending = {Rhythm.quarterly: f"Q{place + 1}", Rhythm.half_yearly: f"H{place + 1}", Rhythm.yearly: ""}[rhythm]
    return read(f"{day.year}{ending}")


def following(rhythm: Rhythm, period: Period) -> Period:
    return period_of(rhythm, period.last + timedelta(days=1))


def due_on(period: Period, grace_days: int) -> date:
    """The last day on which it is posted in time. The period's last day isn't counted (民法典 201)."""
    return period.last + timedelta(days=grace_days)


def is_day(code: str) -> bool:
    """Whether it is of what comes at once."""
    found = _CODE.fullmatch(code)
    return found is not None and found["day"] is not None


def read(code: str) -> Period:
    """Raises InvalidInput."""
    found = _CODE.fullmatch(code)
    if found is None:
        raise InvalidInput("这一期的写法不对，例如 2026Q3、2026-09、2026。")
    year = int(found["year"])
    if found["quarter"]:
        number = int(found["quarter"])
        return _months(code, year, number * 3 - 2, 3, f"{year}年第{'一二三四'[number - 1]}季度")
    if found["half"]:
        number = int(found["half"])
        return _months(code, year, number * 6 - 5, 6, f"{year}年{'上下'[number - 1]}半年")
    if found["day"]:
        return _day(code, year, int(found["month"]), int(found["day"]))
    if found["month"]:
        month = int(found["month"])
        return _months(code, year, month, 1, f"{year}年{month}月")
    return _months(code, year, 1, 12, f"{year}年")


def _months(code: str, year: int, first: int, months: int, name: str) -> Period:
    last = first + months - 1
    return Period(code, date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1]), name)


def _day(code: str, year: int, month: int, day: int) -> Period:
    try:
        found = date(year, month, day)
    except ValueError:
        raise InvalidInput("没有这一天，请核对日期。") from None
    return Period(code, found, found, f"{year}年{month}月{day}日")
