"""A build, a publication or an import is killed at each file it touches: the last good snapshot answers, the next
run goes on.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from knowledge.documents import building
from knowledge.documents.models import DocumentVersion, ImportedSource
from knowledge.search import building as index_building
from knowledge.search import snapshot
from tests.conftest import CORPUS
from tests.knowledge.killed import Mortal, mortal
from tests.knowledge.search.test_indexing import ASKED, CLAUSES, World, rule

pytestmark = pytest.mark.slow

_FIRST = ["酒席", "狗", "垃圾", "喇叭", "彩礼"]


@pytest.fixture
def world(sessions: sessionmaker[Session], tmp_path: Path) -> Iterator[World]:
    with sessions() as session:
        made = World(session, tmp_path)
        for name, clause in CLAUSES.items():
            made.save(rule(name, clause), f"{name}怎么规定的")
        made.build()
        yield made
        made.cache.close()


@pytest.fixture
def doomed(sessions: sessionmaker[Session], tmp_path: Path) -> Iterator[Mortal]:
    engine: Engine = sessions.kw["bind"]
    with mortal(engine.url.render_as_string(hide_password=False), tmp_path) as process:
        yield process


def answers(world: World) -> list[str]:
    world.session.rollback()
    return [world.found(question)[0] for question in ASKED]


def test_a_build_killed_at_any_file_leaves_a_snapshot_that_answers(world: World, doomed: Mortal) -> None:
    world.save(rule("路灯", "路灯坏了找村电工"))
    world.update()
    number, ids, outcome = 0, [snapshot.current_id(world.root)], "killed"
    while outcome == "killed":
        number += 1
        outcome = doomed.run("build", number)
        assert answers(world) == _FIRST, number
        assert "路灯" in world.found("路灯坏了找谁"), number
        ids.append(snapshot.current_id(world.root))
    assert outcome == "done"
    assert number > 20, "one after the other every file was reached"
    assert len(set(ids)) > 1, "at some point the new snapshot took over"
    left = {p.name for p in world.root.iterdir() if p.is_dir()}
    assert len(left) <= 2, "what the killed builds left is gone"
    assert snapshot.current_id(world.root) in left


def test_a_publication_killed_at_any_file_is_carried_out_by_the_next_run(world: World, doomed: Mortal) -> None:
    number, outcome = 0, "killed"
    while outcome == "killed":
        number += 1
        version = world.save(rule(f"r{number}", f"第{number}号水渠由村民小组清淤"))
        outcome = doomed.run("update", number)
        assert answers(world) == _FIRST, number
        while world.update():
            pass
        assert index_building.is_indexed(world.root, version), number
        assert f"r{number}" in world.found(f"第{number}号水渠谁清淤", k=30), number
    assert outcome == "done"
    assert number > 3


def test_an_import_killed_at_a_statement_leaves_what_was_there_and_the_next_run_brings_all(
    world: World, doomed: Mortal
) -> None:
    imported = select(func.count()).select_from(ImportedSource).where(ImportedSource.name.startswith("corpus/"))
    before = world.session.scalar(select(func.count(DocumentVersion.id)))
    world.session.rollback()
    for number in (3, 40, 400):
        assert doomed.run("import", number) == "killed"
        assert (world.session.scalar(imported), world.session.scalar(select(func.count(DocumentVersion.id)))) == (
            0,
            before,
        )
        assert answers(world) == _FIRST
    assert doomed.run("import", 1_000_000) == "done"
    assert world.session.scalar(imported) == len(list(building.corpus_files(CORPUS)))
