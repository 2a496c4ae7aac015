"""One question in other small words is the same question, another question is not."""

import pytest

from knowledge.search.searcher import _bare


@pytest.mark.parametrize(
    "asked",
    ["彩礼能退吗", "彩礼可以退吗？", "彩礼能不能退", "请问彩礼能退不", "彩礼可不可以退呀", "想问一下，彩礼能退吗"],
)
def test_small_words_make_no_other_question(asked: str) -> None:
    assert _bare(asked) == _bare("彩礼能退吗")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("欠钱不还咋办", "欠钱不还怎么办"),
        ("低保如何申请", "低保怎么申请"),
        ("俺的地被占了找谁", "我的地被占了找谁"),
        ("要带啥材料", "要带什么材料"),
    ],
)
def test_dialect_makes_no_other_question(one: str, other: str) -> None:
    assert _bare(one) == _bare(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("彩礼能退吗", "彩礼不能退吗"),
        ("欠钱不还", "欠钱"),
        ("离婚了怎么办", "离婚怎么办"),
        ("工资给不给", "工资给了"),
        ("能结婚吗", "能离婚吗"),
        ("要不要交钱", "要交钱"),
    ],
)
def test_another_question_stays_another(one: str, other: str) -> None:
    assert _bare(one) != _bare(other)
