"""Every file of ours loads, and every article it cites exists and is in force today."""

import re
from collections import Counter
from datetime import date

import yaml
from sqlalchemy.orm import Session, sessionmaker

from knowledge.answering.compose import _from_village_rule
from knowledge.documents.building import DocumentText, corpus_files, read_document, read_question_bank, read_set_aside
from knowledge.documents.kinds.base import Question
from knowledge.documents.models import Kind
from knowledge.documents.topics import TOPICS
from knowledge.search.passages import Passage
from knowledge.statutes.citations import citations_in, parse_citation, statute_id
from knowledge.statutes.reading import read_statutes
from tests.conftest import CORPUS, DAY

BEGIN = {
    (statute_id(v.law.removeprefix("中华人民共和国")), a.number): v.in_force_from
    for v in read_statutes(CORPUS / "statute-corrections.yml")
    if v.is_in_force(DAY)
    for a in v.articles
}
ARTICLES = set(BEGIN)
READ: list[tuple[DocumentText, list[Question]]] = [read_document(path) for path in corpus_files(CORPUS)]
DOCUMENTS = [document for document, _ in READ]
QUESTIONS = [question for _, asked in READ for question in asked]
BANK = read_question_bank(CORPUS)
SET_ASIDE = read_set_aside(CORPUS)
STORIES = [d for d in DOCUMENTS if d.kind is Kind.case_story]
# places.yml and, in the same invented county, townships that only stories know
TOWN = re.compile("清禾县|柳河镇|青石乡|白果镇|双堰镇|南岭乡|麻塘乡|大垭乡")
MONTH = re.compile(r"(?:[正冬腊一二三四五六七八九十]|[0-9]{1,2})月")


def cited(document: DocumentText) -> list[str]:
    found = [*(document.content.get("legal_basis") or [])]
    for chunk in document.chunks:
        found += chunk.details.get("basis") or []
        found += (chunk.details.get("conflict") or {}).get("articles") or []
    return found


def test_every_cited_article_exists_and_is_in_force() -> None:
    """Of answers on the new year's law too: tests/knowledge/evaluation/test_answer_texts.py."""
    wrong = [
        f"{d.id}: {c}"
        for d in DOCUMENTS
        if d.in_force_from <= DAY
        for c in cited(d)
        if (t := parse_citation(c)) and (t.document_id, t.ref) not in ARTICLES
    ]
    assert wrong == []


def test_every_article_named_in_a_sentence_exists_and_is_in_force() -> None:
    laws = {i for i, _ in ARTICLES}
    written = [
        (d.id, statute_id(c.law), c)
        for d in DOCUMENTS
        for w in citations_in(d.content)
        if not w.is_listed and (c := w.citation).is_certain
    ]
    assert [f"{id}: {c}" for id, law, c in written if law in laws and (law, c.ref) not in ARTICLES] == []


def test_every_bank_question_points_to_an_article_in_force() -> None:
    wrong = [f"{q.source}: {q.text}" for q in BANK for t in q.targets if (t.document_id, t.ref) not in ARTICLES]
    assert wrong == []


def test_ids_are_unique_and_name_their_file() -> None:
    assert [i for i, n in Counter(d.id for d in DOCUMENTS).items() if n > 1] == []
    assert {p.stem for p in corpus_files(CORPUS)} >= {d.id for d in DOCUMENTS if d.kind is not Kind.village_rule}


def test_topics_and_places_are_known() -> None:
    places = {row["id"] for row in yaml.safe_load((CORPUS / "places.yml").read_text(encoding="utf-8"))}
    assert {d.place_id for d in DOCUMENTS} <= places
    assert {q.topic for q in [*BANK, *QUESTIONS]} - {None} <= set(TOPICS)


def test_people_ask_in_many_ways_and_two_for_each_answer_are_set_aside() -> None:
    everything = {q.id: q for q in [*BANK, *QUESTIONS, *SET_ASIDE]}
    aside = Counter(t.document_id for q in everything.values() if q.is_set_aside for t in q.targets)
    answers = [d for d in DOCUMENTS if d.kind is Kind.answer and d.in_force_from <= DAY]
    assert len(everything) >= 20_000
    assert len(answers) >= 1_800
    assert len([d.id for d in answers if aside[d.id] < 2]) * 100 < len(answers)  # a few were an indexed way already


def test_short_answers_stay_short() -> None:
    long = [d.id for d in DOCUMENTS for c in d.chunks if len(c.details.get("answer") or "") > 200]
    assert long == []


def test_a_story_is_told_at_length_with_its_place_and_month() -> None:
    told = {d.id: "".join((d.content["facts"] + d.content["handling"]).split()) for d in STORIES}
    assert len(told) >= 120
    assert [id for id, text in told.items() if not 150 <= len(text) <= 400] == []
    townships = {id: text for id, text in told.items() if id.startswith(("story-a-", "story-c-"))}
    assert [id for id, text in townships.items() if not TOWN.search(text)] == []
    assert [id for id, text in townships.items() if not MONTH.search(text)] == []


def test_no_story_begins_before_an_article_that_it_cites() -> None:
    cites = [(d, c, parse_citation(c)) for d in STORIES for c in cited(d)]
    early = [f"{d.id}: {c}" for d, c, t in cites if t.ref and BEGIN[t.document_id, t.ref] > d.in_force_from]
    assert early == []


def test_summaries_are_marked_as_summaries() -> None:
    assert all(c.details.get("summary") for d in DOCUMENTS if d.kind is Kind.regulation for c in d.chunks)


def test_a_conflicting_clause_is_quoted_after_the_law(sessions: sessionmaker[Session]) -> None:
    conflict = {"says": "罚款只能由行政机关依法作出。", "articles": []}
    clause = Passage(
        chunk_id=1,
        document_id="rule-x",
        kind=Kind.village_rule,
        title="某村村规",
        ref="第二条",
        heading=None,
        text="超过的罚五千元。",
        topic="婚姻家庭",
        place_id="x",
        in_force_from=date(2025, 1, 1),
        in_force_to=None,
        promulgated_on=None,
        score=0.9,
        raw=0.9,
        details={"status": "conflicts", "conflict": conflict, "answer": "不能照它罚你。"},
    )
    with sessions() as session:
        found = _from_village_rule(session, clause, [clause], date(2026, 11, 24))
    assert found.text.index("罚款只能") < found.text.index("超过的罚五千元") < found.text.index("以法律为准")
