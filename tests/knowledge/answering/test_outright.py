"""What is told outright, and what is only offered: a long message needs a surer source, whatever its kind."""

from types import SimpleNamespace
from typing import Any

import pytest

from knowledge.answering import compose
from knowledge.answering.told import Abstention, Answer
from knowledge.documents.models import Kind
from knowledge.search.passages import Passage
from tests.knowledge.answering.test_opposites import passage

SHORT = "退休金被法院冻结了能留生活费吗"
LONG = "我今年六十八了，退休金的卡给人担保被法院冻结了，一分钱取不出来，吃饭看病都没钱，能不能给我留点生活费"


def found(kind: Kind, score: float) -> list[Passage]:
    best = passage("best", 0.35, "八十岁起领。")
    near = passage("near", 0.34, "要留必需的生活费。")
    return [Passage(**{**vars_of(best), "kind": kind, "score": score}), near]


def vars_of(one: Passage) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


@pytest.mark.parametrize(
    ("kind", "text", "score", "is_told"),
    [
        (Kind.policy, LONG, 0.65, False),
        (Kind.policy, LONG, 0.85, True),
        (Kind.policy, SHORT, 0.65, True),
        (Kind.answer, LONG, 0.65, False),
        (Kind.answer, SHORT, 0.65, True),
    ],
)
def test_a_long_message_needs_a_surer_source(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, text: str, score: float, is_told: bool
) -> None:
    told = ask(monkeypatch, found(kind, score), text)
    assert isinstance(told, Answer) is is_told
    assert "near" in [near.document for near in told.near]


@pytest.mark.parametrize(("text", "is_told"), [(SHORT, True), (LONG, False)])
def test_what_lies_near_alone_is_told_a_long_message_as_the_nearest(
    monkeypatch: pytest.MonkeyPatch, text: str, is_told: bool
) -> None:
    told = ask(monkeypatch, found(Kind.answer, 0.45)[:1], text)
    assert isinstance(told, Answer) is is_told
    assert [near.document for near in told.near] == ["best"]


@pytest.mark.parametrize(("score", "documents"), [(0.45, ["best", "near"]), (0.7, ["best"])])
def test_beside_what_lies_near_alone_stands_what_comes_next_among_answers(
    monkeypatch: pytest.MonkeyPatch, score: float, documents: list[str]
) -> None:
    """A landlord whose tenant left his things was told whole what holds when a tenant dies."""
    best, near = found(Kind.answer, score)
    far = Passage(**{**vars_of(near), "raw": best.raw - 0.1})
    monkeypatch.setattr(compose, "_own", lambda *_: [best, near, Passage(**{**vars_of(far), "document_id": "far"})])
    told = ask(monkeypatch, [best], LONG)
    assert isinstance(told, Abstention)
    assert [one.document for one in told.near] == documents


def ask(monkeypatch: pytest.MonkeyPatch, passages: list[Passage], text: str) -> Answer | Abstention:
    monkeypatch.setattr(compose, "sound", lambda _, found, **__: found)
    monkeypatch.setattr(compose, "named_wrongly", lambda *_, **__: None)
    monkeypatch.setattr(compose, "_told", lambda *_: Answer("八十岁起领。", None, (), 0.8, document="best"))
    searcher: Any = SimpleNamespace(search=lambda *_, **__: passages)
    session: Any = None
    return compose.answer(session, searcher, text, day=passages[0].in_force_from, place=None)
