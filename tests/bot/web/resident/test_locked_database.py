"""A process that writes and doesn't come to an end holds nobody's card of danger (red team M10)."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, column, insert, table, text
from sqlalchemy.exc import OperationalError

from bot.app import create_app
from bot.db import make_engine, make_sessions
from bot.emergency import card
from bot.emergency.guidance import Emergency
from bot.emergency.second_opinion import NONE, SecondOpinion, read_sentences, train
from bot.turns import Turns
from tests.bot.web.resident import test_nobody_stops_it
from tests.bot.world import World
from tests.fakes import FakeRasa, PairEmbedder, doubled_parts

port = test_nobody_stops_it.port
somebody = test_nobody_stops_it.somebody
DANGER = test_nobody_stops_it.DANGER
_OTHERS = 50  # more than an app has threads for requests
_ALL_WAIT_S = 4.0  # until each of them waits for the writer, or has been told that it is busy
_SOON_S = 1.5  # a card is due after 0.4 s; the rest is for a busy machine
_HOLDS = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def opinion() -> SecondOpinion:
    return train([s for s in read_sentences() if s.label in (NONE, "water")][:600], embedder=PairEmbedder())


@pytest.fixture
def app(world: World, opinion: SecondOpinion) -> FastAPI:
    for part in ("bootstrap/dist", "htmx.org/dist", "chart.js/dist"):
        (world.settings.vendor / part).mkdir(parents=True)
    rasa: Any = FakeRasa([{"kind": "answer", "text": "可以。"}])

    def second(text: str, ruled: Emergency | None, is_asked: bool) -> Emergency | None:
        return opinion.of(text, PairEmbedder(), ruled, is_asked=is_asked)

    turns = Turns(sessions=world.sessions, rasa=rasa, second_opinion=second)
    return create_app(doubled_parts(world.settings, world.sessions, rasa, turns))


@contextmanager
def held(file: Path) -> Iterator[None]:
    """By another process, which is killed at the end: its lock goes with it."""
    with subprocess.Popen([sys.executable, "-c", _HOLDS, str(file)], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            yield
        finally:
            holder.kill()


@contextmanager
def locked(world: World) -> Iterator[None]:
    with world.sessions() as session:
        bind = session.get_bind()
    assert isinstance(bind, Engine)
    if bind.dialect.name != "sqlite":
        pytest.skip("a writer of PostgreSQL locks rows, not the database")
    with held(Path(str(bind.url.database))):
        yield


def timed(client: httpx.Client, method: str, path: str, **sent: Any) -> tuple[float, httpx.Response]:
    begun = time.monotonic()
    answer = client.request(method, path, **sent)
    return time.monotonic() - begun, answer


def say_at_once(tokens: Sequence[str], port: int) -> list[threading.Thread]:
    """Each in a thread of its own, to be joined."""

    def say(number: int) -> None:
        headers = {"authorization": f"Bearer {tokens[number]}"}
        said = {"client_id": f"ordinary-{number:02}", "text": "低保怎么申请"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=90) as client:
            client.post("/api/widget/messages", json=said)

    saying = [threading.Thread(target=say, args=(number,)) for number in range(len(tokens))]
    for one in saying:
        one.start()
    return saying


def test_others_who_wait_to_be_stored_keep_nobody_waiting(world: World, somebody: httpx.Client, port: int) -> None:
    """They held every thread for half a minute and longer: no card, no page, no news of what was answered before."""
    start = {"embedded": True}
    tokens = [somebody.post("/api/widget/conversations", json=start).json()["token"] for _ in range(_OTHERS)]
    with locked(world):
        others = say_at_once(tokens, port)
        time.sleep(_ALL_WAIT_S)
        waited, answer = timed(somebody, "POST", "/api/widget/messages", json=DANGER)
        assert waited < _SOON_S
        assert answer.json()["guidance"]["kind"] == "emergency"
        for path in ("/healthz", "/", "/api/widget/messages"):
            waited, answer = timed(somebody, "GET", path)
            assert (path, answer.status_code) == (path, 200)
            assert waited < _SOON_S, path
    for other in others:
        other.join()


def test_danger_that_no_rule_hears_is_told_though_nothing_can_be_stored(
    world: World, somebody: httpx.Client, opinion: SecondOpinion
) -> None:
    """The learned second opinion was asked behind the first write, so the card came after 30 s or never."""
    feared = next(s.text for s in read_sentences() if s.label == "water" and is_heard_by(opinion, s.text))
    said = {"client_id": "danger-02", "text": feared}
    with locked(world):
        waited, answer = timed(somebody, "POST", "/api/widget/messages", json=said)
    assert answer.status_code == 503, "so the page goes on sending"
    assert answer.json()["guidance"]["kind"] == "emergency"
    assert waited < 2 + _SOON_S


def is_heard_by(opinion: SecondOpinion, text: str) -> bool:
    if card.by_rules(text) is not None:
        return False
    found = opinion.of(text, PairEmbedder())
    return found is not None and not found.soft


def test_words_without_danger_wait_until_they_are_stored(world: World, somebody: httpx.Client) -> None:
    said = {"client_id": "ordinary-1", "text": "低保怎么申请"}
    answers: list[httpx.Response] = []
    saying = threading.Thread(target=lambda: answers.append(somebody.post("/api/widget/messages", json=said)))
    with locked(world):
        saying.start()
        time.sleep(3)  # longer than until somebody in danger is told
        assert saying.is_alive()
    saying.join()
    assert [answers[0].status_code, answers[0].json()["replies"][0]["text"]] == [200, "可以。"]


def test_who_has_no_conversation_yet_is_told_what_to_do(world: World, somebody: httpx.Client, port: int) -> None:
    """Beginning one is a write. Whoever writes before it is there is told, and sends again when it is."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as newcomer, locked(world):
        waited, answer = timed(newcomer, "POST", "/api/widget/messages", json=DANGER)
    assert answer.json()["guidance"]["kind"] == "emergency"
    assert waited < _SOON_S


def test_who_queued_behind_another_writer_waits_no_longer_than_they_did(tmp_path: Path) -> None:
    """The queue of this process had its patience and SQLite another: 24 s where twelve are meant."""
    sessions = make_sessions(make_engine(f"sqlite:///{tmp_path / 'linli.sqlite'}", patience_s=2))
    with sessions() as session:
        session.execute(text("CREATE TABLE said (words TEXT)"))
        session.commit()
    waited: list[float] = []

    def write() -> None:
        begun = time.monotonic()
        with sessions() as session, pytest.raises(OperationalError, match="database is locked"):
            session.execute(insert(table("said", column("words"))).values(words="火"))
        waited.append(time.monotonic() - begun)

    with held(tmp_path / "linli.sqlite"):
        writers = [threading.Thread(target=write) for _ in range(3)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    assert len(waited) == 3
    assert max(waited) < 3.5
    with sessions() as session:  # and the next has all its patience again
        session.execute(insert(table("said", column("words"))).values(words="水"))
        session.commit()
        assert session.execute(text("PRAGMA busy_timeout")).scalar() == 2000
