"""A home as it is after a while: a database in which people wrote, Rasa's file, secrets, snapshots."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.conversations.models import Conversation, Message, Sender
from bot.db import make_engine, make_sessions, migrate
from bot.settings import Settings
from tests.databases import Databases

NOW = datetime(2026, 11, 30, 8, 5, 1, tzinfo=UTC)


@dataclass
class Home:
    settings: Settings

    def say(self, text: str, *, at: datetime = NOW) -> None:
        engine = make_engine(self.settings.url)
        with make_sessions(engine)() as session:
            if session.get(Conversation, "c") is None:
                session.add(Conversation(id="c", channel="widget"))
                session.flush()
            session.add(Message(conversation_id="c", sender=Sender.resident, text=text, created_at=at))
            session.commit()
        engine.dispose()

    @property
    def said(self) -> list[str]:
        engine = make_engine(self.settings.url)
        with make_sessions(engine)() as session:
            found = list(session.scalars(select(Message.text).order_by(Message.id)))
        engine.dispose()
        return found

    def remember(self, text: str) -> None:
        """As Rasa does."""
        with closing(sqlite3.connect(self.settings.rasa_trackers)) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS events (data TEXT)")
            database.execute("INSERT INTO events VALUES (?)", [text])

    @property
    def remembered(self) -> list[str]:
        with closing(sqlite3.connect(self.settings.rasa_trackers)) as database:
            return [row[0] for row in database.execute("SELECT data FROM events")]


def furnish(settings: Settings) -> Home:
    settings.home.mkdir()
    migrate(settings.url)
    home = Home(settings)
    home.say("彩礼能退吗", at=NOW - timedelta(hours=2))
    home.remember("彩礼能退吗")
    settings.secret("tokens")
    snapshot = settings.snapshots / "1-1"
    snapshot.mkdir(parents=True)
    (snapshot / "meta.json").write_text("{}")
    (settings.snapshots / "current").write_text("1-1")
    return home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return furnish(Settings(home=tmp_path / "home", cache=tmp_path / "cache", database_url=""))


@pytest.fixture
def other(tmp_path: Path) -> Home:
    """Another machine, where nothing was ever done."""
    return Home(Settings(home=tmp_path / "other", cache=tmp_path / "cache", database_url=""))


@pytest.fixture
def on_server(databases: Databases, tmp_path: Path) -> Iterator[Home]:
    """On whatever the suite runs."""
    with databases.empty() as url:
        yield furnish(Settings(home=tmp_path / "server", cache=tmp_path / "cache", database_url=url))
