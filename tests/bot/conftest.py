"""The pages that staff and residents meet, over a database of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session, sessionmaker

from bot.settings import Settings
from bot.turns import Turns
from bot.web import errors
from bot.web.knowledge import bulk_import, documents, golden, law, try_it, unanswered
from bot.web.resident import progress, widget
from bot.web.staff import bookings as booking_pages
from bot.web.staff import cases as case_pages
from bot.web.staff import imports, inbox, sign_in
from bot.web.staff import settings as staff_settings
from bot.web.staff.desk import Desk
from tests.bot.county import places_and_offices, whole_county
from tests.bot.world import DAY, World
from tests.databases import Databases
from tests.fakes import FakeRasa, NoSearch, no_intent, no_slots


@pytest.fixture()
def empty(databases: Databases, tmp_path: Path) -> Iterator[World]:
    """Places and offices, and nobody there."""
    with databases.opened(places_and_offices) as sessions:
        yield _pages(sessions, tmp_path / "home")


@pytest.fixture()
def world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    with databases.opened(places_and_offices, whole_county) as sessions:
        yield _pages(sessions, tmp_path / "home")


def _pages(sessions: sessionmaker[Session], home: Path) -> World:
    settings = Settings(home=home, messages_per_minute=100_000)
    app, desk = FastAPI(), Desk(settings=settings, sessions=sessions)
    errors.install(app)
    for router in (
        sign_in.router(desk),
        case_pages.router(desk),
        booking_pages.router(desk),
        imports.router(desk),
        staff_settings.router(desk),
        inbox.router(desk, NoSearch(), today=lambda: DAY, slots=no_slots),  # type: ignore[arg-type]
        bulk_import.router(desk),
        law.router(desk, NoSearch(), today=lambda: DAY),  # type: ignore[arg-type]
        try_it.router(desk, NoSearch(), today=lambda: DAY, intent=no_intent),  # type: ignore[arg-type]
        golden.router(desk, NoSearch(), today=lambda: DAY),  # type: ignore[arg-type]
        unanswered.router(desk, NoSearch(), today=lambda: DAY, topic=lambda _: "其他"),
        documents.router(
            desk,
            today=lambda: DAY,
            gate=lambda session, version: [],
            is_indexed=lambda version: True,
            live=NoSearch().live,
        ),  # type: ignore[arg-type]
    ):
        app.include_router(router)
    app.include_router(progress.router(sessions))
    turns = Turns(sessions=sessions, rasa=FakeRasa([{"kind": "answer", "text": "可以。"}]))  # type: ignore[arg-type]
    app.include_router(widget.router(settings=settings, sessions=sessions, turns=turns, degraded=lambda: None))
    return World(app, sessions, settings)
