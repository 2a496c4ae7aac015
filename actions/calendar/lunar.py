"""The farmers' calendar (农历), by the tables of jionlp, 1900 to 2100."""

from datetime import date, timedelta
from functools import lru_cache

from actions.calendar.jio import jionlp, one_at_a_time


@lru_cache(maxsize=1024)
def day(year: int, month: int, said: int, *, is_leap: bool = False) -> date | None:
    """正月初六 of the lunar year as a day of ours; None where that year has no such day."""
    try:
        with one_at_a_time:
            found: date = jionlp().lunar2solar(year, month, said, is_leap).date()
    except (ValueError, IndexError, KeyError):
        return None
    return found


def last_of(year: int) -> date | None:
    """除夕: 腊月 has 29 days or 30, so it is the day before the next first day."""
    following = day(year + 1, 1, 1)
    return following - timedelta(days=1) if following else None


def year_of(today: date) -> int:
    first = day(today.year, 1, 1)
    return today.year - 1 if first and today < first else today.year
