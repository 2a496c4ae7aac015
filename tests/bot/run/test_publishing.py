"""The worker makes publications searchable, and the app sees them at its next search."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from bot.run.publishing import Publications, Rebuild
from bot.settings import Settings
from knowledge.documents.models import VersionStatus
from knowledge.identity import renew
from knowledge.search import snapshot
from knowledge.search.live import LiveIndex
from tests.conftest import DAY
from tests.fakes import PairEmbedder
from tests.knowledge.search.test_indexing import World, rule


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, cache=tmp_path)


@pytest.fixture
def publications(settings: Settings, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch) -> Publications:
    monkeypatch.setattr("bot.run.publishing.today", lambda: DAY)
    monkeypatch.setattr("bot.run.publishing.load_embedder", lambda *_, **__: PairEmbedder())
    return Publications(settings, sessions)


def test_a_publication_reaches_the_app_that_is_running(
    settings: Settings, publications: Publications, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    with sessions() as session:
        world = World(session, tmp_path)
        world.save(rule("狗", "养狗要拴绳"))
        world.build()
        live = LiveIndex(settings.snapshots)
        assert len(live()) == 1
        assert publications.step() == 0
        world.save(rule("路灯", "路灯坏了找村电工"))
        assert publications.step() == 1
        assert publications.step() == 0
        assert len(live()) == 2
        assert live() is live(), "nothing is loaded anew while nothing changes"
        former = live().id
        world.build()
        assert live().id != former
        assert publications.step() == 0
        world.cache.close()


def test_an_unreadable_new_snapshot_leaves_the_loaded_one_serving(
    settings: Settings, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    with sessions() as session:
        world = World(session, tmp_path)
        world.save(rule("狗", "养狗要拴绳"))
        good = world.build()
        live = LiveIndex(settings.snapshots)
        live()
        broken = world.build()
        (world.root / broken / "chunks.faiss").unlink()
        assert live().id == good
        snapshot.publish(world.root, world.build())
        assert live().id not in (good, broken)
        world.cache.close()


def test_the_model_is_loaded_once_a_text_is_in_review(
    publications: Publications, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    with sessions() as session:
        world = World(session, tmp_path)
        version = world.save(rule("狗", "养狗要拴绳"))
        world.build()
        publications.step()
        assert publications._made is None
        version.status = VersionStatus.in_review
        session.commit()
        publications.step()
        assert publications._made is not None
        world.cache.close()


def test_without_a_snapshot_there_is_nothing_to_do(publications: Publications) -> None:
    assert publications.step() == 0


@pytest.mark.parametrize("wrong", ["size", "bytes", "another database", "gone"])
def test_a_snapshot_that_cannot_be_used_is_built_anew(
    settings: Settings, sessions: sessionmaker[Session], tmp_path: Path, wrong: str
) -> None:
    with sessions() as session:
        world = World(session, tmp_path)
        world.save(rule("狗", "养狗要拴绳"))
        world.build()
        assert not Rebuild(settings, sessions).is_due()
        file = world.root / str(snapshot.current_id(world.root)) / "chunks.faiss"
        content = file.read_bytes()
        if wrong == "size":
            file.write_bytes(content[:-1])
        elif wrong == "gone":
            shutil.rmtree(world.root)  # found on 2 December 2026: nothing was answered until somebody started anew
        elif wrong == "bytes":
            file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        else:
            renew(session)
            session.commit()
        assert Rebuild(settings, sessions).is_due()
        world.build()
        assert not Rebuild(settings, sessions).is_due()
        world.cache.close()
