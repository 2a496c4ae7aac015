"""Numbers that measure something are found in a text, and compared with those of its sources."""

import pytest

from knowledge.evaluation.quantities import quantities, unfounded


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("三十天内去领证", {(30, "day")}),
        ("收到后15日内起诉", {(15, "day")}),
        ("六十个工作日查完", {(60, "day")}),
        ("赔三倍，不足五百元按五百元", {(3, "times"), (500, "yuan")}),
        ("罚款1万元", {(10_000, "yuan")}),
        ("三分之二以上的人同意", {(0.6667, "part")}),
        ("百分之二十以内", {(20, "percent")}),
        ("打了三成的折", {(30, "percent")}),
        ("两年半没给", {(2.5, "year")}),
        ("一个半月", {(1.5, "month")}),
        ("满八周岁", {(8, "year")}),
        ("半年内", {(0.5, "year")}),
    ],
)
def test_what_is_measured_is_found(text: str, found: set[tuple[float, str]]) -> None:
    assert quantities(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "2026年1月1日起",
        "法释〔2020〕17号第三十条",
        "今天就去，明天再说",
        "一年到头见不着人",
        "一块去村里",
        "万一他跑了",
        "十月一日结的婚",
        "有一天他来了",
        "过几天再说",
        "第三天",
    ],
)
def test_days_of_the_calendar_articles_and_idioms_measure_nothing(text: str) -> None:
    assert quantities(text) == set()


def test_a_number_of_the_source_may_be_said_in_another_unit() -> None:
    assert unfounded("半年内起诉；拖了一年就过了", ["应当在六个月内提出", "期间为十二个月"]) == []
    assert unfounded("两成以内", ["不得超过主合同标的额的百分之二十"]) == []


def test_a_number_that_no_source_says_is_told() -> None:
    assert unfounded("三十天内复议", ["可以自知道之日起六十日内提出行政复议申请"]) == [(30, "day")]
