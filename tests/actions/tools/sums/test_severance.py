"""What the dismissed may ask for: 劳动合同法 47 and 87, by hand."""

import pytest

from actions.tools.sums.severance import Worked, told


@pytest.mark.parametrize(
    ("years", "months", "counted"), [(4, 0, "4"), (6, 6, "7"), (6, 5, "6.5"), (3, 1, "3.5"), (1, 11, "2")]
)
def test_six_months_count_as_a_year_and_less_as_half(years: int, months: int, counted: str) -> None:
    assert str(Worked(years, months).counted) == counted


@pytest.mark.parametrize(
    ("text", "before", "said"),
    [
        (
            "在米厂干了六年半，月月四千二，被辞退了该补几个月工资？",
            "",
            ["7 个月工资，29400 元", "14 个月工资，58800 元"],
        ),
        ("在采石场做了四年，老板喊我莫去了，能赔多少", "", ["4 个月工资；", "翻一倍，8 个月工资；"]),
        ("俺进厂六年零四个月", "厂子不要我了，赔钱是怎么个赔法？", ["6.5 个月工资", "13 个月工资"]),
        ("公司裁员，工作3年2个月，月薪8000，补偿多少", "", ["28000 元", "56000 元"]),
    ],
)
def test_who_says_how_long_is_told_how_much(text: str, before: str, said: list[str]) -> None:
    found = told(text, before=before)
    assert found is not None
    for words in said:
        assert words in found


def test_a_basic_wage_is_no_wage_to_reckon_with() -> None:
    found = told("干了四年，底薪3000，提成另算，被辞退赔多少")
    assert found is not None
    assert "元" not in found


@pytest.mark.parametrize(
    "text",
    [
        "干了二十年被辞退赔多少",  # some of it before 2008
        "干了三年多被辞退赔多少",
        "我自己辞职，干了三年能拿补偿吗",
        "试用期干了两个月被辞退赔多少",
        "工伤以后干了三年被辞退赔多少",
        "签了三年合同，被辞退赔多少",
        "合同写2023年到期，被辞退赔多少",
        "我是老板，员工干了四年，辞退他要赔多少",
        "干了四年，工资拖了三个月不给",
        "小时工干了三年，被辞退赔多少",
        "公益岗干了三年，不要我了赔多少",
        "干了三年，迟到几回被开除，赔多少",
        "干了三年被辞退，前头那家干了五年，赔多少",
    ],
)
def test_nothing_is_reckoned_where_it_is_not_sure(text: str) -> None:
    assert told(text) is None


def test_the_next_matter_is_not_told_the_sum_of_the_one_before() -> None:
    before = "在米厂干了六年半，月月四千二，被辞退了该补几个月工资？"
    assert told("交警罚我1500说我无证，可我有证就是没带", before=before) is None
    assert told("狗咬了要赔多少", before=before) is None


@pytest.mark.parametrize("text", ["能赔多少", "那能拿多少钱啊？", "该赔我几个月工资"])
def test_the_bare_question_for_the_sum_is_of_the_matter_before(text: str) -> None:
    found = told(text, before="我在厂里干了四年被辞退")
    assert found is not None
    assert "4 个月工资" in found
