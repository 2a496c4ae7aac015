"""What every kind owes to the places that ask it: names, folders, a shape that needs no second pass."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents.building import build
from knowledge.documents.fields import fields
from knowledge.documents.kinds import base
from knowledge.documents.kinds.base import FieldSpec, Form
from knowledge.documents.kinds.registry import EDITABLE, KINDS, Kind
from knowledge.documents.shape import problems, shaped

DAY = date(2026, 3, 1)
_ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def names(specs: tuple[FieldSpec, ...]) -> list[str]:
    return [name for spec in specs for name in (spec.name, *names(spec.of))]


def test_every_value_of_the_column_is_a_kind() -> None:
    assert set(KINDS) == set(Kind)
    assert set(EDITABLE) == set(Kind) - {Kind.statute}


def test_kinds_of_ours_have_names_folders_and_prefixes_of_their_own() -> None:
    specs = [KINDS[kind] for kind in EDITABLE]
    assert all(spec.folder and spec.words and spec.about for spec in specs)
    assert max(Counter(spec.prefix for spec in specs).values()) == 1
    assert max(Counter(spec.name for spec in KINDS.values()).values()) == 1
    assert max(Counter(spec.label for spec in KINDS.values()).values()) == 1


@pytest.mark.parametrize("kind", EDITABLE)
def test_a_shape_is_exactly_the_fields_and_shaping_again_changes_nothing(kind: Kind) -> None:
    content = shaped(kind, {"title": " 标 题 ", "topic": "没有这一类", "foreign": 1})
    assert list(content) == ["title", "topic", *(f.name for f in KINDS[kind].fields)]
    assert (content["title"], content["topic"]) == ("标 题", None)
    assert shaped(kind, content) == content
    assert problems(kind, content, in_force_from=DAY, in_force_to=None)


@pytest.mark.parametrize("kind", EDITABLE)
@given(data=st.data())
def test_whatever_is_sent_comes_into_shape(kind: Kind, data: st.DataObject) -> None:
    sent = {name: data.draw(_ANYTHING) for name in {"title", "topic", *names(KINDS[kind].fields)}}
    content = shaped(kind, sent)
    assert shaped(kind, content) == content
    fields(kind, content)
    problems(kind, content, in_force_from=DAY, in_force_to=None)


@pytest.mark.parametrize("kind", EDITABLE)
def test_a_complete_text_gives_chunks_that_say_what_a_resident_is_told(kind: Kind) -> None:
    content = shaped(kind, complete(KINDS[kind].fields) | {"title": "标题"})
    assert problems(kind, content, in_force_from=DAY, in_force_to=None) == []
    row = {"id": "x-1", "kind": kind.value, "place": "nation", "in_force_from": DAY}
    document, questions = build({**row, **content}, source="test")
    assert document.chunks
    assert all(chunk.details["answer"] for chunk in document.chunks)
    own = ["标题"] if kind is Kind.answer else []  # what an answer answers is a question itself
    assert [q.text for q in questions] == [*own, "怎么问"]
    assert {f.label for f in fields(kind, content) if f.is_prose} >= {"标题"}


def complete(specs: tuple[FieldSpec, ...]) -> dict[str, Any]:
    """Every field filled in."""
    return {spec.name: _filled(spec) for spec in specs}


def _filled(spec: FieldSpec) -> Any:
    if spec.form is Form.parts:
        return [complete(spec.of)]
    if spec.form is Form.group:
        return complete(spec.of)
    given = {
        Form.lines: [spec.example or "怎么问"],
        Form.articles: ["民法典 1042"],
        Form.day: "2026-03-01",
        Form.choice: next(iter(spec.choices), None),
        Form.flag: True,
        Form.sections: {"带什么": "身份证"},
    }
    return given.get(spec.form, "第一条")


def test_a_line_that_may_be_none_is_none_when_empty() -> None:
    assert base.line("number", "文号", is_none=True).shape("  ") is None
    assert base.line("number", "文号").shape("  ") == ""


def test_choice_of_nothing_known_is_the_default() -> None:
    asked = base.choice("status", "状态", {"a": "甲"}, default="a")
    assert [asked.shape(v) for v in ("b", None, ["a"], "a")] == ["a"] * 4
    assert asked.shown("a") == "甲"


def test_fixed_field_is_neither_asked_nor_shown() -> None:
    [summary] = [f for f in KINDS[Kind.regulation].fields if f.form is Form.fixed]
    assert summary.shape("anything") is True
    content = shaped(Kind.regulation, {"articles": [{"number": "第一条", "text": "内容"}]})
    assert [f.name for f in fields(Kind.regulation, content)] == ["articles.0.text"]
