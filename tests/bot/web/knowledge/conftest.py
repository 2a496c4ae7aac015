"""An index over a few published texts, with the real encoder."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from actions.dialogue.frame.base import Services
from actions.feedback import UnansweredQuestion
from bot.rehearsing.unkept import Rehearsals
from bot.settings import Settings
from knowledge.encoder.cache import VectorCache
from knowledge.encoder.embedding import LocalEmbedder
from knowledge.encoder.exported import load_embedder
from knowledge.evaluation.models import GoldenQuestion
from knowledge.search import building, snapshot
from knowledge.search.searcher import Searcher
from tests.bot.web.knowledge.indexed import TEXTS, ActingRasa, Real, live
from tests.bot.world import DAY, World, console


@pytest.fixture(scope="session")
def embedder() -> LocalEmbedder:
    return load_embedder(Settings().cache, learned=Settings().learned)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorCache]:
    """The same few texts are embedded once."""
    cache = VectorCache(tmp_path_factory.mktemp("vectors") / "vectors.sqlite")
    yield cache
    cache.close()


@pytest.fixture
def real(world: World, embedder: LocalEmbedder, cache: VectorCache, tmp_path: Path) -> Real:
    root = tmp_path / "snapshots"
    with world.sessions() as session:
        session.execute(delete(UnansweredQuestion))
        session.execute(delete(GoldenQuestion))
        for title, answer in TEXTS:
            live(session, title, answer)
        live(session, "石桥酒席规矩", "红事酒席不超过八桌。", place="shiqiao")
        session.commit()
        building.build_snapshot(session, root=root, embedder=embedder, cache=cache, today=DAY)
    loaded = snapshot.load(root)
    searcher = Searcher(embedder=embedder, live=lambda: snapshot.refreshed(loaded, root))

    services = Services(sessions=world.sessions, searcher=searcher, today=lambda: DAY, topic=lambda _: "社会保障与救助")
    rehearsals = Rehearsals(services, world.sessions)
    rasa = ActingRasa(rehearsals, "ask_service_guide")
    app = console(
        world.settings,
        world.sessions,
        searcher=searcher,
        golden=searcher,
        rehearse=rasa.rehearse,
        supposing=lambda supposed: rehearsals.services(supposed).searcher,
        topic=services.topic,
    )

    def take_in() -> None:
        with world.sessions() as session:
            while building.update_delta(session, root=root, embedder=embedder, cache=cache, today=DAY):
                pass

    return Real(replace(world, app=app), searcher, take_in, rasa)
