"""The days as residents name them, read on Monday 30 November 2026."""

from datetime import date

import pytest

from actions.calendar import lunar
from actions.calendar.said_days import SaidDay, read

TODAY = date(2026, 11, 30)


def days(text: str, *, past: bool = True, today: date = TODAY) -> list[SaidDay]:
    return list(read(text, today=today, past=past))


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("去年3月8号被辞退", "2025-03-08"),  # was read as this March
        ("去年我3月8号被辞退", "2025-03-08"),
        ("前年3月8号", "2024-03-08"),
        ("大前年三月八号", "2023-03-08"),
        ("头年腊月廿三", "2026-02-10"),
        ("三年前的3月8号", "2023-03-08"),
        ("25年3月8日收到", "2025-03-08"),
        ("二五年三月八号", "2025-03-08"),
        ("二零二五年三月八日", "2025-03-08"),
        ("98年5月1号", "1998-05-01"),
        ("2025-03-08", "2025-03-08"),
        ("2025.3.8收到", "2025-03-08"),
        ("25.3.8", "2025-03-08"),
        ("20250308", "2025-03-08"),
        ("2025年3月8", "2025-03-08"),
        ("3.8收到的判决", "2026-03-08"),
        ("11/20", "2026-11-20"),
        ("十二月五号", "2025-12-05"),  # the last one, not the next
        ("农历八月十五收到的", "2026-09-25"),
        ("去年农历八月十五", "2025-10-06"),
        ("农历去年八月十五", "2025-10-06"),
        ("阴历九月初三", "2026-10-12"),
        ("八月十五号", "2026-08-15"),
        ("公历八月十五", "2026-08-15"),
        ("腊月二十三", "2026-02-10"),
        ("去年腊月二十三", "2026-02-10"),  # the lunar year of 2025 ends in February 2026
        ("今年正月初六", "2026-02-22"),
        ("大年初三", "2026-02-19"),
        ("年三十", "2026-02-16"),
        ("2025年闰六月初五", "2025-07-29"),
        ("昨儿", "2026-11-29"),
        ("夜来收到的", "2026-11-29"),
        ("大前天", "2026-11-27"),
        ("三天前收到", "2026-11-27"),
        ("上周三", "2026-11-25"),
        ("上上周五", "2026-11-20"),
        ("礼拜天", "2026-11-29"),
        ("上个月8号", "2026-10-08"),
        ("8号收到的", "2026-11-08"),
        ("31号", "2026-10-31"),
        ("11月20日星期五", "2026-11-20"),
        ("中秋节那天送来的", "2026-09-25"),
        ("八月十五中秋节那天送来的", "2026-09-25"),  # was two days, one of either calendar
        ("重阳那天", "2026-10-18"),
        ("去年国庆节当天", "2025-10-01"),
        ("3.8妇女节那天", "2026-03-08"),
        ("双十一那天", "2026-11-11"),
        ("双十一收的", "2026-11-11"),
        ("霜降那天", "2026-10-23"),
        ("今年二月最后一天", "2026-02-28"),
        ("去年最后一天", "2025-12-31"),
        ("26号（11月）签收", "2026-11-26"),
        ("9月30日（2024年）前付清", "2024-09-30"),
        ("去年12月18号厂里开除的", "2025-12-18"),  # was taken for a hall number 18
        ("9.10法院送来", "2026-09-10"),
        ("2024年2月29日", "2024-02-29"),
        ("国庆节前一天", "2026-09-30"),
        ("冬至后一天", "2025-12-22"),
        ("上个月最后一天签收", "2026-10-31"),
        ("这个月头一天", "2026-11-01"),
        ("一个礼拜前送到", "2026-11-23"),
        ("两年前的今天", "2024-11-30"),
        ("上个月的今天", "2026-10-30"),
        ("雨水那天才送达", "2026-02-18"),
        ("霜降收到的", "2026-10-23"),
        ("昨夜送来", "2026-11-29"),
        ("今早法警送来", "2026-11-30"),
        ("平安夜那天", "2025-12-24"),
    ],
)
def test_one_day_and_no_doubt(said: str, day: str) -> None:
    assert [(str(found.first), found.is_exact) for found in days(said)] == [(day, True)]


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("去年3月", "2025-03-01", "2025-03-31"),
        ("3月底", "2026-03-25", "2026-03-31"),
        ("八月十五", "2026-08-15", "2026-09-25"),  # by either calendar
        ("大概3月8号", "2026-03-08", "2026-03-08"),
        ("大雪那天", "2025-12-07", "2025-12-07"),  # of the term, or a day with snow
        ("3月8号左右", "2026-03-08", "2026-03-08"),
        ("11月20日星期三", "2026-11-20", "2026-11-20"),  # that was a Friday
        ("上周", "2026-11-23", "2026-11-29"),
        ("上个月", "2026-10-01", "2026-10-31"),
        ("去年", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_day_that_is_not_sure(said: str, first: str, last: str) -> None:
    assert [(str(d.first), str(d.last), d.is_exact) for d in days(said)] == [(first, last, False)]


@pytest.mark.parametrize("said", ["2月30号", "13月5号", "4月31日", "2025年2月29日"])
def test_a_day_that_no_calendar_has(said: str) -> None:
    assert [found.is_impossible for found in days(said)] == [True]


@pytest.mark.parametrize(
    "said",
    [
        "欠我3.5万",
        "赔了3.8万元",
        "2.5亩地",
        "3.14米宽",
        "电话13812345678",
        "身份证410123199003081234",
        "0371-65432108",
        "3号楼2单元",
        "3号厂房",
        "最后一天是哪天",
        "外面下小雪，双十一活动",
        "8号院门口",
        "（2025）豫01民初3456号",
        "豫A12号车",
        "下午3点",
        "3:30开庭",
        "干了25年",
        "判了3年2个月",
        "15天内",
        "第3.5条",
    ],
)
def test_what_only_looks_like_a_day(said: str) -> None:
    assert days(said) == []


def test_a_year_far_away_from_its_day_leaves_it_open() -> None:
    found = days("去年我在厂里干活结果3月8号被辞退")
    assert [day.is_exact for day in found] == [False, False]


def test_what_is_taken_back_is_refused() -> None:
    assert [(str(d.first), d.is_refused) for d in days("不是3月8号，是3月9号")] == [
        ("2026-03-08", True),
        ("2026-03-09", False),
    ]


@pytest.mark.parametrize("said", ["3月8号还是9号", "3月8号或者9号"])
def test_one_of_two_days_is_not_sure(said: str) -> None:
    assert not any(day.is_exact for day in days(said))


@pytest.mark.parametrize(
    ("said", "weekdays"),
    [("不要周三", [2]), ("除了周三都行", [2]), ("周三周四都不行", [2, 3]), ("不要周三周四", [2, 3]), ("周三可以", [])],
)
def test_weekdays_that_are_refused(said: str, weekdays: list[int]) -> None:
    assert [day.weekday for day in days(said, past=False) if day.is_refused] == weekdays


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("31号", "2026-12-31"),
        ("正月初六", "2027-02-11"),
        ("8号", "2026-12-08"),
        ("周三", "2026-12-02"),
        ("12月5号", "2026-12-05"),
    ],
)
def test_a_day_to_come(said: str, first: str) -> None:
    assert [str(day.first) for day in days(said, past=False)] == [first]


def test_before_spring_festival_this_lunar_year_is_not_sure() -> None:
    assert [day.is_exact for day in days("今年正月初六", today=date(2027, 1, 10))] == [False]
    assert [day.is_exact for day in days("2026年正月初六", today=date(2027, 1, 10))] == [True]


def test_the_farmers_calendar_knows_its_leap_months_and_its_last_day() -> None:
    assert lunar.day(2025, 6, 5, is_leap=True) == date(2025, 7, 29)
    assert lunar.day(2026, 6, 5, is_leap=True) is None
    assert lunar.day(2026, 12, 30) is None  # that month has 29 days
    assert lunar.last_of(2026) == date(2027, 2, 5)
    assert lunar.year_of(date(2027, 1, 10)) == 2026


def test_a_year_told_later_with_its_own_event_is_no_year_of_the_day_before() -> None:
    day = days("腊月十八他撵我，房子是我前年过户的")[0]
    assert (str(day.first), day.is_exact) == ("2026-02-05", True)


def test_a_day_taken_back_is_refused() -> None:
    assert [(day.said, day.is_refused) for day in days("是25号，不对，是26号")] == [("25号", True), ("26号", False)]


def test_that_year_is_the_year_told_before() -> None:
    assert str(days("24年3月1日借的，当年9月1日还")[1].first) == "2024-09-01"
    assert str(days("24年3月1日借的，次年9月1日还")[1].first) == "2025-09-01"
    assert not days("当年9月1日还")[0].is_exact
