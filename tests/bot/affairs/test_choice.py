"""A choice as people send it; what is none stays a message."""

import pytest

from bot.affairs.choice import choice_in, pressed, says_choice

ENDS = ("东头", "西头", "学校门口")


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ("1", [0]),
        ("2", [1]),
        ("1 3", [0, 2]),
        ("1、3", [0, 2]),
        ("1和3", [0, 2]),
        ("13", [0, 2]),
        ("3号", [2]),
        ("第二个", [1]),
        ("我选第二个", [1]),
        ("选2吧", [1]),
        ("一", [0]),
        ("第1个和第3个", [0, 2]),
        ("9", [8]),
        ("10", [9]),
        ("东头", [0]),
        ("我选东头", [0]),
        ("俺投学校门口", [2]),
        ("东头和西头", [0, 1]),
        ("装东头吧", [0]),
        ("都行", [0, 1, 2]),
        ("我都行", [0, 1, 2]),
    ],
)
def test_a_choice_is_read(said: str, chosen: list[int]) -> None:
    assert choice_in(said, ENDS) == chosen


@pytest.mark.parametrize(
    "said",
    [
        "",
        "太阳能是啥意思",
        "不要东头",
        "东头不行",
        "东头好还是西头好",
        "我想问问电费谁出",
        "转人工",
        "算了",
        "13812345678",
        "110",
        "1号那天我儿子被打了",
        "2024年的账",
        "我选" + "东" * 60,
        "头",
    ],
)
def test_what_is_no_choice_stays_a_message(said: str) -> None:
    assert choice_in(said, ENDS) is None


def test_an_option_whose_word_holds_another_is_read_whole() -> None:
    assert choice_in("东头桥边", ("东头", "东头桥边")) == [1]
    assert choice_in("桥边", ("东头桥边", "西头桥边")) is None, "two have it"


def test_a_button_names_its_topic() -> None:
    assert pressed("议-26-014 选第2个") == ("议-26-014", [1])
    assert pressed("议-26-014 都行") == ("议-26-014", None)
    assert pressed("议-26-014 说意见") is None
    assert pressed("议-26-014") is None


@pytest.mark.parametrize(
    ("said", "is_it"),
    [
        ("我选东头", True),
        ("投西头", True),
        ("东头", False),
        ("我要投诉垃圾桶", False),
        ("选举法规定几年一届", False),
        ("投票那天我在新疆", False),
    ],
)
def test_who_says_that_they_choose(said: str, is_it: bool) -> None:
    assert says_choice(said) is is_it
