"""Whether interest between people is more than a court upholds."""

from datetime import date
from decimal import Decimal

import pytest

from actions.tools.sums import interest
from actions.tools.sums.amounts import yuan
from actions.tools.sums.lpr import ANY_DAY, limits

DAY = date(2026, 12, 3)


def told(text: str, *, before: str = "") -> str | None:
    return interest.told(text, today=DAY, before=before)


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
            ["36%", "超过了", "抵本金", "借 50000 元，一年最多认 7600 元到 7700 元"],
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
        # 法释〔2020〕17号 1, 法释〔2020〕27号: who lends by licence
        "农商行借十万每月利息一千五，能不给吗",
        "信用社年利率16%合法吗",
        "微粒贷年利率18%合法吗",
        "拍拍贷年化24%要还吗",
        "抖音放心借年化20%合法吗",
        "贷款公司借五万，三分利合法吗",
        "典当行借了三万，月息三分合法吗",
        "美团借钱年化24%合法吗",
        "平台上借的五万，年利率30%合法吗",
        "手机软件里借的，年利率30%合法吗",
    ],
)
def test_nothing_is_reckoned_where_it_is_not_sure(text: str) -> None:
    assert told(text) is None


def test_the_next_matter_is_not_told_the_rate_of_the_one_before() -> None:
    assert told("低保我能办吗", before="三分利合法吗") is None


def test_interest_in_yuan_a_month_and_what_was_paid_too_much() -> None:
    found = told("2025年5月底借的 每月利息五百 我已经给了十三个月", before="借了隔壁老板一万块 他天天催 利滚利还不清")
    assert found is not None
    for words in ("60%", "给了 13 个月", "6500 元", "1300 元到 1343 元", "5157 元到 5200 元可以要求抵本金"):
        assert words in found


@pytest.mark.parametrize("text", ["借了一万，每个月还五百", "借了一万，一个月利息几百", "每月利息五百", "那去哪里告"])
def test_no_rate_where_interest_or_capital_isnt_told(text: str) -> None:
    assert told(text, before="借了我钱，每月利息五百" if text == "那去哪里告" else "") is None


@pytest.mark.parametrize(
    ("text", "said", "never"),
    [
        # the rate is no part of the sum
        ("借十万两分利，合法吗", "借 100000 元，一年最多认 12000 元到 15400 元", "102000"),
        ("借五万三分利，合法吗", "借 50000 元，", "53000"),
        ("借他三万一分五的利，合法吗", "借 30000 元，", "31000"),
        ("借十万2分利，合法吗", "借 100000 元，", "100002"),
        # by the month, not by the year
        ("月息两分合法吗", "按月息算，合一年 24%", "您这个情况：合一年"),
        ("年利率24%受保护吗", "合一年 24%", "按月息算"),
        # who lends for a living
        ("借五万四分利，合法吗", "没有放贷资格、到处放贷的，合同可能无效", "您要不到"),
        ("借五万三分利，合法吗", "超过了", "合同可能无效"),
    ],
)
def test_what_is_said_of_sum_and_rate(text: str, said: str, never: str) -> None:
    found = told(text)
    assert found is not None
    assert said in found
    assert never not in found


@pytest.mark.parametrize(
    "text",
    [
        "我借给他五万，每个月利息一千五，能不能这样收",
        "我借给他10万，三分利，他说太高了不给，合法吗",
        "他跟我借的五万，说好三分利，合法吗",
        "五万借出去，三分利合法吗",
        "放给他三万，三分利合法吗",
    ],
)
def test_who_lends_hears_what_he_cannot_ask(text: str) -> None:
    found = told(text)
    assert found is not None
    assert "超出的部分您要不到，已经多收的，他可以要求抵本金" in found
    assert "可以不给" not in found


def test_who_borrows_hears_what_he_need_not_pay() -> None:
    found = told("他借给我五万，三分利，合法吗")
    assert found is not None
    assert "超出的部分可以不给" in found


@pytest.mark.parametrize(
    "text", ["没写利息，借了五万，他说每月给他五百利息", "借了五万，利息也没说，现在他要三分利，合法吗"]
)
def test_interest_that_was_never_agreed_is_none(text: str) -> None:  # 民法典 680
    found = told(text)
    assert found is not None
    assert "没写、也没说清利息的，当没有利息" in found
    assert "要是认过，" in found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("去年借的五万，年利率15%，合法吗", "12% 到 12.4%。这个数超过了"),  # 2025: 3.10, from 20 May 3.00
        ("2025年8月借的，年利率15%，合法吗", "是一年 12%。这个数超过了"),
        ("前年借的，年利率13%，合法吗", "12.4% 到 13.8%。这个数就在这中间"),
        ("22年3月借的，月息一分二，合法吗", "是一年 14.8%。这个数没超"),
        ("今年3月借的，年利率15%，合法吗", "是一年 12%。这个数超过了"),
        ("今年借的，年利率15%，合法吗", "是一年 12%（截至2026年5月，以后借的打 12368 问）。这个数超过了"),
        ("今年10月借的，年利率15%，合法吗", "（截至2026年5月）是一年 12% 到 15.4%。这个数就在这中间"),
    ],
)
def test_the_year_of_the_loan_tells_the_limit(text: str, said: str) -> None:
    found = told(text)
    assert found is not None
    assert said in found


def test_a_year_of_payments_counts_as_twelve_months() -> None:
    found = told("借了五万，每月利息两千，给了两年，能不能抵本金")
    assert found is not None
    assert "给了 24 个月，一共 48000 元" in found


def test_what_the_lender_was_given_is_not_told_as_given_by_him() -> None:
    found = told("我借给他五万，每月利息两千，收了两年，他不给了")
    assert found is not None
    assert "他给了 24 个月" in found
    assert "他可以要求抵本金" in found


def test_the_limit_is_known_for_no_day_before_it_held() -> None:
    assert limits(date(2019, 1, 1), date(2020, 8, 19)) is None
    assert limits(date(2026, 6, 1), date(2026, 12, 31)) is None
    assert (ANY_DAY.least, ANY_DAY.most) == (Decimal("12.00"), Decimal("15.40"))
