"""Hints on plainer words: found where they are, silent in quotations, few in our own texts."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents.reading_ease import PLAINER, hints
from tests.conftest import CORPUS


def found(text: str) -> list[tuple[str, str]]:
    return [(hint.text, hint.suggestion) for hint in hints(text)]


def test_a_long_sentence_is_pointed_out_with_its_length() -> None:
    text = "好的。" + "村里的人都要" * 11 + "。短的。"
    [hint] = hints(text)
    assert (hint.start, hint.end, hint.reason) == (3, 3 + 67, "这一句 66 个字，分成两三句更好懂。")


def test_a_stretch_without_a_pause_is_pointed_out() -> None:
    [hint] = hints("您看，" + "字" * 41 + "，好。")
    assert hint.text == "字" * 41
    assert "41 个字没有停顿" in hint.reason


@pytest.mark.parametrize("text", ["字" * 40 + "。", "，".join(["字" * 20] * 3) + "。", "好。" * 40, "甲\n" * 40])
def test_sentences_of_a_bearable_length_are_left_alone(text: str) -> None:
    assert hints(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("对困难户予以补助", [("予以", "给")]),
        ("据此办理", [("据此", "所以")]),
        ("依照本办法第五条之规定", [("之规定", "的规定")]),
        ("对违反的，应当依法予以处理", [("应当依法予以", "要依法")]),
        ("逾期不办", [("逾期", "过期")]),
        ("向户籍所在地派出所申请", [("户籍所在地", "户口所在地")]),
        ("提交材料", [("提交", "交")]),
        ("特此通知", [("特此通知", "")]),
        ("由相关部门处理", [("相关部门", "哪个部门（写出名字）")]),
    ],
)
def test_officialese_has_a_plainer_word(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    ["他舍不得走", "申请支付令", "根据此前的通知", "这个地方能停车", "对方可以先说", "平均可得三百元", "缴费率高"],
)
def test_the_same_characters_in_other_words_are_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("text", ["《关于逾期予以处罚的规定》", "法律写的是“逾期不予受理”", "「据此」"])
def test_what_is_quoted_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_the_list_is_long_and_every_word_is_found_and_changed() -> None:
    assert len(PLAINER) >= 60
    assert [word for word, plainer in PLAINER.items() if (word, plainer) not in found(f"请{word}。")] == []
    assert [word for word, plainer in PLAINER.items() if word in plainer and word not in ("审核",)] == []


@given(st.text(st.sampled_from("予以给逾期，。《》“”\n字户籍所在地"), max_size=120))
def test_a_hint_names_the_stretch_it_is_about(text: str) -> None:
    assert all(
        text[hint.start : hint.end] == hint.text and hint.text and hint.reason.endswith("。") for hint in hints(text)
    )


def shown(value: Any) -> list[str]:
    """What residents read of a file."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [
            text
            for name, part in value.items()
            if name in ("answer", "next", "sections", "谁可以办", "怎么办", "带什么", "去哪里", "多久", "收费", "注意")
            for text in shown(part)
        ]
    return [text for part in value for text in shown(part)] if isinstance(value, list) else []


def test_our_own_guides_have_few_hints() -> None:
    texts = [
        text
        for path in (CORPUS / "guides").glob("*.yml")
        for text in shown(yaml.safe_load(path.read_text(encoding="utf-8")))
    ]
    size, hinted = sum(map(len, texts)), [hint for text in texts for hint in hints(text)]
    long = [hint for hint in hinted if "个字" in hint.reason]
    print(f"{size} characters, {len(hinted)} hints, {len(long)} of them on length")
    assert size > 15_000
    assert len(hinted) * 1000 / size < 5
    assert len(long) <= 5
