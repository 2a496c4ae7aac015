from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.calendar.workdays import Unit, WorkCalendar
from knowledge.clock import SHANGHAI

CALENDAR = WorkCalendar()
DAYS = st.dates(date(2005, 1, 1), date(2035, 12, 31))


def shanghai(*args: int) -> datetime:
    return datetime(*args, tzinfo=SHANGHAI).astimezone(UTC)  # type: ignore[misc, arg-type]


# The State Council's arrangement for 2026: days off, then weekend days worked in exchange (调休).
@pytest.mark.parametrize(
    ("month", "day", "is_workday"),
    [
        (1, 1, False),
        (1, 2, False),
        (1, 4, True),
        (2, 14, True),
        (2, 15, False),
        (2, 16, False),
        (2, 23, False),
        (2, 24, True),
        (2, 28, True),
        (4, 6, False),
        (5, 1, False),
        (5, 5, False),
        (5, 9, True),
        (6, 19, False),
        (9, 20, True),
        (9, 25, False),
        (10, 1, False),
        (10, 7, False),
        (10, 8, True),
        (10, 10, True),
        (11, 24, True),
        (11, 28, False),
    ],
)
def test_days_of_2026(month: int, day: int, is_workday: bool) -> None:
    assert CALENDAR.is_workday(date(2026, month, day)) is is_workday
    assert CALENDAR.is_confirmed(date(2026, month, day))


def test_an_unknown_year_falls_back_on_weekdays_and_says_so() -> None:
    new_year, saturday = date(2027, 1, 1), date(2027, 1, 2)
    assert not CALENDAR.is_confirmed(new_year)
    assert CALENDAR.is_workday(new_year)
    assert not CALENDAR.is_workday(saturday)


def test_a_row_of_our_own_confirms_its_day_and_wins() -> None:
    entered = WorkCalendar({date(2027, 1, 1): False, date(2026, 11, 24): False})
    assert entered.is_confirmed(date(2027, 1, 1))
    assert not entered.is_workday(date(2027, 1, 1))
    assert not entered.is_confirmed(date(2027, 1, 2))
    assert not entered.is_workday(date(2026, 11, 24))


def test_workdays_jump_over_spring_festival() -> None:
    assert CALENDAR.add_workdays(date(2026, 2, 13), 1) == date(2026, 2, 14)
    assert CALENDAR.add_workdays(date(2026, 2, 13), 2) == date(2026, 2, 24)
    assert CALENDAR.workdays_between(date(2026, 2, 13), date(2026, 2, 24)) == 2


def test_no_workdays_is_the_day_itself_and_fewer_is_refused() -> None:
    assert CALENDAR.add_workdays(date(2026, 10, 1), 0) == date(2026, 10, 1)
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add_workdays(date(2026, 10, 1), -1)


def test_nothing_lies_between_a_day_and_an_earlier_one() -> None:
    assert CALENDAR.workdays_between(date(2026, 11, 24), date(2026, 11, 24)) == 0
    assert CALENDAR.workdays_between(date(2026, 11, 24), date(2026, 11, 2)) == 0


def test_unconfirmed_years_are_named() -> None:
    assert CALENDAR.unconfirmed_years(date(2026, 1, 1), date(2026, 12, 31)) == []
    assert CALENDAR.unconfirmed_years(date(2026, 12, 31), date(2028, 1, 1)) == [2027, 2028]
    whole = WorkCalendar({date(2027, 1, 1) + timedelta(days=i): True for i in range(365)})
    assert whole.unconfirmed_years(date(2026, 12, 1), date(2027, 12, 31)) == []


def test_hours_run_through_the_night() -> None:
    assert CALENDAR.due(shanghai(2026, 9, 30, 20, 0), amount=24, unit=Unit.hours) == (
        shanghai(2026, 10, 1, 20, 0),
        True,
    )


def test_days_and_workdays_end_with_the_day_in_shanghai() -> None:
    start = shanghai(2026, 11, 20, 16, 0)  # a Friday
    assert CALENDAR.due(start, amount=3, unit=Unit.days) == (shanghai(2026, 11, 23, 23, 59, 59), True)
    assert CALENDAR.due(start, amount=3, unit=Unit.workdays) == (shanghai(2026, 11, 25, 23, 59, 59), True)


def test_the_start_day_is_shanghais_not_utcs() -> None:
    start = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # 01:00 on Monday in Shanghai
    assert CALENDAR.due(start, amount=1, unit=Unit.workdays)[0] == datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)


def test_workdays_into_an_unknown_year_are_not_sure() -> None:
    assert CALENDAR.due(shanghai(2026, 12, 30, 9, 0), amount=3, unit=Unit.workdays)[1] is False
    assert CALENDAR.due(shanghai(2026, 12, 30, 9, 0), amount=1, unit=Unit.workdays)[1] is True


@given(day=DAYS, n=st.integers(0, 60))
def test_adding_and_counting_agree(day: date, n: int) -> None:
    end = CALENDAR.add_workdays(day, n)
    assert CALENDAR.workdays_between(day, end) == n
    assert n == 0 or CALENDAR.is_workday(end)


@given(day=DAYS, later=st.integers(0, 30), n=st.integers(0, 30))
def test_adding_workdays_keeps_the_order_of_days(day: date, later: int, n: int) -> None:
    assert CALENDAR.add_workdays(day, n) <= CALENDAR.add_workdays(day + timedelta(days=later), n)
