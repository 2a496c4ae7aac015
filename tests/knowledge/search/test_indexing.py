"""What is published is searchable without a new snapshot, and a new snapshot loses nothing of it.

Real FAISS, real Milvus where there is one, real database.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from knowledge.documents import bank, saving, versions
from knowledge.documents.building import DocumentText
from knowledge.documents.kinds.base import ChunkText, Question
from knowledge.documents.models import DocumentVersion, Kind, VersionStatus
from knowledge.documents.versions import Person
from knowledge.encoder.cache import VectorCache
from knowledge.errors import SnapshotRejected
from knowledge.exchange import corpus
from knowledge.search import building as index_building
from knowledge.search import index, segments, snapshot
from knowledge.search.searcher import Searcher
from knowledge.search.vectors import faiss
from knowledge.search.vectors.base import Engine
from knowledge.search.vectors.engines import FAISS
from knowledge.statutes.citations import Target
from tests.conftest import CORPUS, DAY
from tests.fakes import PairEmbedder

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
WEI = Person(1, "魏")
ASKED = ["酒席能办几桌", "狗咬了人谁负责", "垃圾往哪里倒", "喇叭能吹到几点", "彩礼最多给多少"]
CLAUSES = {
    "酒席": "红白喜事的酒席不超过十桌",
    "狗": "养狗要拴绳，狗咬了人由养狗的人负责",
    "垃圾": "垃圾倒进村口的垃圾房，不往河里倒",
    "喇叭": "办事的喇叭吹到晚上九点为止",
    "彩礼": "彩礼由两家商量，村里提倡不超过三万",
}


def rule(
    id: str, *clauses: str, start: date = date(2020, 1, 1), end: date | None = None, place: str = "lijiagou"
) -> DocumentText:
    chunks = tuple(
        ChunkText(f"第{i}条", None, c, f"{id} {c}", {"answer": c, "status": "compatible"})
        for i, c in enumerate(clauses, 1)
    )
    return DocumentText(id, Kind.village_rule, id, place, None, start, end, None, {"title": id}, chunks)


class World:
    """A village with a few rules, indexed as the worker does it."""

    def __init__(self, session: Session, folder: Path, engine: Engine = FAISS) -> None:
        self.session, self.root, self.engine = session, folder / "snapshots", engine
        self.embedder, self.cache = PairEmbedder(), VectorCache(folder / "vectors.sqlite")
        corpus.import_places(session, CORPUS)

    def save(self, document: DocumentText, *questions: str) -> DocumentVersion:
        version = saving.save_document(self.session, document, key=None)
        bank.replace_questions(
            self.session, document.id, [Question(q, None, (Target(document.id, "第1条"),), "test") for q in questions]
        )
        self.session.commit()
        return version

    def build(self, **given: object) -> str:
        return index_building.build_snapshot(
            self.session,
            root=self.root,
            embedder=self.embedder,
            cache=self.cache,
            today=DAY,
            engine=self.engine,
            **given,
        )  # type: ignore[arg-type]

    def load(self) -> index.Index:
        return snapshot.load(self.root, engine=self.engine)

    def update(self) -> int:
        return index_building.update_delta(
            self.session, root=self.root, embedder=self.embedder, cache=self.cache, today=DAY
        )

    @property
    def searcher(self) -> Searcher:
        live = self.load()
        return Searcher(embedder=self.embedder, live=lambda: live)

    def found(self, question: str, **given: object) -> list[str]:
        return [
            p.document_id
            for p in self.searcher.search(self.session, question, **{"day": DAY, "place": "lijiagou", **given})
        ]  # type: ignore[arg-type]


@pytest.fixture
def world(sessions: sessionmaker[Session], tmp_path: Path, engine: Engine) -> Iterator[World]:
    with sessions() as session:
        made = World(session, tmp_path, engine)
        for name, clause in CLAUSES.items():
            made.save(rule(name, clause), f"{name}怎么规定的")
        made.build()
        yield made
        made.cache.close()


def test_only_what_was_published_is_embedded_and_the_next_search_finds_it(world: World) -> None:
    version = world.save(rule("路灯", "路灯坏了找村电工"), "路灯不亮找谁")
    assert not index_building.is_indexed(world.root, version)
    assert "路灯" not in world.found("路灯不亮找谁")
    world.embedder.passages.clear()
    assert world.update() == 1
    assert world.embedder.passages == ["路灯 路灯坏了找村电工", "路灯不亮找谁"]
    assert index_building.is_indexed(world.root, version)
    assert world.found("路灯不亮找谁")[0] == "路灯"
    assert world.update() == 0


def test_a_loaded_index_sees_the_delta_at_the_next_look(world: World) -> None:
    loaded = world.load()
    assert snapshot.refreshed(loaded, world.root) is loaded
    world.save(rule("路灯", "路灯坏了找村电工"))
    world.update()
    fresh = snapshot.refreshed(loaded, world.root)
    assert (len(fresh), len(loaded)) == (6, 5)
    world.save(rule("水", "水管坏了找村水工"))
    world.update()
    assert len(snapshot.refreshed(fresh, world.root)) == 7


def test_the_delta_answers_as_a_whole_new_snapshot_does(world: World) -> None:
    world.save(rule("酒席", "红白喜事的酒席改为不超过六桌", "酒席剩菜要打包"), "摆酒最多几桌")
    world.save(rule("路灯", "路灯坏了找村电工"), "路灯不亮找谁")
    world.save(rule("狗", "狗咬了人由养狗的人负责，烈性犬不许养"))
    world.update()
    searched = [*ASKED, "摆酒最多几桌", "路灯不亮找谁", "烈性犬"]
    beside = [
        [(p.document_id, p.ref, p.raw) for p in world.searcher.search(world.session, q, day=DAY, place="lijiagou", k=6)]
        for q in searched
    ]
    world.build()
    assert segments.read(world.root / str(snapshot.current_id(world.root))) is segments.EMPTY
    for question, former in zip(searched, beside, strict=True):
        now = [
            (p.document_id, p.ref, p.raw)
            for p in world.searcher.search(world.session, question, day=DAY, place="lijiagou", k=6)
        ]
        assert [n[:2] for n in now] == [f[:2] for f in former], question
        # Word scores follow the snapshot's frequencies until the next one; they weigh 0.025.
        assert [n[2] for n in now] == pytest.approx([f[2] for f in former], abs=0.012)


def test_what_is_withdrawn_disappears_at_once_and_leaves_the_delta_with_the_next_publication(world: World) -> None:
    version = world.save(rule("路灯", "路灯坏了找村电工"))
    world.update()
    version.status = VersionStatus.withdrawn
    world.session.commit()
    assert "路灯" not in world.found("路灯坏了找谁")
    world.save(rule("水", "水管坏了找村水工"))
    world.update()
    assert version.id not in segments.read(world.root / str(snapshot.current_id(world.root))).versions


def test_questions_of_a_changed_document_point_to_its_new_text(world: World) -> None:
    world.save(rule("酒席", "宴请不超过六桌"), "办喜事可以请多少人吃饭")
    world.update()
    assert world.found("办喜事可以请多少人吃饭")[0] == "酒席"
    hit = world.searcher.explain(world.session, "办喜事可以请多少人吃饭", day=DAY, place="lijiagou")[0]
    assert (hit.text, hit.question) == ("宴请不超过六桌", "办喜事可以请多少人吃饭")
    assert hit.bank > 0.99


def test_what_is_published_during_a_build_is_not_lost(world: World) -> None:
    version: list[DocumentVersion] = []

    def publish_meanwhile(candidate: index.Index) -> None:
        version.append(world.save(rule("路灯", "路灯坏了找村电工")))
        world.update()  # beside the snapshot that is still live

    world.build(check=publish_meanwhile)
    assert index_building.is_indexed(world.root, version[0])
    assert "路灯" in world.found("路灯坏了找谁")
    assert world.update() == 0


def test_a_publication_whose_transaction_ended_late_is_still_found(world: World) -> None:
    version = world.save(rule("路灯", "路灯坏了找村电工"))
    version.published_at = datetime.now(UTC) - timedelta(minutes=5)  # set before the snapshot was read, visible after
    world.session.commit()
    assert index_building.pending(world.session, root=world.root, today=DAY) == [version.id]


def test_the_delta_of_another_snapshot_is_never_read(world: World) -> None:
    first = snapshot.current_id(world.root)
    world.save(rule("路灯", "路灯坏了找村电工"))
    world.update()
    world.build()
    assert snapshot.current_id(world.root) != first
    assert (world.root / str(first) / segments.FILE).exists()
    assert len(world.load()) == 6
    assert world.load().chunk_ids.tolist() == sorted(set(world.load().chunk_ids.tolist()))


def test_a_broken_delta_counts_as_none_and_is_written_anew(world: World) -> None:
    world.save(rule("路灯", "路灯坏了找村电工"))
    world.update()
    file = world.root / str(snapshot.current_id(world.root)) / segments.FILE
    file.write_bytes(file.read_bytes()[:200])
    assert len(world.load()) == 5
    assert world.update() == 1
    assert "路灯" in world.found("路灯坏了找谁")


def test_a_rejected_snapshot_leaves_the_live_one(world: World) -> None:
    live = snapshot.current_id(world.root)

    def reject(_: index.Index) -> None:
        raise SnapshotRejected("no")

    with pytest.raises(SnapshotRejected):
        world.build(check=reject)
    assert snapshot.current_id(world.root) == live


def test_both_texts_of_a_document_are_found_on_their_days(world: World) -> None:
    former = world.session.scalars(select(DocumentVersion).where(DocumentVersion.document_id == "狗")).one()
    former.in_force_to = date(2026, 12, 31)
    chunk = ChunkText("第1条", None, "养狗要登记", "狗 养狗要登记", {})
    fresh = DocumentVersion(
        document_id="狗",
        number=2,
        status=VersionStatus.published,
        in_force_from=date(2027, 1, 1),
        content={"title": "狗"},
        content_hash="",
        published_at=datetime.now(UTC),
    )
    store_chunks(fresh, chunk)
    world.session.add(fresh)
    world.session.commit()
    world.update()
    shown = {
        day: world.searcher.search(world.session, "狗怎么规定的", day=day, place="lijiagou")[0].text
        for day in (DAY, date(2027, 1, 1))
    }
    assert shown == {DAY: CLAUSES["狗"], date(2027, 1, 1): "养狗要登记"}
    world.build()
    assert {
        day: world.searcher.search(world.session, "狗怎么规定的", day=day, place="lijiagou")[0].text for day in shown
    } == shown


def store_chunks(version: DocumentVersion, *chunks: ChunkText) -> None:
    from knowledge.documents.models import Chunk
    from knowledge.normalise import content_hash

    version.chunks = [
        Chunk(
            ordinal=i,
            ref=c.ref,
            heading=None,
            text=c.text,
            embed_text=c.embed_text,
            content_hash=content_hash(c.embed_text),
            details={},
        )
        for i, c in enumerate(chunks)
    ]


@pytest.fixture
def draft(world: World) -> DocumentVersion:
    content = {
        "title": "酒席新规",
        "topic": None,
        "clauses": [
            {
                "number": "第1条",
                "text": "酒席不超过二十桌",
                "answer": "二十桌以内。",
                "status": "compatible",
                "questions": ["摆酒上限"],
            }
        ],
    }
    found = versions.start_draft(
        world.session, by=WEI, now=NOW, content=content, in_force_from=date(2026, 1, 1), document_id="酒席"
    )
    world.session.commit()
    return found


def test_a_draft_is_searched_as_if_it_were_published_and_by_nobody_else(world: World, draft: DocumentVersion) -> None:
    overlay = index_building.draft_overlay(world.session, draft, embedder=world.embedder)
    shown = world.searcher.search(world.session, "摆酒上限", day=DAY, place="lijiagou", draft=overlay)
    assert (shown[0].document_id, shown[0].text) == ("酒席", "酒席不超过二十桌")
    assert CLAUSES["酒席"] not in {p.text for p in shown}
    assert "酒席不超过二十桌" not in {
        p.text for p in world.searcher.search(world.session, "摆酒上限", day=DAY, place="lijiagou")
    }
    assert "酒席不超过二十桌" not in {
        p.text for p in world.searcher.search(world.session, "摆酒上限", day=DAY, place="shiqiao", draft=overlay)
    }


def test_a_draft_that_begins_later_leaves_todays_text(world: World, draft: DocumentVersion) -> None:
    draft.in_force_from = date(2027, 1, 1)
    overlay = index_building.draft_overlay(world.session, draft, embedder=world.embedder)
    assert (
        world.searcher.search(world.session, "酒席几桌", day=DAY, place="lijiagou", draft=overlay)[0].text
        == CLAUSES["酒席"]
    )
    assert (
        world.searcher.search(world.session, "酒席几桌", day=date(2027, 1, 1), place="lijiagou", draft=overlay)[0].text
        == "酒席不超过二十桌"
    )


def test_every_hit_that_is_not_shown_says_why(world: World, draft: DocumentVersion) -> None:
    question = "红白喜事的酒席不超过几桌"
    world.save(rule("外村", "红白喜事的酒席不超过八桌", place="shiqiao"))
    world.save(rule("往后", "红白喜事的酒席不超过七桌", start=date(2027, 1, 1)))
    world.save(rule("撤了", "红白喜事的酒席不超过九桌"))
    ended = world.save(rule("过期", "红白喜事的酒席不超过五桌"))
    world.save(rule("两条", "红白喜事的酒席不超过几桌"))
    world.update()
    world.session.scalars(
        select(DocumentVersion).where(DocumentVersion.document_id == "撤了")
    ).one().status = VersionStatus.withdrawn
    ended.in_force_to = date(2026, 11, 1)
    world.session.commit()
    overlay = index_building.draft_overlay(world.session, draft, embedder=world.embedder)
    # k=1 shows the best only, so the others are weighed against a floor below them.
    explained = {
        (h.document_id, h.version_id == draft.id): h
        for h in world.searcher.explain(world.session, question, day=DAY, place="lijiagou", k=10, draft=overlay)
    }
    reasons = {key: h.reason for key, h in explained.items()}
    assert reasons[("外村", False)] == "别的村的"
    assert reasons[("往后", False)] == "还没生效（2027-01-01 起）"
    assert reasons[("撤了", False)] == "已撤回"
    assert reasons[("过期", False)] == "已过有效期（到 2026-11-01）"
    assert reasons[("酒席", False)] == "正在试的这一版会替代它"
    assert reasons[("酒席", True)] is None
    shown = [
        p.chunk_id
        for p in world.searcher.search(world.session, question, day=DAY, place="lijiagou", k=10, draft=overlay)
    ]
    assert [h.chunk_id for h in explained.values() if h.is_shown] == shown


def test_one_village_finds_its_rule_among_two_hundred_with_the_same(world: World) -> None:
    for number in range(200):
        world.save(rule(f"外村{number}", "夜里十点以后不许敲锣打鼓", place="shiqiao"))
    own = rule("本村", "夜里十点以后不许敲锣打鼓，白事除外，守夜的可以到天亮")
    world.save(own)
    world.update()
    assert world.found("夜里十点以后不许敲锣打鼓")[0] == "本村"
    world.build()
    assert world.found("夜里十点以后不许敲锣打鼓")[0] == "本村"
    for text in ("夜里十点以后不许敲锣打鼓", "酒席能办几桌"):
        among = world.load().search(text, world.embedder.encode_queries([text])[0], places={"lijiagou"})
        assert len(among.chunk_ids) == 6, "the village's own texts and no others"
        assert among.lexical.max() == 1
    assert {
        h.reason for h in world.searcher.explain(world.session, "夜里十点以后不许敲锣打鼓", day=DAY, place="lijiagou")
    } >= {None, "别的村的"}


def test_a_hundred_waiting_documents_do_not_hold_up_the_latest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_building, "_STEP", 3)
    for number in range(7):
        world.save(rule(f"r{number}", f"第{number}号通知"))
    assert world.update() == 3
    held = segments.read(world.root / str(snapshot.current_id(world.root)))
    names = {world.session.get_one(DocumentVersion, int(v)).document_id for v in held.versions}
    assert names == {"r6", "r5", "r4"}
    assert [world.update(), world.update(), world.update()] == [3, 1, 0]
    assert len(world.load()) == 12


def test_an_old_snapshot_asks_for_a_new_one(world: World) -> None:
    assert not index_building.needs_rebuild(world.root, engine=world.engine)
    meta = world.root / str(snapshot.current_id(world.root)) / "meta.json"
    meta.write_text(meta.read_text().replace(f'"format": {index.FORMAT}', '"format": 1'))
    assert index_building.needs_rebuild(world.root, engine=world.engine)
    assert index_building.pending(world.session, root=world.root, today=DAY) == []


def test_progress_reaches_its_total(world: World) -> None:
    steps: list[tuple[int, int]] = []
    world.build(progress=lambda step, total: steps.append((step, total)))
    assert sum(s for s, _ in steps) == steps[-1][1] == 10


def test_ivf_and_flat_agree_on_what_is_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((3000, 384)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = {}
    for name, limit in (("flat", 10_000), ("ivf", 1_000)):
        monkeypatch.setattr(faiss, "EXACT_UP_TO", limit)
        writer = snapshot.Writer(tmp_path / name)
        for at in range(0, 3000, 700):
            some = rows[at : at + 700]
            writer.add(
                chunk_ids=np.arange(at, at + len(some)),
                marks=np.arange(at, at + len(some)),
                texts=[f"第{i}号" for i in range(at, at + len(some))],
                places=["v"] * len(some),
                vectors=some,
                has_vector=np.ones(len(some), bool),
            )
        loaded = snapshot.load(tmp_path / name, writer.finish(versions=np.arange(3), meta={}))
        found[name] = loaded.search("第17号", rows[17], width=40)
    assert (
        found["flat"].chunk_ids[np.argmax(found["flat"].dense)]
        == found["ivf"].chunk_ids[np.argmax(found["ivf"].dense)]
        == 17
    )
    both = np.intersect1d(found["flat"].chunk_ids, found["ivf"].chunk_ids)
    assert len(both) > 60
    dense = {name: dict(zip(f.chunk_ids.tolist(), f.dense.tolist(), strict=True)) for name, f in found.items()}
    assert [dense["ivf"][c] for c in both.tolist()] == pytest.approx(
        [dense["flat"][c] for c in both.tolist()], abs=2e-3
    )
