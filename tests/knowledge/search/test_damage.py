"""A snapshot that is damaged, or that was made from another day's database, is never searched; the one kept from before
answers, and another is built. Real FAISS, real files, real database.
"""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from knowledge import origin
from knowledge.documents.models import Chunk
from knowledge.errors import SnapshotRejected, SnapshotUnavailable
from knowledge.identity import identity, renew
from knowledge.normalise import content_hash
from knowledge.search import building as index_building
from knowledge.search import snapshot
from knowledge.search.live import LiveIndex
from knowledge.search.searcher import Searcher
from tests.conftest import DAY
from tests.knowledge.search.test_indexing import CLAUSES, World, rule

FILES = [
    "chunks.faiss",
    "questions.faiss",
    "rows.npz",
    "versions.npy",
    "lexical/codes.npy",
    "lexical/start.npy",
    "lexical/rows.npy",
    "lexical/weights.npy",
]


@pytest.fixture
def world(sessions: sessionmaker[Session], tmp_path: Path) -> Iterator[World]:
    with sessions() as session:
        made = World(session, tmp_path)
        for name, clause in CLAUSES.items():
            made.save(rule(name, clause), f"{name}怎么规定的")
        made.build()
        made.build()  # so that there is one from before
        yield made
        made.cache.close()


def live(world: World) -> Path:
    return world.root / str(snapshot.current_id(world.root))


def spoil(path: Path) -> None:
    """The last byte turned round; the file keeps its length."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.write_bytes(content)


def asked(world: World, index: LiveIndex) -> list[str]:
    searcher = Searcher(embedder=world.embedder, live=index)
    return [p.document_id for p in searcher.search(world.session, "酒席能办几桌", day=DAY, place="lijiagou")]


def test_every_file_of_a_snapshot_has_its_sum(world: World) -> None:
    assert set(snapshot.meta(world.root)["files"]) == set(FILES)
    assert snapshot.damage(live(world)) is None


@pytest.mark.parametrize("name", FILES)
def test_one_wrong_byte_is_noticed_at_load_and_the_former_snapshot_answers(world: World, name: str) -> None:
    damaged = live(world)
    spoil(damaged / name)
    index = LiveIndex(world.root)
    assert index().id != damaged.name
    assert asked(world, index)[0] == "酒席"
    assert index_building.needs_rebuild(world.root), "the worker is told"


@pytest.mark.parametrize("name", ["chunks.faiss", "lexical/weights.npy"])
def test_a_file_cut_short_while_it_is_mapped_ends_nothing(world: World, name: str) -> None:
    index = LiveIndex(world.root)
    damaged = live(world)
    assert index().id == damaged.name
    os.truncate(damaged / name, 100)
    assert asked(world, index)[0] == "酒席"
    assert index().id != damaged.name
    assert index() is index(), "nothing is loaded anew while nothing changes"
    assert index_building.needs_rebuild(world.root)


@pytest.mark.parametrize("content", ["{", "[]", "", '{"format": 5}', '{"format": 5, "files": 3}'])
def test_an_unreadable_description_stops_nobody(world: World, content: str) -> None:
    damaged = live(world)
    (damaged / "meta.json").write_text(content)
    assert asked(world, LiveIndex(world.root))[0] == "酒席"
    assert isinstance(snapshot.meta(world.root), dict)
    assert index_building.pending(world.session, root=world.root, today=DAY) == []
    assert index_building.needs_rebuild(world.root)
    assert origin.trouble(world.session, world.root)
    world.build()
    assert not index_building.needs_rebuild(world.root)
    assert LiveIndex(world.root)().id == snapshot.current_id(world.root)


def test_a_lost_pointer_costs_no_answer(world: World) -> None:
    (world.root / "current").write_bytes(b"\xff\xfe")
    assert asked(world, LiveIndex(world.root))[0] == "酒席"
    assert index_building.needs_rebuild(world.root)


def test_what_replaces_a_damaged_snapshot_keeps_a_whole_one_beside_it(world: World) -> None:
    former = next(one for one in snapshot.kept_ids(world.root) if one != snapshot.current_id(world.root))
    spoil(live(world) / "chunks.faiss")
    LiveIndex(world.root)()
    fresh = world.build()
    assert snapshot.kept_ids(world.root) == [fresh, former]


def _dies_at(step: int, root: Path, live: Path) -> bool:
    """Another snapshot laid down and made live in a process of its own, ended by SIGKILL before its `step`th touch,
    rename, sync or removal; whether it was. (FAISS mustn't be called after a fork, so its files are copied.)
    """
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = step

    def counted(do: Callable[..., Any]) -> Callable[..., Any]:
        def or_dies(*given: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return do(*given, **more)

        return or_dies

    try:
        for owner, name in ((os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "touch"), (shutil, "rmtree")):
            setattr(owner, name, counted(getattr(owner, name)))
        shutil.copytree(live, root / ".9-copied.building", copy_function=counted(shutil.copyfile))
        (root / ".9-copied.building").rename(root / "9-copied")
        snapshot.publish(root, "9-copied")
    finally:
        os._exit(0)


def test_a_process_killed_anywhere_in_writing_and_swapping_leaves_an_index_that_answers(world: World) -> None:
    """T64 (mem0#4178, faiss#2819): old or new, never neither."""
    before, step = live(world), 0
    while True:
        step += 1
        was_killed = _dies_at(step, world.root, before)
        assert snapshot.current_id(world.root) in (before.name, "9-copied"), step
        assert asked(world, LiveIndex(world.root))[0] == "酒席", step
        if not was_killed:
            break
        for left in ("9-copied", ".9-copied.building"):
            shutil.rmtree(world.root / left, ignore_errors=True)
        (world.root / "current").write_text(before.name)
        assert before.exists(), step
    assert step > 12
    assert snapshot.current_id(world.root) == "9-copied"


def test_where_all_are_damaged_it_says_so_and_a_new_one_is_used_at_once(world: World) -> None:
    for one in snapshot.kept_ids(world.root):
        spoil(world.root / one / "chunks.faiss")
    index = LiveIndex(world.root)
    with pytest.raises(SnapshotUnavailable, match=r"chunks\.faiss holds other bytes"):
        index()
    fresh = world.build()
    assert index().id == fresh


def test_one_that_failed_its_golden_questions_never_answers_in_its_place(world: World) -> None:
    def refuse(_: object) -> None:
        raise SnapshotRejected("golden questions")

    former = next(one for one in snapshot.kept_ids(world.root) if one != snapshot.current_id(world.root))
    with pytest.raises(SnapshotRejected):
        world.build(check=refuse)
    spoil(live(world) / "chunks.faiss")
    assert LiveIndex(world.root)().id == former


def test_ids_that_were_given_again_bring_no_other_text(world: World) -> None:
    """Yesterday's database put back beside today's snapshot, while the app runs: what is 狗 in the index is 无人机 in
    the database.
    """
    index = LiveIndex(world.root)
    index()
    dogs = world.session.scalars(select(Chunk).where(Chunk.embed_text.startswith("狗"))).one()
    words = "无人机不许飞过学校"
    world.session.execute(
        update(Chunk).where(Chunk.id == dogs.id).values(text=words, embed_text=words, content_hash=content_hash(words))
    )
    world.session.commit()
    searcher = Searcher(embedder=world.embedder, live=index)
    found = searcher.search(world.session, "狗咬了人谁负责", day=DAY, place="lijiagou")
    assert "无人机" not in "".join(p.text for p in found)


def test_a_snapshot_of_another_days_database_is_not_used_and_built_anew(
    world: World, sessions: sessionmaker[Session]
) -> None:
    version = world.save(rule("路灯", "路灯坏了找村电工"))
    world.build()
    world.build()
    for chunk in version.chunks:  # as if the copy had been made before
        world.session.delete(chunk)
    world.session.commit()
    index = LiveIndex(world.root, fits=origin.checking(sessions, world.root))
    with pytest.raises(SnapshotUnavailable, match="another day"):
        index()
    assert index_building.needs_rebuild(world.root)
    fresh = world.build()
    assert index().id == fresh
    assert asked(world, index)[0] == "酒席"


def test_a_snapshot_of_another_database_is_not_used(world: World, sessions: sessionmaker[Session]) -> None:
    fits = origin.checking(sessions, world.root)
    assert fits(snapshot.load(world.root))
    assert origin.trouble(world.session, world.root) is None
    before = identity(world.session)
    renew(world.session)
    world.session.commit()
    after = identity(world.session)
    assert (before.database != after.database, before.schema) == (True, after.schema)
    assert not fits(snapshot.load(world.root))
    assert "another database" in str(origin.trouble(world.session, world.root))


def test_what_was_published_since_belongs_to_the_same_database(world: World, sessions: sessionmaker[Session]) -> None:
    world.save(rule("路灯", "路灯坏了找村电工"))
    world.update()
    assert origin.trouble(world.session, world.root) is None
    assert len(LiveIndex(world.root, fits=origin.checking(sessions, world.root))()) == 6
