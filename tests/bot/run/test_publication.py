"""The worker's step over a small real index: what goes live, what waits for a person, and two workers at once."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bot.run.publishing import Publications
from bot.settings import Settings
from knowledge import publication
from knowledge.clock import today
from knowledge.documents import comments, versions
from knowledge.documents.models import DocumentVersion, Kind, VersionEvent, VersionStatus
from knowledge.documents.versions import Person
from knowledge.encoder.cache import VectorCache
from knowledge.encoder.embedding import LocalEmbedder
from knowledge.encoder.exported import load_embedder
from knowledge.evaluation import golden
from knowledge.evaluation.models import GoldenQuestion, GoldenRun
from knowledge.exchange import corpus
from knowledge.publication import Done
from knowledge.search import building as index_building
from knowledge.search import snapshot
from knowledge.search.searcher import Searcher
from tests.conftest import CORPUS, DAY

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
ANN, BO = Person(1, "安"), Person(2, "波")
TEXTS = [
    ("低保怎么申请", "低保向乡镇政府申请，村里可以代交材料。"),
    ("低保多久能批下来", "低保批下来一般要三十天。"),
    ("临时救助", "家里突然困难可以申请临时救助，比低保快。"),
    ("特困供养", "无儿无女的老人可以申请特困供养。"),
    ("工伤怎么认定", "上班受伤一年内申请工伤认定。"),
]
ASK = "低保向哪里申请"


@pytest.fixture(scope="module")
def embedder() -> LocalEmbedder:
    return load_embedder(Settings().cache, learned=Settings().learned)


def written(
    session: Session,
    title: str,
    answer: str,
    *,
    document_id: str | None = None,
    on: date = DAY,
    start: date = date(2026, 1, 1),
) -> DocumentVersion:
    content = {"title": title, "answer": answer, "topic": "社会保障与救助", "questions": [title]}
    version = versions.start_draft(
        session,
        by=ANN,
        now=NOW,
        content=content,
        in_force_from=start,
        document_id=document_id,
        kind=Kind.service_guide,
        place_id="nation",
    )
    versions.submit(session, version.id, by=ANN, now=NOW)
    versions.approve(session, version.id, by=BO, now=NOW)
    return versions.request_publication(session, version.id, by=BO, now=NOW, on=on)


@dataclass
class Shelf:
    sessions: sessionmaker[Session]
    searcher: Searcher
    embedder: LocalEmbedder
    root: Path
    dibao: str
    question: int

    def publish_due(self, day: date = DAY) -> Done:
        return publication.publish_due(
            self.sessions, searcher=self.searcher, embedder=self.embedder, today=day, now=lambda: NOW
        )

    def next(self, title: str, answer: str, **more: Any) -> int:
        with self.sessions() as session:
            version = written(session, title, answer, document_id=self.dibao, **more)
            session.commit()
            return version.id

    def state(self, version_id: int) -> tuple[VersionStatus, list[int] | None]:
        with self.sessions() as session:
            found = versions.get(session, version_id)
            return found.status, found.held

    def runs(self) -> list[tuple[str, int | None, int]]:
        with self.sessions() as session:
            return [
                (r.reason, r.version_id, r.failed) for r in session.scalars(select(GoldenRun).order_by(GoldenRun.id))
            ]


@pytest.fixture
def shelf(sessions: sessionmaker[Session], embedder: LocalEmbedder, tmp_path: Path) -> Iterator[Shelf]:
    root, cache = tmp_path / "snapshots", VectorCache(tmp_path / "vectors.sqlite")
    with sessions() as session:
        corpus.import_places(session, CORPUS)
        for title, answer in TEXTS:
            versions.publish(session, written(session, title, answer).id, by=versions.SYSTEM, now=NOW, today=DAY)
        dibao = session.scalars(select(DocumentVersion.document_id).order_by(DocumentVersion.id)).first()
        question = GoldenQuestion(
            key=golden.key_of(ASK, None, None), ask=ASK, must=[dibao], any_of=[], must_not=[], source="console"
        )
        session.add(question)
        session.commit()
        index_building.build_snapshot(session, root=root, embedder=embedder, cache=cache, today=DAY)
        loaded = snapshot.load(root)
        assert dibao is not None
        yield Shelf(
            sessions,
            Searcher(embedder=embedder, live=lambda: snapshot.refreshed(loaded, root)),
            embedder,
            root,
            dibao,
            question.id,
        )
    cache.close()


def test_a_good_text_is_published_with_its_run_on_record(shelf: Shelf) -> None:
    version = shelf.next("低保怎么申请", "低保向镇政府申请，带身份证。")
    assert shelf.publish_due() == Done((version,), (), ())
    assert shelf.state(version)[0] is VersionStatus.published
    assert shelf.runs() == [("worker", version, 0)]
    assert shelf.publish_due() == Done((), (), ())


def test_a_text_that_spoils_a_question_is_held_until_a_person_overrules(shelf: Shelf) -> None:
    version = shelf.next("摩托车年检", "摩托车每年年检一次。")
    assert shelf.publish_due() == Done((), (version,), ())
    assert shelf.state(version) == (VersionStatus.approved, [shelf.question])
    assert shelf.publish_due() == Done((), (), ())  # held: nobody tries it again and again
    with shelf.sessions() as session:
        versions.request_publication(
            session, version, by=BO, now=NOW, on=DAY, failing=[shelf.question], reason="低保改由乡里的资料来答"
        )
        session.commit()
    assert shelf.publish_due() == Done((version,), (), ())
    with shelf.sessions() as session:
        assert [(e.what, e.name) for e, _ in comments.history(session, shelf.dibao)][:3] == [
            ("published", "系统"),
            ("overruled", "波"),
            ("held", "系统"),
        ]
        assert versions.get(session, version).waivers["golden"]["reason"] == "低保改由乡里的资料来答"


def test_overruling_one_question_does_not_overrule_another(shelf: Shelf) -> None:
    version = shelf.next("摩托车年检", "摩托车每年年检一次。")
    with shelf.sessions() as session:
        versions.request_publication(
            session, version, by=BO, now=NOW, on=DAY, failing=[shelf.question + 100], reason="那个不要紧"
        )
        session.commit()
    assert shelf.publish_due() == Done((), (version,), ())


def test_a_question_that_failed_before_holds_nothing(shelf: Shelf) -> None:
    with shelf.sessions() as session:
        session.get_one(GoldenQuestion, shelf.question).must = [shelf.dibao, "law-nothing"]
        session.add(
            GoldenQuestion(
                key="x", ask="火星上种土豆", must=[shelf.dibao], any_of=[], must_not=[shelf.dibao], source="console"
            )
        )
        session.commit()
    version = shelf.next("低保怎么申请", "低保向镇政府申请。")
    assert shelf.publish_due() == Done((version,), (), ())
    assert shelf.runs() == [("worker", version, 1)]


def test_what_is_scheduled_for_tomorrow_goes_live_tomorrow(shelf: Shelf) -> None:
    version = shelf.next("低保怎么申请", "低保向镇政府申请。", on=DAY + timedelta(days=1))
    assert shelf.publish_due() == Done((), (), ())
    with shelf.sessions() as session:
        assert not publication.is_due(session, DAY)
        assert publication.is_due(session, DAY + timedelta(days=1))
    assert shelf.publish_due(DAY + timedelta(days=1)) == Done((version,), (), ())


def test_what_a_person_took_back_while_we_looked_stays_back(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    version = shelf.next("低保怎么申请", "低保向镇政府申请。")
    asked = golden.evaluate

    def meanwhile(*args: Any, **more: Any) -> Any:
        with shelf.sessions() as session:
            versions.send_back(session, version, by=BO, now=NOW, reason="再看看")
            session.commit()
        return asked(*args, **more)

    monkeypatch.setattr(golden, "evaluate", meanwhile)
    assert shelf.publish_due() == Done((), (), ())
    assert shelf.state(version)[0] is VersionStatus.draft
    assert shelf.runs() == []


def test_what_a_person_put_off_while_we_looked_waits_for_its_day(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    version = shelf.next("低保怎么申请", "低保向镇政府申请。")
    asked = golden.evaluate

    def meanwhile(*args: Any, **more: Any) -> Any:
        with shelf.sessions() as session:
            versions.request_publication(session, version, by=BO, now=NOW, on=DAY + timedelta(days=1))
            session.commit()
        return asked(*args, **more)

    monkeypatch.setattr(golden, "evaluate", meanwhile)
    assert shelf.publish_due() == Done((), (), ())
    assert shelf.state(version)[0] is VersionStatus.approved
    assert shelf.runs() == []


def test_two_workers_at_the_same_time_publish_once(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    version = shelf.next("低保怎么申请", "低保向镇政府申请。")
    both, asked, done = threading.Barrier(2), golden.evaluate, list[Done]()

    def together(*args: Any, **more: Any) -> Any:
        found = asked(*args, **more)
        both.wait(30)  # each has looked, neither has written
        return found

    monkeypatch.setattr(golden, "evaluate", together)
    threads = [threading.Thread(target=lambda: done.append(shelf.publish_due())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(d.published for d in done) == [(), (version,)]
    assert shelf.runs() == [("worker", version, 0)]
    with shelf.sessions() as session:
        assert [e.what for e in session.scalars(select(VersionEvent).where(VersionEvent.version_id == version))].count(
            "published"
        ) == 1


def test_one_killed_before_its_last_step_begins_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    version = shelf.next("低保怎么申请", "低保向镇政府申请。")

    class Killed(BaseException):
        pass

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(versions, "publish", killed)
        with pytest.raises(Killed):
            shelf.publish_due()
    assert shelf.state(version)[0] is VersionStatus.approved
    assert shelf.runs() == []
    assert shelf.publish_due() == Done((version,), (), ())


def test_the_worker_publishes_and_makes_searchable_in_one_step(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's own day, so the texts begin before any."""
    settings = Settings(home=tmp_path)
    version = shelf.next("彩虹怎么申报", "看见彩虹到镇里申报彩虹登记。", on=today())
    with shelf.sessions() as session:
        session.get_one(GoldenQuestion, shelf.question).is_active = False
        session.commit()
    publications = Publications(settings, shelf.sessions)
    assert publications.step() == 2  # one went live, one became searchable
    assert publications.step() == 0
    publications.close()
    with shelf.sessions() as session:
        assert versions.get(session, version).status is VersionStatus.published
        assert "看见彩虹" in shelf.searcher.search(session, "彩虹登记", day=today(), k=1)[0].text


def test_what_ran_out_is_marked_as_expired_once_a_day(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.sessions() as session:
        version = session.scalars(select(DocumentVersion).where(DocumentVersion.document_id == shelf.dibao)).one()
        version.in_force_to = today() - timedelta(days=1)
        session.commit()
    publications = Publications(Settings(home=tmp_path), shelf.sessions)
    publications.step()
    assert shelf.state(version.id)[0] is VersionStatus.expired
    publications.close()
