import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents.differences import Change, Line, by_field, by_sentence, sentences
from knowledge.documents.fields import fields
from knowledge.documents.kinds.base import Form
from knowledge.documents.kinds.registry import EDITABLE, KINDS, Kind
from knowledge.documents.shape import shaped
from tests.knowledge.documents.test_kinds import complete

RULE = {
    "title": "村规",
    "clauses": [
        {"number": "第一条", "text": "狗要拴绳。", "answer": "要拴。"},
        {"number": "第二条", "text": "不得乱倒垃圾。", "answer": "别乱倒。"},
    ],
}


def said(line: Line, side: str) -> str:
    return "".join(p.text for p in getattr(line, side))


def marked(line: Line, side: str) -> list[str]:
    return [p.text for p in getattr(line, side) if p.is_changed]


def test_a_reworded_sentence_stands_beside_what_it_was_with_the_words_marked() -> None:
    first, second, third = by_sentence("满六十岁就能办。带身份证。不收费。", "满六十五岁就能办。带身份证。不收费！")
    assert (first.change, marked(first, "old"), marked(first, "new")) == (Change.changed, [], ["五"])
    assert (second.change, said(second, "old")) == (Change.same, "带身份证。")
    assert (third.change, marked(third, "old"), marked(third, "new")) == (Change.changed, ["。"], ["！"])


def test_what_came_and_what_went_stand_alone() -> None:
    assert [
        (line.change, said(line, "old"), said(line, "new"))
        for line in by_sentence("甲。乙乙乙。丙。", "甲。丙。丁丁丁。")
    ] == [
        (Change.same, "甲。", "甲。"),
        (Change.removed, "乙乙乙。", ""),
        (Change.same, "丙。", "丙。"),
        (Change.added, "", "丁丁丁。"),
    ]
    assert [line.change for line in by_sentence("", "新写的。")] == [Change.added]
    assert by_sentence("", "") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("一。二！三", ["一。", "二！", "三"]),
        ("他说：“好。”走了。", ["他说：“好。”", "走了。"]),
        ("第一行\n\n第二行\n", ["第一行", "第二行"]),
        ("", []),
    ],
)
def test_a_text_is_its_sentences(text: str, found: list[str]) -> None:
    assert sentences(text) == found


_TEXT = st.text("甲乙丙丁。！\n，a ", max_size=40)


@given(old=_TEXT, new=_TEXT)
def test_both_sides_hold_their_whole_text_and_the_same_text_has_no_change(old: str, new: str) -> None:
    lines = by_sentence(old, new)
    assert [s for line in lines if (s := said(line, "old"))] == sentences(old)
    assert [s for line in lines if (s := said(line, "new"))] == sentences(new)
    assert all(line.change is Change.same for line in by_sentence(old, old))


def test_a_clause_that_moved_is_no_change_and_one_that_went_is_shown() -> None:
    old = shaped(Kind.village_rule, RULE)
    moved = {**old, "clauses": old["clauses"][::-1]}
    assert not [d.label for d in by_field(Kind.village_rule, old, moved) if d.is_changed]
    gone = by_field(Kind.village_rule, old, {**old, "clauses": old["clauses"][:1]})
    assert [d.label for d in gone if d.is_changed] == ["第二条 · 内容", "第二条 · 给居民的话", "第二条 · 合不合法"]
    assert {line.change for d in gone if d.is_changed for line in d.lines} == {Change.removed}


def test_two_clauses_of_one_number_are_kept_apart() -> None:
    old = shaped(
        Kind.village_rule,
        {"title": "村规", "clauses": [{"number": "第一条", "text": "甲。"}, {"number": "第一条", "text": "乙。"}]},
    )
    new = {**old, "clauses": [old["clauses"][0], {**old["clauses"][1], "text": "乙改。"}]}
    assert [said(line, "new") for d in by_field(Kind.village_rule, old, new) if d.is_changed for line in d.lines] == [
        "乙改。"
    ]


@pytest.mark.parametrize("kind", EDITABLE)
def test_every_field_of_a_kind_has_a_name_for_people(kind: Kind) -> None:
    content = shaped(kind, complete(KINDS[kind].fields) | {"title": "题", "topic": "其他"})
    said = {f.name.split(".")[0] for f in fields(kind, content)}
    assert said == set(content) - {f.name for f in KINDS[kind].fields if f.form is Form.fixed}
    assert all(f.label for f in fields(kind, content))


def test_a_very_long_text_is_compared_in_little_time() -> None:
    old = "".join(f"第{i}句话说的是办事要带身份证。" for i in range(1200))
    started = time.process_time()
    lines = by_sentence(old, old.replace("第7句", "第七句") + "最后一句。")
    assert [line.change for line in lines if line.change is not Change.same] == [Change.changed, Change.added]
    assert time.process_time() - started < 10  # quadratic in characters it would take minutes


def test_a_text_that_was_written_anew_stands_row_by_row_beside_the_old_one() -> None:
    assert [
        (line.change, said(line, "old"), said(line, "new"))
        for line in by_sentence("甲甲甲。乙乙乙。", "丙丙丙。丁丁丁。戊戊戊。")
    ] == [
        (Change.changed, "甲甲甲。", "丙丙丙。"),
        (Change.changed, "乙乙乙。", "丁丁丁。"),
        (Change.added, "", "戊戊戊。"),
    ]
