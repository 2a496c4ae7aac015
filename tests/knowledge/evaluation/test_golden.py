"""The gate over a small real index: two guides, a village rule, and the questions that must stay right."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bot.settings import Settings
from knowledge.documents import comments, versions
from knowledge.documents.models import DocumentVersion, Kind
from knowledge.documents.versions import Person
from knowledge.encoder.cache import VectorCache
from knowledge.encoder.embedding import LocalEmbedder
from knowledge.encoder.exported import load_embedder
from knowledge.encoder.queries import KeptQueries
from knowledge.errors import CorpusError, ReasonNeeded, SnapshotRejected
from knowledge.evaluation import golden, history
from knowledge.evaluation.models import GoldenQuestion, GoldenRun
from knowledge.exchange import corpus
from knowledge.search import building as index_building
from knowledge.search import snapshot
from knowledge.search.searcher import Searcher
from tests.conftest import CORPUS, DAY

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
ANN, BO = Person(1, "安"), Person(2, "波")
DIBAO = {
    "title": "低保怎么申请",
    "topic": "社会保障与救助",
    "answer": "低保向乡镇政府申请，村里可以代交材料。",
    "questions": ["家里困难怎么吃低保", "低保去哪里办"],
}
GONGSHANG = {
    "title": "工伤怎么认定",
    "topic": "劳动用工",
    "answer": "上班受伤一年内向人社局申请工伤认定。",
    "questions": ["上班摔断腿算工伤吗"],
}
OTHERS = [
    {"title": t, "topic": "社会保障与救助", "answer": a, "questions": [q]}
    for t, a, q in (
        ("低保多久能批下来", "低保批下来一般要三十天。", "低保要等多久"),
        ("临时救助", "家里突然困难可以申请临时救助，比低保快。", "急难找谁救助"),
        ("特困供养", "无儿无女的老人可以申请特困供养。", "五保怎么办"),
    )
]
RULE = {
    "title": "李家沟村规",
    "clauses": [
        {
            "number": "第一条",
            "text": "红事酒席不超过十桌。",
            "answer": "酒席不超过十桌。",
            "status": "compatible",
            "questions": ["酒席能办几桌"],
        }
    ],
}


@pytest.fixture(scope="module")
def embedder() -> LocalEmbedder:
    return load_embedder(Settings().cache, learned=Settings().learned)


def live(
    session: Session,
    content: dict[str, Any],
    *,
    document_id: str | None = None,
    kind: Kind = Kind.service_guide,
    place: str = "nation",
) -> DocumentVersion:
    """Written, approved and published, as two people do it."""
    version = written(session, content, document_id=document_id, kind=kind, place=place)
    return versions.publish(session, version.id, by=versions.SYSTEM, now=NOW, today=DAY)


def written(
    session: Session,
    content: dict[str, Any],
    *,
    document_id: str | None = None,
    kind: Kind = Kind.service_guide,
    place: str = "nation",
) -> DocumentVersion:
    version = versions.start_draft(
        session,
        by=ANN,
        now=NOW,
        content=content,
        in_force_from=date(2026, 1, 1),
        document_id=document_id,
        kind=kind,
        place_id=place,
    )
    versions.submit(session, version.id, by=ANN, now=NOW)
    versions.approve(session, version.id, by=BO, now=NOW)
    return versions.request_publication(session, version.id, by=BO, now=NOW, on=DAY)


@dataclass
class Base:
    session: Session
    searcher: Searcher
    embedder: LocalEmbedder
    dibao: str
    gongshang: str
    rule: str

    def question(self, ask: str, **more: Any) -> GoldenQuestion:
        found = GoldenQuestion(
            **{
                "key": golden.key_of(ask, more.get("place_id"), more.get("day")),
                "ask": ask,
                "must": [],
                "any_of": [],
                "must_not": [],
                "abstains": False,
                "note": "",
                "source": "console",
                "is_active": True,
                **more,
            }
        )
        self.session.add(found)
        self.session.flush()
        return found

    def passes(self, question: GoldenQuestion, day: date = DAY) -> bool:
        return golden.ask_one(self.session, self.searcher, question, day=day).passed

    def gate(self, version: DocumentVersion) -> list[str]:
        draft = index_building.draft_overlay(self.session, version, embedder=self.embedder)
        return [q.ask for q in golden.gate(self.session, self.searcher, version, day=DAY, draft=draft)]


@pytest.fixture
def base(sessions: sessionmaker[Session], embedder: LocalEmbedder, tmp_path: Path) -> Iterator[Base]:
    with sessions() as session:
        corpus.import_places(session, CORPUS)
        dibao, gongshang = live(session, DIBAO).document_id, live(session, GONGSHANG).document_id
        for content in OTHERS:
            live(session, content)
        rule = live(session, RULE, kind=Kind.village_rule, place="lijiagou").document_id
        session.commit()
        cache = VectorCache(tmp_path / "vectors.sqlite")
        index_building.build_snapshot(session, root=tmp_path / "snapshots", embedder=embedder, cache=cache, today=DAY)
        loaded = snapshot.load(tmp_path / "snapshots")
        yield Base(
            session,
            Searcher(embedder=KeptQueries(embedder, cache), live=lambda: loaded),
            embedder,
            dibao,
            gongshang,
            rule,
        )
        cache.close()


def test_a_question_passes_only_when_all_its_conditions_hold(base: Base) -> None:
    assert base.passes(base.question("低保去哪里办", must=[base.dibao]))
    # the rule is another village's
    assert not base.passes(base.question("低保找哪个部门", must=[base.dibao, base.rule]))
    assert base.passes(base.question("低保怎么吃", any_of=[base.rule, base.dibao]))
    assert not base.passes(base.question("怎么吃低保", any_of=[base.rule]))
    assert not base.passes(base.question("申请低保", must_not=[base.dibao]))
    assert not base.passes(base.question("家里困难怎么吃低保", abstains=True))
    assert base.passes(base.question("低保去哪里办", day=date(2020, 1, 1), abstains=True))


def test_place_and_clause_are_part_of_the_question(base: Base) -> None:
    assert base.passes(base.question("酒席能办几桌", place_id="lijiagou", must=[f"{base.rule} 第一条"]))
    assert not base.passes(base.question("酒席能办几桌", place_id="lijiagou", day=DAY, must=[f"{base.rule} 第二条"]))
    assert base.passes(base.question("酒席能办几桌", place_id="wangjiawan", must_not=[base.rule]))


def test_a_question_is_asked_on_its_own_day(base: Base) -> None:
    assert not base.passes(base.question("低保去哪里办", day=date(2025, 12, 31), must=[base.dibao]))
    assert base.passes(base.question("低保去哪里办", day=date(2026, 1, 1), must=[base.dibao]), day=date(2020, 1, 1))


def test_a_question_about_what_is_not_installed_is_left_out(base: Base) -> None:
    asked = [base.question("低保去哪里办", must=[base.dibao]), base.question("彩礼", must=["law 民法典 1042"])]
    assert [q.ask for q, _ in golden.evaluate(base.session, base.searcher, asked, day=DAY)] == ["低保去哪里办"]


def test_a_draft_that_loses_its_question_is_stopped_and_the_override_is_on_record(base: Base) -> None:
    kept = base.question("上班受伤找谁认定工伤", must=[base.gongshang])
    bad = {
        **DIBAO,
        "title": "工伤认定",
        "answer": "上班受伤找谁认定工伤，看这里。",
        "questions": ["上班受伤找谁认定工伤", "工伤找谁", "上班受伤了怎么认定工伤"],
    }
    base.question("低保去哪里办", must=[base.dibao])
    version = written(base.session, bad, document_id=base.dibao)
    assert base.gate(version) == ["低保去哪里办"]
    stored = base.session.scalars(select(GoldenRun)).one()
    assert (stored.reason, stored.version_id, stored.failed) == ("gate", version.id, 1)
    assert kept.id in {r.question_id for r in stored.results}
    failing = [q.id for q in golden.active(base.session) if q.ask == "低保去哪里办"]
    with pytest.raises(ReasonNeeded):
        versions.request_publication(base.session, version.id, by=BO, now=NOW, on=DAY, failing=failing)
    versions.request_publication(
        base.session, version.id, by=BO, now=NOW, on=DAY, failing=failing, reason="低保改由另一份来答"
    )
    assert (
        version.waivers["golden"]["questions"],
        version.waivers["golden"]["reason"],
        version.waivers["golden"]["by"],
    ) == (failing, "低保改由另一份来答", "波")
    event, _ = comments.history(base.session, base.dibao)[0]
    assert (event.what, event.name) == ("overruled", "波")
    assert "低保改由另一份来答" in event.detail


def test_a_good_edit_passes_the_gate(base: Base) -> None:
    base.question("低保去哪里办", must=[base.dibao])
    assert (
        base.gate(
            written(
                base.session, {**DIBAO, "answer": "低保向镇政府申请，带身份证，村里可以代交。"}, document_id=base.dibao
            )
        )
        == []
    )


def test_what_was_wrong_before_is_not_held_against_a_draft(base: Base) -> None:
    base.question("低保去哪里办", must=[base.dibao, base.gongshang, base.rule])
    assert base.gate(written(base.session, {**DIBAO, "answer": "改了。"}, document_id=base.dibao)) == []


def test_an_unrelated_draft_is_asked_only_what_it_touches(base: Base) -> None:
    far = base.question("上班摔断腿算工伤吗", must=[base.gongshang])
    near = base.question("酒席最多摆几桌", place_id="lijiagou", must=[base.rule])
    own = base.question("彩礼最多给多少", must_not=[base.rule])
    version = written(base.session, RULE, document_id=base.rule)
    draft = index_building.draft_overlay(base.session, version, embedder=base.embedder)
    found = golden.touched(base.searcher, draft, golden.active(base.session))
    assert far not in found
    assert near in found
    assert own in found


def test_a_text_of_next_year_is_asked_as_of_next_year(base: Base) -> None:
    """Asked today it would not be shown at all, and every question would seem right."""
    base.question("低保去哪里办", must=[base.dibao])
    version = versions.start_draft(
        base.session,
        by=ANN,
        now=NOW,
        content={**GONGSHANG, "title": "别的"},
        in_force_from=DAY + timedelta(days=60),
        document_id=base.dibao,
    )
    assert base.gate(version) == ["低保去哪里办"]


def test_since_when_a_question_is_wrong_names_the_versions_before_and_after(base: Base) -> None:
    question = base.question("低保去哪里办", must=[base.dibao])
    for day in (1, 2):
        golden.record(
            base.session,
            golden.evaluate(base.session, base.searcher, [question], day=DAY),
            reason="person",
            snapshot="s",
            now=NOW + timedelta(days=day),
        )
    assert history.since(base.session, question.id) is None
    versions.withdraw(
        base.session,
        base.session.scalars(select(DocumentVersion.id).where(DocumentVersion.document_id == base.dibao)).one(),
        by=BO,
        now=NOW,
        reason="写错了",
    )
    for day in (3, 4):
        golden.record(
            base.session,
            golden.evaluate(base.session, base.searcher, [question], day=DAY),
            reason="person",
            snapshot="s",
            now=NOW + timedelta(days=day),
        )
    found = history.since(base.session, question.id)
    assert found is not None
    assert found.before is not None
    assert (found.run.at, found.before.at) == (NOW + timedelta(days=3), NOW + timedelta(days=2))
    assert [base.dibao, None, 1] in found.found_before
    assert all(f[0] != base.dibao for f in found.found)
    assert not history.latest(base.session)[question.id][0].passed


def test_runs_with_a_draft_that_never_went_live_are_not_history(base: Base) -> None:
    question = base.question("低保去哪里办", must=[base.dibao])
    version = written(base.session, {**GONGSHANG, "title": "别的"}, document_id=base.dibao)
    draft = index_building.draft_overlay(base.session, version, embedder=base.embedder)
    for reason in ("gate", "worker"):
        golden.run(base.session, base.searcher, [question], day=DAY, draft=draft, reason=reason, version_id=version.id)
    assert history.runs(base.session) == []
    assert history.since(base.session, question.id) is None
    versions.publish(base.session, version.id, by=versions.SYSTEM, now=datetime.now(UTC), today=DAY)
    assert [r.reason for r in history.runs(base.session)] == ["worker"]


def test_query_vectors_are_computed_once_a_machine(embedder: LocalEmbedder, tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "v.sqlite")
    first = KeptQueries(embedder, cache).encode_queries(["低保", "工伤", "低保"])

    class Broken:
        name, query_name = embedder.name, embedder.query_name

        def encode_queries(self, texts: list[str]) -> None:
            raise AssertionError(texts)

    again = KeptQueries(Broken(), cache).encode_queries(["低保", "工伤", "低保"])  # type: ignore[arg-type]
    assert again.shape == (3, 384)
    assert abs(first - again).max() < 1e-3
    cache.close()


def test_shipped_questions_follow_their_file_and_one_that_is_off_stays_off(
    sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    path = tmp_path / "golden.yml"
    path.write_text("- {ask: 甲, must: [a]}\n- {ask: 乙, must: [b], place: lijiagou}\n", encoding="utf-8")
    with sessions() as session:
        session.add(
            GoldenQuestion(
                key=golden.key_of("乙", "lijiagou", None), ask="乙", place_id="lijiagou", must=["own"], source="console"
            )
        )
        session.flush()
        assert golden.import_golden(session, tmp_path) == 1
        session.scalars(select(GoldenQuestion).where(GoldenQuestion.ask == "甲")).one().is_active = False
        path.write_text("- {ask: 甲, must: [c]}\n- {ask: 丙, must: [b]}\n", encoding="utf-8")
        assert golden.import_golden(session, tmp_path) == 2
        assert golden.import_golden(session, tmp_path) == 0
        assert {(q.ask, tuple(q.must), q.is_active) for q in session.scalars(select(GoldenQuestion))} == {
            ("甲", ("c",), False),
            ("丙", ("b",), True),
            ("乙", ("own",), True),
        }


def test_a_golden_file_with_a_field_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "golden.yml").write_text("- {must: [a]}\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"golden\.yml"):
        golden.read(tmp_path / "golden.yml")


def test_a_snapshot_that_answers_its_questions_wrong_is_rejected(base: Base, tmp_path: Path) -> None:
    path = tmp_path / "golden.yml"
    path.write_text(f"- {{ask: 低保去哪里办, must: [{base.dibao}]}}\n", encoding="utf-8")
    golden.check(base.session, base.searcher, path, day=DAY)
    path.write_text("".join(f"- {{ask: 低保去哪里办{i}, must: [{base.rule}]}}\n" for i in range(2)), encoding="utf-8")
    with pytest.raises(SnapshotRejected, match="2 of 2"):
        golden.check(base.session, base.searcher, path, day=DAY)
