from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.disclosure.periods import Rhythm, due_on, following, is_day, period_of, read, tightness
from actions.errors import InvalidInput


@pytest.mark.parametrize(
    ("rhythm", "day", "code", "name", "last"),
    [
        (Rhythm.monthly, "2028-02-10", "2028-02", "2028年2月", "2028-02-29"),  # leap year
        (Rhythm.monthly, "2100-02-10", None, "", ""),  # beyond what anybody plans here
        (Rhythm.monthly, "2027-02-28", "2027-02", "2027年2月", "2027-02-28"),
        (Rhythm.monthly, "2026-12-31", "2026-12", "2026年12月", "2026-12-31"),
        (Rhythm.quarterly, "2026-01-01", "2026Q1", "2026年第一季度", "2026-03-31"),
        (Rhythm.quarterly, "2028-03-31", "2028Q1", "2028年第一季度", "2028-03-31"),
        (Rhythm.quarterly, "2026-06-30", "2026Q2", "2026年第二季度", "2026-06-30"),
        (Rhythm.quarterly, "2026-07-01", "2026Q3", "2026年第三季度", "2026-09-30"),
        (Rhythm.quarterly, "2026-12-31", "2026Q4", "2026年第四季度", "2026-12-31"),
        (Rhythm.half_yearly, "2026-06-30", "2026H1", "2026年上半年", "2026-06-30"),
        (Rhythm.half_yearly, "2026-07-01", "2026H2", "2026年下半年", "2026-12-31"),
        (Rhythm.yearly, "2028-02-29", "2028", "2028年", "2028-12-31"),
        (Rhythm.at_once, "2028-02-29", "2028-02-29", "2028年2月29日", "2028-02-29"),
    ],
)
def test_a_day_lies_in_one_period(rhythm: Rhythm, day: str, code: str | None, name: str, last: str) -> None:
    if code is None:
        with pytest.raises(InvalidInput):
            period_of(rhythm, date.fromisoformat(day))
        return
    found = period_of(rhythm, date.fromisoformat(day))
    assert (found.code, found.name, found.last.isoformat()) == (code, name, last)
    assert found.first <= date.fromisoformat(day) <= found.last


@pytest.mark.parametrize(
    ("code", "grace", "due"),
    [
        ("2026Q3", 10, "2026-10-10"),
        ("2026Q4", 10, "2027-01-10"),
        ("2028Q1", 10, "2028-04-10"),
        ("2028-02", 10, "2028-03-10"),  # 29 February is the last day
        ("2027-02", 10, "2027-03-10"),
        ("2028-02", 0, "2028-02-29"),
        ("2027", 60, "2028-02-29"),
        ("2026", 60, "2027-03-01"),
        ("2026-11-20", 7, "2026-11-27"),
        ("2026-11-20-2", 7, "2026-11-27"),
    ],
)
def test_the_last_day_is_so_many_days_after_the_periods_last(code: str, grace: int, due: str) -> None:
    assert due_on(read(code), grace).isoformat() == due


@given(st.sampled_from([r for r in Rhythm if r is not Rhythm.at_once]), st.dates(date(2020, 1, 1), date(2090, 1, 1)))
def test_periods_follow_without_a_gap(rhythm: Rhythm, day: date) -> None:
    one = period_of(rhythm, day)
    after = following(rhythm, one)
    assert after.first == one.last + timedelta(days=1)
    assert read(one.code) == one
    assert not is_day(one.code)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "2026Q5",
        "2026Q0",
        "2026-13",
        "2026-00",
        "2026-02-30",
        "2027-02-29",
        "1999",
        "2026H3",
        "2026Q3; DROP",
        "２０２６",
        "2026-11-20-1",
        "2026-11-20-0",
        "20260",
        "2026Q3\n",
    ],
)
def test_what_is_no_period_is_said_in_words(code: str) -> None:
    with pytest.raises(InvalidInput):
        read(code)


def test_more_often_is_tighter() -> None:
    order = [Rhythm.at_once, Rhythm.yearly, Rhythm.half_yearly, Rhythm.quarterly, Rhythm.monthly]
    assert [tightness(r) for r in order] == sorted({tightness(r) for r in order})
