"""What a resident is told from an answer of ours: what holds first, then the steps, the door, and what it rests on."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from knowledge.answering import question_answer
from knowledge.answering.question_answer import from_answer
from knowledge.answering.told import Answer
from knowledge.documents import saving
from knowledge.documents.building import build
from knowledge.documents.models import Chunk
from knowledge.documents.sources.other_sources import OtherSource, every_source
from knowledge.exchange import corpus
from knowledge.search.passages import load_passages
from tests.conftest import CORPUS
from tests.knowledge.documents.test_answer import CONTENT
from tests.knowledge.law.test_law_changes import law

DAY = date(2026, 11, 30)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as opened:
        corpus.import_places(opened, CORPUS)
        yield opened


def told(session: Session, question: str = "", **changed: Any) -> Answer:
    data = {**CONTENT, "id": "answer-jie", "kind": "answer", "place": "nation", "in_force_from": DAY, **changed}
    law(session, "民法典", {"第六百六十七条": "借款合同是……"}, adopted=date(2020, 5, 28), start=date(2021, 1, 1))
    version = saving.save_document(session, build(data, source="x")[0], key=None)
    [chunk] = session.query(Chunk).filter_by(version_id=version.id)
    [passage] = load_passages(session, [(0.9, chunk.id)], 1)
    return from_answer(session, passage, day=DAY, question=question)


def test_what_holds_comes_first_and_each_case_on_a_line(session: Session) -> None:
    lines = told(session).text.split("\n")
    assert lines[0] == CONTENT["answer"]
    assert lines[1:] == ["· 他说这钱是还以前的账：由他先拿证据", "· 没说好哪天还：随时可以要"]


def test_the_case_that_the_question_tells_comes_first_and_once(session: Session) -> None:
    lines = told(session, "借钱的时候没说好哪天还，他老拖").text.split("\n")
    assert lines[:2] == ["没说好哪天还：随时可以要", CONTENT["answer"]]
    assert lines[2:] == ["· 他说这钱是还以前的账：由他先拿证据"]


def test_the_steps_are_numbered_and_end_with_what_not_to_do_and_the_door(session: Session) -> None:
    lines = (told(session).next or "").split("\n")
    assert lines[1:3] == ["1. 今天就发微信问他什么时候还", "2. 谈不成，带身份证和回单去法院立案"]
    assert lines[-2:] == [CONTENT["never"], "找法院诉讼服务，电话 12368。"]
    assert told(session).phones == ("12368",)


def test_a_telephone_that_a_step_names_isnt_said_twice(session: Session) -> None:
    found = told(session, steps=["先打 12368 问清楚哪个法院收"], never="")
    assert found.next == "先打 12368 问清楚哪个法院收"


def test_it_rests_on_articles_in_force_and_names_itself_last(session: Session) -> None:
    cited = [(c.kind, c.article) for c in told(session, legal_basis=["民法典 667", "民法典 9999"]).citations]
    assert cited == [("statute", "第六百六十七条"), ("answer", None)]


def test_another_source_is_shown_as_our_summary(session: Session, monkeypatch: Any) -> None:
    known = OtherSource(name="工伤保险条例", article="17", says="一年内申请。", checked="review")
    monkeypatch.setattr("knowledge.answering.question_answer.other_source", lambda _: known)
    [_, source, _] = told(session, other_sources=["工伤保险条例 17"]).citations
    assert (source.title, source.article, source.summary) == ("工伤保险条例", "第十七条", True)
    assert "不是原文" in str(source.note)


def test_a_source_from_memory_is_kept_from_residents(session: Session, monkeypatch: Any) -> None:
    known = OtherSource(name="工伤保险条例", article="17", says="一年内申请。", checked="memory")
    monkeypatch.setattr("knowledge.answering.question_answer.other_source", lambda _: known)
    assert [c.kind for c in told(session, other_sources=["工伤保险条例 17"]).citations] == ["statute", "answer"]


def test_every_source_of_ours_can_be_cited() -> None:
    """不动产登记操作规范 counts 1.8.6, and two answers that rest on it were silence."""
    assert {source.article: question_answer._cited(source).article for source in every_source()}["1.8.6"] == "1.8.6"
