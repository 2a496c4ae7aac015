"""When people are there, by place and day, and what is read while they aren't."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from actions.calendar import hours
from actions.calendar.hours import USUAL_WEEK, Hours, Period, Special
from actions.calendar.models import CalendarDay, OfficeDay, OfficeHours
from actions.calendar.workdays import WorkCalendar
from actions.errors import InvalidInput
from knowledge.clock import SHANGHAI
from knowledge.exchange.corpus import import_places
from tests.conftest import CORPUS

USUAL = Hours(USUAL_WEEK, {}, WorkCalendar())
_TWICE = (Period(time(8, 30), time(12)), Period(time(14), time(17, 30)))
_SATURDAY = (Period(time(9), time(11)),)
TOWN = Hours((*(_TWICE,) * 5, _SATURDAY, ()), {}, WorkCalendar())


def shanghai(*args: int) -> datetime:
    return datetime(*args, tzinfo=SHANGHAI).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("moment", "is_open", "opens_next"),
    [
        (shanghai(2026, 11, 24, 8, 29), False, shanghai(2026, 11, 24, 8, 30)),
        (shanghai(2026, 11, 24, 8, 30), True, shanghai(2026, 11, 25, 8, 30)),
        (shanghai(2026, 11, 24, 17, 29), True, shanghai(2026, 11, 25, 8, 30)),
        (shanghai(2026, 11, 24, 17, 30), False, shanghai(2026, 11, 25, 8, 30)),
        (shanghai(2026, 9, 30, 18, 0), False, shanghai(2026, 10, 8, 8, 30)),
        (shanghai(2026, 10, 10, 9, 0), True, shanghai(2026, 10, 12, 8, 30)),  # a Saturday worked in exchange
    ],
)
def test_the_usual_hours(moment: datetime, is_open: bool, opens_next: datetime) -> None:
    assert USUAL.is_open(moment) is is_open
    assert USUAL.next_opening(moment) == opens_next


def test_an_office_may_have_hours_of_its_own() -> None:
    late = Hours((*((Period(time(9), time(20)),),) * 5, (), ()), {}, WorkCalendar())
    evening = shanghai(2026, 11, 24, 18, 0)
    assert late.is_open(evening)
    assert not late.is_open(shanghai(2026, 11, 24, 8, 45))
    assert late.next_opening(evening) == shanghai(2026, 11, 25, 9, 0)


@given(moment=st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)))
def test_offices_are_open_when_they_open(moment: datetime) -> None:
    for office in (USUAL, TOWN):
        opening = office.next_opening(moment)
        assert opening is not None
        assert opening > moment
        assert office.is_open(opening)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (shanghai(2026, 11, 24, 12, 30), "现在是午休时间，工作人员今天 14:00 上班"),
        (shanghai(2026, 11, 24, 11, 59), ""),
        (shanghai(2026, 11, 24, 14, 0), ""),
        (shanghai(2026, 11, 24, 17, 30), "现在是下班时间，工作人员 11月25日 08:30 上班"),
        (shanghai(2026, 11, 24, 8, 0), "现在是下班时间，工作人员 11月24日 08:30 上班"),
        (shanghai(2026, 11, 28, 10, 0), ""),  # an ordinary Saturday of this town
        (shanghai(2026, 11, 28, 11, 0), "现在是下班时间，工作人员 11月30日 08:30 上班"),
        (shanghai(2026, 11, 29, 10, 0), "现在休息，工作人员 11月30日 08:30 上班"),
        (shanghai(2026, 10, 3, 10, 0), "现在放假，工作人员 10月8日 08:30 上班"),  # a Saturday in a feast
        (shanghai(2026, 10, 10, 10, 0), ""),  # a Saturday worked in exchange, with this town's hours of a Saturday
    ],
)
def test_what_a_resident_reads(moment: datetime, said: str) -> None:
    assert TOWN.away(moment) == said


def test_a_weekend_worked_in_exchange_has_the_hours_of_an_ordinary_day() -> None:
    weekdays_only = Hours((*(_TWICE,) * 5, (), ()), {}, WorkCalendar())
    assert weekdays_only.on(date(2026, 10, 10)) == _TWICE
    assert weekdays_only.on(date(2026, 11, 28)) == ()


def test_a_day_of_ones_own_wins_over_feast_and_week() -> None:
    days = {date(2026, 10, 3): Special(_SATURDAY, "国庆值班"), date(2026, 11, 25): Special(())}
    office = Hours((*(_TWICE,) * 5, (), ()), days, WorkCalendar())
    assert office.is_open(shanghai(2026, 10, 3, 10, 0))
    assert office.away(shanghai(2026, 10, 2, 10, 0)) == "现在放假，工作人员 10月3日 09:00 上班"
    assert office.away(shanghai(2026, 11, 25, 10, 0)) == "现在休息，工作人员 11月26日 08:30 上班"


def test_where_nobody_ever_comes_no_day_is_promised() -> None:
    assert Hours(((),) * 7, {}, WorkCalendar()).away(shanghai(2026, 11, 24, 10, 0)) == (
        "现在休息，工作人员上班的时间还没定"
    )


def test_the_nearest_place_with_hours_decides_and_its_days_one_by_one(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        import_places(session, CORPUS)
        assert hours.hours(session, "lijiagou").week == USUAL_WEEK
        assert hours.source(session, "lijiagou") is None
        county = [hours.kept(_TWICE)] * 5 + [[], []]
        session.add(OfficeHours(place_id="qinghe", week=county))
        session.add(OfficeDay(place_id="qinghe", day=date(2026, 11, 25), periods=[], note="停电"))
        session.add(OfficeDay(place_id="qinghe", day=date(2026, 11, 28), periods=hours.kept(_SATURDAY)))
        session.add(OfficeDay(place_id="lijiagou", day=date(2026, 11, 28), periods=[]))
        session.add(CalendarDay(day=date(2026, 11, 26), is_workday=False))
        session.commit()
        village, neighbour = hours.hours(session, "lijiagou"), hours.hours(session, "shiqiao")
        assert village.week == neighbour.week == hours.week_of(county)
        assert hours.source(session, "lijiagou") == "qinghe"
        assert village.on(date(2026, 11, 25)) == ()
        assert village.on(date(2026, 11, 28)) == ()
        assert neighbour.on(date(2026, 11, 28)) == _SATURDAY
        assert village.on(date(2026, 11, 26)) == ()  # what staff entered for the whole country
        assert hours.hours(session, None).week == hours.week_of(county), "who has named no village is in the county"
        session.add(OfficeHours(place_id="lijiagou", week=[hours.kept(_SATURDAY)] * 7))
        session.commit()
        assert hours.hours(session, "lijiagou").on(date(2026, 11, 29)) == _SATURDAY
        assert hours.hours(session, "lijiagou").on(date(2026, 11, 25)) == (), "the county's single day holds below it"


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ([("08:30", "")], "周一：上班和下班的时间要都填"),
        ([("8点", "12:00")], "周一：上班和下班的时间要都填"),
        ([("12:00", "08:30")], "周一：下班（08:30）要晚于上班（12:00）。"),
        ([("08:30", "14:30"), ("14:00", "17:30")], "周一：下午上班要晚于上午下班。"),
    ],
)
def test_hours_that_cannot_be_are_named(typed: Sequence[tuple[str, str]], wrong: str) -> None:
    with pytest.raises(InvalidInput, match=wrong.replace("（", r"\（").replace("）", r"\）")):
        hours.read_day(typed, of="周一")


def test_hours_are_kept_as_they_are_read() -> None:
    day = hours.read_day([("08:30", "12:00"), ("14:00", "17:30")], of="周一")
    assert hours.says(day) == "08:30-12:00、14:00-17:30"
    assert hours.day_of(hours.kept(day)) == day
    assert hours.says(hours.read_day([("", ""), ("", "")], of="周日")) == "休息"
