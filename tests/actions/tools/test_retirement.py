from datetime import date

import pytest

from actions.tools.retirement import MAN, WOMAN_50, WOMAN_55, Kind, month_of, told

TODAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("kind", "born", "retires"),
    [
        # the examples and the corners of the annexes to 国务院关于渐进式延迟法定退休年龄的办法
        (MAN, (1964, 12), (2024, 12, 0)),
        (MAN, (1965, 1), (2025, 2, 1)),
        (MAN, (1965, 5), (2025, 7, 2)),
        (MAN, (1972, 12), (2034, 12, 24)),
        (MAN, (1976, 12), (2039, 12, 36)),
        (MAN, (1980, 3), (2043, 3, 36)),
        (WOMAN_55, (1970, 1), (2025, 2, 1)),
        (WOMAN_55, (1981, 12), (2039, 12, 36)),
        (WOMAN_50, (1975, 1), (2025, 2, 1)),
        (WOMAN_50, (1975, 10), (2026, 3, 5)),
        (WOMAN_50, (1984, 12), (2039, 12, 60)),
    ],
)
def test_the_month_by_the_table(kind: Kind, born: tuple[int, int], retires: tuple[int, int, int]) -> None:
    assert month_of(kind, *born) == retires


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("我76年11月的，女，厂里普通工人，原来说50退，现在到底几岁退", ["2027 年 11 月", "51 岁，比原来晚 12 个月"]),
        ("我爸六八年三月生的，啥时候能退休", ["男职工到 2029 年 1 月"]),
        ("俺媳妇一九七五年十月的，几岁退休", ["50 岁 5 个月", "管理岗"]),
        ("我妈是老师，72年8月的，什么时候退休", ["2028 年 "]),
    ],
)
def test_who_tells_when_they_were_born_is_told_the_month(text: str, said: list[str]) -> None:
    found = told(text, today=TODAY)
    assert found is not None
    assert all(words in found for words in said)


@pytest.mark.parametrize(
    "text",
    [
        "几岁能退休",
        "我76年的女的几岁退",
        "76年11月生的几岁退休",
        "2026年11月退的押金，女房东不给",
        "我爸68年3月当兵，退役安置",
    ],
)
def test_what_cannot_be_reckoned_is_not(text: str) -> None:
    assert told(text, today=TODAY) is None


def test_the_month_of_birth_may_come_after_the_question() -> None:
    text = "我是73年6月的，一直自己交的灵活就业，到现在交了17年多"
    assert told(text, today=TODAY) is None
    found = told(text, today=TODAY, before="女的现在到底多大岁数退休啊")
    assert found is not None
    assert "2029 年" in found
    assert told("我现在交了17年多", today=TODAY, before="女的73年6月生的多大岁数退休") is None
