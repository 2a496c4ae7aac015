"""Whether interest between people is more than a court upholds."""

from decimal import Decimal

import pytest

from actions.tools.sums.amounts import yuan
from actions.tools.sums.interest import told


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("五万", 50_000),
        ("3.5万", 35_000),
        ("四万二", 42_000),
        ("一万二千五", 12_500),
        ("四千二", 4_200),
        ("4200", 4_200),
    ],
)
def test_sums_as_people_say_them(said: str, amount: int) -> None:
    assert yuan(said) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "before", "said"),
    [
        (
            "一共给了我三万六，这个数能不能算还本",
            "老表21年跟我借五万 说是三分利 写了条子",
            ["36%", "超过了", "抵本金", "借 50000 元，一年最多认 6000 元到 7700 元"],
        ),
        ("月息一分五犯法吗", "", ["18%", "超过了"]),
        ("月息1分，这个合法吧", "", ["12%", "哪年哪月"]),
        ("年利率百分之八，合法吗", "", ["8%", "没超"]),
        ("说好的月息一分二，要给吗", "", ["14.4%", "哪年哪月"]),
        ("年利率24%受保护吗", "", ["24%", "超过了"]),
    ],
)
def test_a_rate_is_told_what_a_court_upholds(text: str, before: str, said: list[str]) -> None:
    found = told(text, before=before)
    assert found is not None
    for words in said:
        assert words in found


@pytest.mark.parametrize(
    "text",
    [
        "2015年借的五万，三分利合法吗",
        "信用卡年利率18%合法吗",
        "三分地能不能种",
        "借给他五万，三分利，他跑了",
        "他说三分利，后来又说五分利，合法吗",
        "我借了两万，利息没说，要给吗",
        "年息一分合法吗",  # ten percent, not one
        "借两万，一年利息三千，合法吗",
        "一天一分利，合法吗",
        "八年前借的，三分利合法吗",
        "2020年3月借的，三分利合法吗",
    ],
)
def test_nothing_is_reckoned_where_it_is_not_sure(text: str) -> None:
    assert told(text) is None


def test_the_next_matter_is_not_told_the_rate_of_the_one_before() -> None:
    assert told("低保我能办吗", before="三分利合法吗") is None


def test_interest_in_yuan_a_month_and_what_was_paid_too_much() -> None:
    found = told("2025年5月底借的 每月利息五百 我已经给了十三个月", before="借了隔壁老板一万块 他天天催 利滚利还不清")
    assert found is not None
    for words in ("60%", "给了 13 个月", "6500 元", "1300 元到 1668 元", "4832 元到 5200 元可以要求抵本金"):
        assert words in found


@pytest.mark.parametrize("text", ["借了一万，每个月还五百", "借了一万，一个月利息几百", "每月利息五百", "那去哪里告"])
def test_no_rate_where_interest_or_capital_isnt_told(text: str) -> None:
    assert told(text, before="借了我钱，每月利息五百" if text == "那去哪里告" else "") is None
