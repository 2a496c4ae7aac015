"""The console over a county, for every test of the pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from bot.settings import Settings
from bot.turns import Turns
from bot.web.affairs.exchange import api as exchange
from bot.web.resident import events, files, matters, progress, widget
from bot.web.resident.chat import Chat
from bot.web.village import page as village
from bot.web.village import papers
from bot.web.village.registry import TABS
from tests.bot.county import places_and_offices, whole_county
from tests.bot.world import World, console
from tests.databases import Databases
from tests.fakes import FakeRasa


@pytest.fixture
def empty(databases: Databases, tmp_path: Path) -> Iterator[World]:
    """Places and offices, and nobody there."""
    with databases.opened(places_and_offices) as sessions:
        yield _pages(sessions, tmp_path / "home")


@pytest.fixture
def world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    with databases.opened(places_and_offices, whole_county) as sessions:
        yield _pages(sessions, tmp_path / "home")


def _pages(sessions: sessionmaker[Session], home: Path) -> World:
    settings = Settings(home=home, messages_per_minute=100_000)
    app = console(settings, sessions)
    turns = Turns(sessions=sessions, rasa=FakeRasa([{"kind": "answer", "text": "可以。"}]))  # type: ignore[arg-type]
    app.state.chat = Chat(settings=settings, sessions=sessions, turns=turns, degraded=lambda: None)
    app.include_router(progress.router)
    app.include_router(files.router)
    app.include_router(widget.router)
    app.include_router(events.router)
    app.include_router(matters.router)
    for router in (*(tab.router for tab in TABS), village.router, papers.router, exchange.router):
        app.include_router(router)
    return World(app, sessions, settings)
