"""The golden questions: the file is sound, and a question says of itself whether it was met."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from knowledge.documents import corpus_files, read_document, statute_id
from knowledge.errors import CorpusError, SnapshotRejected
from knowledge.evaluation.golden import GoldenQuestion, check, failures, read_golden
from knowledge.importing.statutes import read_statutes, short_name
from knowledge.models import Kind
from knowledge.search import Passage
from knowledge.store import import_places, save_document
from tests.conftest import CORPUS, DAY
from tests.knowledge.test_search import rule

GOLDEN = read_golden(CORPUS / "golden.yml")
PLACES = {"nation", "qinghe", "liuhe", "qingshi", "lijiagou", "shiqiao", "wangjiawan", "yangshuping"}


def passage(document: str, ref: str | None = None, *, score: float = 0.9) -> Passage:
    return Passage(
        chunk_id=1, document_id=document, kind=Kind.service_guide, title=document, ref=ref, heading=None, text="", topic=None, place_id="nation", in_force_from=date(2020, 1, 1),
        in_force_to=None, promulgated_on=None, score=score, raw=score,
    )  # fmt: skip


class Finds:
    """Answers every question with the same passages and remembers how it was asked."""

    def __init__(self, *passages: Passage) -> None:
        self.passages = list(passages)
        self.asked: list[tuple[str, date, str | None]] = []

    def search(self, session: Session, query: str, *, day: date, place: str | None = None, k: int = 5) -> list[Passage]:
        self.asked.append((query, day, place))
        return self.passages[:k]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_there_are_enough_and_none_stands_twice() -> None:
    assert len(GOLDEN) >= 215
    assert [k for k, n in Counter((q.ask, q.place, q.day) for q in GOLDEN).items() if n > 1] == []


def test_every_source_exists_in_corpus_or_statutes() -> None:
    known: set[str] = set()
    for path in corpus_files(CORPUS):
        document, _ = read_document(path)
        known |= {document.id} | {f"{document.id} {chunk.ref}" for chunk in document.chunks}
    for version in read_statutes(CORPUS / "statute-corrections.yml"):
        law = statute_id(short_name(version.law))
        known |= {law} | {f"{law} {article.number}" for article in version.articles}
    assert [(q.ask, source) for q in GOLDEN for source in (*q.must, *q.any, *q.must_not) if source not in known] == []


def test_each_expects_something_and_places_exist_unless_noted() -> None:
    assert [q.ask for q in GOLDEN if not (q.must or q.any or q.must_not or q.abstains)] == []
    assert [q.ask for q in GOLDEN if q.abstains and (q.must or q.any)] == []
    assert {q.place for q in GOLDEN} - PLACES - {None} == {"nosuchplace"}


def test_none_repeats_a_question_of_the_documents() -> None:
    bank = {question.text for path in corpus_files(CORPUS) for question in read_document(path)[1]}
    assert [q.ask for q in GOLDEN if q.ask in bank] == []


def test_must_wants_every_source_and_any_wants_one() -> None:
    both = [passage("guide-a"), passage("rule-b", "第二条")]
    assert GoldenQuestion("x", must=("guide-a", "rule-b 第二条")).is_met_by(both)
    assert not GoldenQuestion("x", must=("guide-a", "rule-b 第三条")).is_met_by(both)
    assert GoldenQuestion("x", any=("guide-c", "rule-b")).is_met_by(both)
    assert not GoldenQuestion("x", any=("guide-c", "rule-b 第三条")).is_met_by(both)
    assert not GoldenQuestion("x", must=("guide-a",), must_not=("rule-b",)).is_met_by(both)


def test_abstaining_is_met_below_the_answering_threshold_only() -> None:
    weather = GoldenQuestion("明天下雨吗", abstains=True)
    assert weather.is_met_by([]) and weather.is_met_by([passage("guide-a", score=0.49)])
    assert not weather.is_met_by([passage("guide-a", score=0.5)])


def test_the_older_form_is_still_read(tmp_path: Path) -> None:
    [one, two] = read_golden(written(tmp_path / "g.yml", "- {ask: 甲, must: guide-a, must_not: rule-b}\n- {ask: 乙, law: 民法典 1042}\n"))
    assert (one.must, one.must_not) == (("guide-a",), ("rule-b",))
    assert two.must == (f"{statute_id('民法典')} 第一千零四十二条",)


@pytest.mark.parametrize("row", ["- {ask: 甲, musst: [guide-a]}", "- {must: [guide-a]}", "- 甲", "- {ask: 甲, must: [law 民法典 零]}"])
def test_a_malformed_question_is_refused_by_file_and_row(row: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="g.yml"):
        read_golden(written(tmp_path / "g.yml", row))


def test_questions_are_asked_on_their_own_day_and_left_out_without_their_statute(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    path = written(
        tmp_path / "g.yml",
        "- {ask: 早, day: 2026-04-01, place: lijiagou, must: [gou]}\n- {ask: 今, must: [gou 第二条]}\n- {ask: 法, must: [law 不存在的法 1]}\n- {ask: 或, any: [law 不存在的法 1, gou]}\n",
    )
    with sessions() as session:
        import_places(session, CORPUS)
        save_document(session, rule("gou", "lijiagou", "酒席"), key=None)
        finds = Finds(passage("gou", "第一条"))
        assert failures(session, finds, path, day=DAY) == (["今"], 3)  # type: ignore[arg-type]
    assert finds.asked == [("早", date(2026, 4, 1), "lijiagou"), ("今", DAY, None), ("或", DAY, None)]


def test_a_snapshot_that_fails_more_than_a_tenth_is_rejected(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    good = "".join(f"- {{ask: 好{i}, must_not: [gou]}}\n" for i in range(18))
    bad = "".join(f"- {{ask: 坏{i}, must_not: [other]}}\n" for i in range(3))
    with sessions() as session:
        finds = Finds(passage("other"))
        check(session, finds, written(tmp_path / "two.yml", good + bad.split("- {ask: 坏2")[0]), day=DAY)  # type: ignore[arg-type]
        with pytest.raises(SnapshotRejected, match="3 of 21 .*坏2"):
            check(session, finds, written(tmp_path / "three.yml", good + bad), day=DAY)  # type: ignore[arg-type]
