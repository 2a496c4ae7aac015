"""The golden questions that are shipped: the file is sound."""

from collections import Counter
from pathlib import Path

import pytest

from knowledge.documents.building import corpus_files, read_document
from knowledge.errors import CorpusError
from knowledge.evaluation import golden
from knowledge.statutes.citations import short_name, statute_id
from knowledge.statutes.reading import read_statutes
from tests.conftest import CORPUS

GOLDEN = golden.read(CORPUS / "golden.yml")
PLACES = {"nation", "qinghe", "liuhe", "qingshi", "lijiagou", "shiqiao", "wangjiawan", "yangshuping"}


def sources(*names: list[str]) -> list[str]:
    cited = [golden.target(name) for some in names for name in some]
    return [f"{t.document_id} {t.ref}" if t.ref else t.document_id for t in cited]


def test_there_are_enough_and_none_stands_twice() -> None:
    assert len(GOLDEN) >= 215
    assert [k for k, n in Counter((q.ask, q.place_id, q.day) for q in GOLDEN).items() if n > 1] == []


def test_every_source_exists_in_corpus_or_statutes() -> None:
    known: set[str] = set()
    for path in corpus_files(CORPUS):
        document, _ = read_document(path)
        known |= {document.id} | {f"{document.id} {chunk.ref}" for chunk in document.chunks}
    for version in read_statutes(CORPUS / "statute-corrections.yml"):
        law = statute_id(short_name(version.law))
        known |= {law} | {f"{law} {article.number}" for article in version.articles}
    assert [
        (q.ask, source) for q in GOLDEN for source in sources(q.must, q.any_of, q.must_not) if source not in known
    ] == []


def test_each_expects_something_and_places_exist_unless_noted() -> None:
    assert [q.ask for q in GOLDEN if not (q.must or q.any_of or q.must_not or q.abstains)] == []
    assert [q.ask for q in GOLDEN if q.abstains and (q.must or q.any_of)] == []
    assert {q.place_id for q in GOLDEN} - PLACES - {None} == {"nosuchplace"}


def test_none_repeats_a_question_of_the_documents() -> None:
    bank = {question.text for path in corpus_files(CORPUS) for question in read_document(path)[1]}
    assert [q.ask for q in GOLDEN if q.ask in bank] == []


@pytest.mark.parametrize(
    "row", ["- {ask: 甲, musst: [guide-a]}", "- {must: [guide-a]}", "- 甲", "- {ask: 甲, must: [law 民法典 零]}"]
)
def test_a_malformed_question_is_refused_by_file_and_row(row: str, tmp_path: Path) -> None:
    path = tmp_path / "g.yml"
    path.write_text(row, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"g\.yml"):
        golden.read(path)
