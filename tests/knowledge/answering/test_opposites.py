"""The other side of a matter is told beside the answer, where both lie near."""

from datetime import date

import pytest

from knowledge.answering import compose
from knowledge.answering.compose import _with_opposites
from knowledge.answering.told import Answer
from knowledge.documents.models import Kind
from knowledge.documents.sources.opposites import OPPOSITES
from knowledge.search.passages import Passage
from tests.conftest import CORPUS


def passage(document: str, raw: float, gist: str) -> Passage:
    day = date(2026, 1, 1)
    details = {"answer": gist}
    return Passage(
        1, document, Kind.answer, document, None, None, gist, None, "nation", day, None, None, 0.8, raw, details
    )


def test_every_pair_names_two_answers_of_ours() -> None:
    ours = {path.stem for path in (CORPUS / "answers").glob("*.yml")}
    assert set(OPPOSITES) <= ours
    assert len(OPPOSITES) >= 300


@pytest.mark.parametrize(("raw", "is_told"), [(0.36, True), (0.2, False)])
def test_the_other_side_is_told_where_it_lies_near(monkeypatch: pytest.MonkeyPatch, raw: float, is_told: bool) -> None:
    monkeypatch.setattr(compose, "OPPOSITES", {"bitten": {"owner": "您家的狗咬了人"}})
    found = [passage("bitten", 0.4, "养狗的人出。"), passage("owner", raw, "先送人去打疫苗。")]
    told = _with_opposites(Answer("养狗的人出。", None, (), 0.8, document="bitten"), found)
    lines = told.text.split("\n")
    assert (lines[1:] == ["别弄混了：", "· 如果是“您家的狗咬了人”：先送人去打疫苗。"]) is is_told
    assert lines[0] == "养狗的人出。"
    assert told.buttons == ((("您家的狗咬了人", "owner"),) if is_told else ()), "one press leads there"


def test_an_answer_without_another_side_is_told_as_it_is() -> None:
    told = Answer("能。", None, (), 0.8, document="alone")
    assert _with_opposites(told, [passage("alone", 0.4, "能。"), passage("other", 0.4, "不能。")]) is told
