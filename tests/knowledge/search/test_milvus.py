"""A real Milvus finds what FAISS finds, loses nothing while snapshots are swapped, and may be away: words answer."""

import argparse
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.search import clustered
from bot.cli.doctor import doctor
from bot.db import make_engine, make_sessions, migrate
from bot.settings import Settings
from knowledge.search import snapshot
from knowledge.search.index import Candidates, Index
from knowledge.search.live import LiveIndex
from knowledge.search.searcher import Searcher
from knowledge.search.vectors import milvus as milvus_vectors
from knowledge.search.vectors.base import Engine
from knowledge.search.vectors.engines import FAISS, engine_of
from tests.conftest import DAY
from tests.knowledge.search.test_indexing import CLAUSES, World, rule
from tests.scale import milvus as milvus_server

pytestmark = pytest.mark.scale

COUNT, PLACES = 4_000, ("nation", "lijiagou", "shiqiao", "wangzhuang")
BACK_WITHIN_S = 90


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return clustered(COUNT, np.random.default_rng(18))


@pytest.fixture(scope="module")
def asked(vectors: np.ndarray) -> np.ndarray:
    """(40, 384), each near to one of the vectors."""
    rng = np.random.default_rng(19)
    found = vectors[rng.integers(0, COUNT, 40)] + 0.02 * rng.standard_normal((40, 384), dtype=np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def built(root: Path, vectors: np.ndarray, engine: Engine) -> Index:
    """Every chunk has a question that is its own text; the place of a row follows from its number."""
    writer = snapshot.Writer(root, engine=engine)
    numbers = np.arange(len(vectors))
    writer.add(
        chunk_ids=numbers,
        marks=numbers,
        texts=[f"第{i}号规定" for i in numbers],
        places=[PLACES[i % len(PLACES)] for i in numbers],
        vectors=vectors,
        has_vector=numbers % 50 != 0,
    )
    writer.add_questions(ids=[f"{i:016x}" for i in numbers], vectors=vectors, points=[(i, i, 0) for i in numbers])
    return snapshot.load(root, writer.finish(versions=np.arange(1), meta={}), engine=engine)


@pytest.fixture(params=["whole", "in cells"])
def both(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, vectors: np.ndarray, milvus: Engine
) -> tuple[Index, Index]:
    """On FAISS, searched whole, and on Milvus, as few and as many vectors are."""
    if request.param == "in cells":
        monkeypatch.setattr(milvus_vectors, "EXACT_UP_TO", 1_000)
    # The engine's own folder, so that what the fixture drops afterwards is this.
    return built(tmp_path / "faiss", vectors, FAISS), built(tmp_path / "snapshots", vectors, milvus)


def test_milvus_finds_the_ten_nearest(both: tuple[Index, Index], vectors: np.ndarray, asked: np.ndarray) -> None:
    held = np.flatnonzero(np.arange(COUNT) % 50)
    shares = []
    for vector in asked:
        exact = set(held[np.argsort(-(vectors[held] @ vector))[:10]].tolist())
        shares.append(len(exact & set(both[1].nearest(vector, 10).tolist())) / 10)
    assert np.mean(shares) >= 0.99


def test_milvus_gives_the_candidates_of_faiss(both: tuple[Index, Index], asked: np.ndarray) -> None:
    for number, vector in enumerate(asked):
        ours, theirs = (_told(index.search(f"第{number}号", vector)) for index in both)
        # What lies at the end of the list has equals that lie just behind it.
        assert len(ours.keys() & theirs.keys()) >= 0.97 * len(ours)
        for chunk in ours.keys() & theirs.keys():
            assert theirs[chunk][0] == pytest.approx(ours[chunk][0], abs=2e-3)
            assert theirs[chunk][2] == pytest.approx(ours[chunk][2], abs=1e-6)


def _told(found: Candidates) -> dict[int, tuple[float, float, float]]:
    assert found.is_whole
    told = zip(found.chunk_ids, found.dense, found.bank, found.lexical, strict=True)
    return {int(chunk): (float(dense), float(bank), float(words)) for chunk, dense, bank, words in told}


def test_only_the_places_asked_for_are_found(both: tuple[Index, Index], vectors: np.ndarray, asked: np.ndarray) -> None:
    own = {"nation", "lijiagou"}
    rows = np.flatnonzero((np.arange(COUNT) % len(PLACES) < 2) & (np.arange(COUNT) % 50 > 0))
    shares = []
    for vector in asked:
        found = both[1].search("规定", vector, width=30, places=own)
        assert found.is_whole
        assert set((found.chunk_ids % len(PLACES)).tolist()) <= {0, 1}
        exact = rows[np.argsort(-(vectors[rows] @ vector))[:10]]
        shares.append(np.isin(exact, found.chunk_ids).mean())
    assert np.mean(shares) >= 0.99
    assert len(both[1].search("规定", asked[0], places={"nowhere"}).chunk_ids) == 0


@pytest.fixture
def world(sessions: sessionmaker[Session], tmp_path: Path, milvus: Engine) -> Iterator[World]:
    with sessions() as session, village(session, tmp_path, milvus) as made:
        yield made


@contextmanager
def village(session: Session, folder: Path, engine: Engine) -> Iterator[World]:
    """With a snapshot."""
    made = World(session, folder, engine)
    for name, clause in CLAUSES.items():
        made.save(rule(name, clause), f"{name}怎么规定的")
    made.build()
    yield made
    made.cache.close()


def _collections(engine: Any) -> set[str]:
    """Of this home's snapshots."""
    names = engine._server(lambda client: client.list_collections(), insists=True)
    return {name for name in names if name.startswith(engine._ours)}


def test_a_swap_leaves_no_moment_without_answers_and_drops_what_is_old(world: World) -> None:
    live, vector = LiveIndex(world.root, engine=world.engine), world.embedder.encode_queries(["酒席"])[0]
    ended, broken, used = threading.Event(), [], set()

    def search() -> None:
        while not ended.is_set():
            index = live()
            found = index.search("酒席", vector)
            used.add(index.id)
            if not (found.is_whole and len(found.chunk_ids) >= len(CLAUSES)):
                broken.append(found)
            time.sleep(0.01)

    searching = threading.Thread(target=search)
    searching.start()
    built_ids = []
    try:
        for _ in range(3):
            built_ids.append(world.build())
            time.sleep(0.5)
    finally:
        ended.set()
        searching.join()
    assert not broken
    assert used >= set(built_ids)
    kept = {one.replace("-", "_") for one in built_ids[-2:]}
    assert {name.rpartition("_")[0].partition("_")[2].partition("_")[2] for name in _collections(world.engine)} == kept


def test_what_is_published_is_found_at_the_next_search(world: World) -> None:
    live = LiveIndex(world.root, engine=world.engine)
    searcher = Searcher(embedder=world.embedder, live=live)
    before = _collections(world.engine)
    world.save(rule("路灯", "路灯坏了找村电工"), "路灯不亮找谁")
    world.update()
    found = searcher.search(world.session, "路灯不亮找谁", day=DAY, place="lijiagou")
    assert found[0].document_id == "路灯"
    assert _collections(world.engine) == before


@pytest.fixture
def mortal() -> Iterator[milvus_server.Server]:
    """A server of one test, which may kill it."""
    if not os.environ.get("LINLI_TEST_MILVUS"):
        pytest.skip("its program is there where `make test-scale` runs")
    with milvus_server.running() as started:
        yield started


def test_a_killed_milvus_leaves_words_and_is_searched_again_once_it_is_back(
    sessions: sessionmaker[Session], tmp_path: Path, mortal: milvus_server.Server
) -> None:
    address = f"milvus+{mortal.address}"
    engine = engine_of(address, tmp_path / "snapshots")
    with sessions() as session, village(session, tmp_path, engine) as world:
        live = LiveIndex(world.root, engine=engine)
        searcher = Searcher(embedder=world.embedder, live=live)

        def first(question: str, searcher: Searcher = searcher) -> str:
            return searcher.search(session, question, day=DAY, place="lijiagou")[0].document_id

        def is_whole() -> bool:
            return live().search("酒席", world.embedder.encode_queries(["酒席"])[0]).is_whole

        assert is_whole()
        mortal.kill()
        assert [first("酒席能办几桌") for _ in range(20)] == ["酒席"] * 20
        assert engine.is_away
        assert not is_whole()
        later = LiveIndex(world.root, engine=engine_of(address, world.root))  # a process that starts meanwhile
        assert first("酒席能办几桌", Searcher(embedder=world.embedder, live=later)) == "酒席"
        world.save(rule("路灯", "路灯坏了找村电工"), "路灯不亮找谁")
        world.update()
        assert first("路灯不亮找谁") == "路灯"
        mortal.start()
        assert _comes(is_whole)
        assert first("酒席能办几桌") == "酒席"
        assert snapshot.lost(world.root, engine=engine) is None


def _comes(what: Callable[[], bool]) -> bool:
    until = time.monotonic() + BACK_WITHIN_S
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.5)
    return False


def test_the_doctor_tells_of_a_milvus_that_is_away_and_of_collections_that_are_gone(
    tmp_path: Path, milvus: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"milvus+{os.environ['LINLI_TEST_MILVUS']}"
    settings = Settings(home=tmp_path, cache=tmp_path / "cache", database_url="", search=address)
    migrate(settings.url)
    database = make_engine(settings.url)
    with make_sessions(database)() as session, village(session, tmp_path, milvus):
        pass
    database.dispose()
    assert _of_milvus(settings, capsys).startswith("好")
    gone = min(_collections(milvus))
    milvus._server(lambda client: client.drop_collection(gone))
    told = _of_milvus(settings, capsys)
    assert "不齐" in told
    assert gone in told
    away = settings.model_copy(update={"search": "milvus+http://127.0.0.1:9"})
    assert _of_milvus(away, capsys).startswith("不好")


def _of_milvus(settings: Settings, capsys: pytest.CaptureFixture[str]) -> str:
    doctor(settings, argparse.Namespace(quick=False))
    return next(line for line in capsys.readouterr().out.splitlines() if "Milvus" in line)
