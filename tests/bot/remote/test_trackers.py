"""What several Rasas keep on one PostgreSQL is taken back, deleted and swept up as in Rasa's own file."""

import asyncio
import json
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, make_url, text

from bot.conversations.remains import stray_trackers
from bot.rasa_client import RasaClient, RasaUnavailable, erase_trackers, erase_turn
from bot.run.preparing import rasa_environ
from bot.settings import Settings
from tests.databases import Databases

LONG_AGO = 1_600_000_000.0
# Rasa's own (rasa/core/tracker_store.py, SQLEvent)
TABLE = """CREATE TABLE events (id SERIAL PRIMARY KEY, sender_id VARCHAR(255) NOT NULL, type_name VARCHAR(255) NOT NULL,
timestamp FLOAT, intent_name VARCHAR(255), action_name VARCHAR(255), data TEXT)"""


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    with databases.empty() as made:
        if make_url(made).get_backend_name() != "postgresql":
            pytest.skip("several Rasas share a PostgreSQL")
        yield made


def say(url: str, *events: tuple[str, str, int | None], at: float = LONG_AGO) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(TABLE))
        for who, kind, message in events:
            data = json.dumps({"event": kind, "metadata": {"message": message} if message else {}})
            connection.execute(
                text("INSERT INTO events (sender_id, type_name, timestamp, data) VALUES (:who, :kind, :at, :data)"),
                {"who": who, "kind": kind, "at": at, "data": data},
            )
    engine.dispose()


def left(url: str) -> list[int]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = list(connection.scalars(text("SELECT id FROM events ORDER BY id")))
    engine.dispose()
    return found


TURNS = [
    ("a", "user", 7),
    ("a", "bot", None),
    ("b", "user", 8),
    ("a", "user", 9),
    ("b", "bot", None),
    ("a", "bot", None),
]


def test_the_last_turn_is_taken_back_and_nothing_else(url: str) -> None:
    say(url, *TURNS)
    assert erase_turn(url, "a", 9)
    assert left(url) == [1, 2, 3, 5]
    assert erase_turn(url, "a", 9), "once more does nothing"
    assert left(url) == [1, 2, 3, 5]


def test_a_turn_that_another_followed_stays(url: str) -> None:
    say(url, *TURNS)
    assert not erase_turn(url, "a", 7)
    assert left(url) == [1, 2, 3, 4, 5, 6]


def test_who_is_forgotten_is_forgotten_there(url: str) -> None:
    say(url, *TURNS)
    assert stray_trackers(url, {"a"}) == ["b"]
    erase_trackers(url, ["b"])
    assert left(url) == [1, 2, 4, 6]
    assert stray_trackers(url, {"a"}) == []


def test_who_speaks_now_is_no_stray(url: str) -> None:
    say(url, ("a", "user", 7), at=time.time())
    assert stray_trackers(url, set()) == []


def test_a_server_that_no_rasa_used_yet_holds_nothing(url: str) -> None:
    assert erase_turn(url, "a", 9)
    erase_trackers(url, ["a"])
    assert stray_trackers(url, set()) == []


def test_a_server_that_is_away_is_a_rasa_that_is_away() -> None:
    async def run() -> None:
        rasa = RasaClient("http://127.0.0.1:9", "t", timeout_s=1, trackers="postgresql+psycopg://u@127.0.0.1:9/none")
        with pytest.raises(RasaUnavailable):
            await rasa.take_back("a", 9)
        await rasa.forget("a")
        await rasa.close()

    asyncio.run(run())


def test_rasa_is_told_its_store_as_its_own_driver_knows_it() -> None:
    ours = "postgresql+psycopg://linli:s3cret@db:5432/rasa"
    assert rasa_environ(Settings(tracker_url=ours))["LINLI_TRACKER_URL"] == "postgresql://linli:s3cret@db:5432/rasa"
    alone = Settings()
    assert rasa_environ(alone)["LINLI_TRACKER_URL"] == f"sqlite:///{alone.rasa_trackers}"
