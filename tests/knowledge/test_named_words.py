"""Patterns built of named words: what they find, and what whoever edits a file is told."""

import pytest

from knowledge.data_files import WrongAt
from knowledge.named_words import NamedWords

WORDS = {"高处": ("楼顶 天台", "桥上"), "旁人": ("他 工友",)}
PARTS = {"别人": ("{旁人}", "隔壁[^，。]{0,4}"), "要跳": ("{别人}[^。]{0,6}{高处}",)}


def test_a_name_is_any_of_its_words_and_a_count_is_none() -> None:
    pattern = NamedWords(WORDS, PARTS).pattern(("{要跳}[^。]{0,2}跳", "上吊"))
    assert [bool(pattern.search(said)) for said in ("他在天台上要跳", "隔壁老王爬到桥上跳", "他跳舞", "要上吊")] == [
        True,
        True,
        False,
        True,
    ]


def test_a_name_is_one_thing_however_many_words_it_has() -> None:
    assert not NamedWords(WORDS, {}).pattern(("{旁人}在{高处}",)).search("工友不在")


@pytest.mark.parametrize(
    ("parts", "ways", "said", "place"),
    [
        ({}, ("他", "{旁边}"), "words 和 parts 里没有“旁边”", ("here", 1)),
        ({}, ("{}",), "words 和 parts 里没有“”", ("here", 0)),
        ({}, ("{高处", "{旁人}"), "“{高处”里的花括号没配成对", ("here", 0)),
        ({"一": ("{二}",), "二": ("甲", "{一}")}, ("{一}",), "绕了一圈又用到它自己", ("parts", "一", 0)),
        ({"二": ("{一}",), "一": ("甲", "(乙")}, ("{二}",), "“(乙”读不懂", ("parts", "一", 1)),
        ({"一": ("甲+",)}, ("(?<!{一})乙", "丙"), "“(?<!{一})乙”把词填进去以后读不懂", ("here", 0)),
        ({}, ("甲|",), "什么话都对得上", ("here", 0)),
        ({"一": ("甲", "乙?")}, ("{一}丙",), "“乙?”什么话都对得上", ("parts", "一", 1)),
        ({}, ("（甲|乙）",), "“（甲|乙）”是全角的", ("here", 0)),
        ({}, ("<旁人>在",), "“<旁人>”现在写成 {旁人}", ("here", 0)),
        ({"旁人": ("甲",)}, ("{旁人}",), "在 words 里已经有了", ("parts", "旁人")),
        ({"没人用": ("甲",)}, ("{旁人}{高处}",), "“没人用”没有一处用到", ("parts", "没人用")),
        ({}, ("{旁人}",), "“高处”没有一处用到", ("words", "高处")),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    parts: dict[str, tuple[str, ...]], ways: tuple[str, ...], said: str, place: tuple[int | str, ...]
) -> None:
    with pytest.raises(WrongAt) as error:
        NamedWords(WORDS, parts).check([(("here",), ways)])
    assert said in str(error.value)
    assert error.value.loc == place
