"""A process that writes and doesn't come to an end holds nobody's card of danger (red team M10)."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from tests.bot.web.resident import test_nobody_stops_it
from tests.bot.world import World

app = test_nobody_stops_it.app
port = test_nobody_stops_it.port
somebody = test_nobody_stops_it.somebody
DANGER = test_nobody_stops_it.DANGER
_OTHERS = 50  # more than an app has threads for requests
_HOLDS = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(60)
"""


@contextmanager
def locked(world: World) -> Iterator[None]:
    """By another process, which is killed at the end: its lock goes with it."""
    with world.sessions() as session:
        bind = session.get_bind()
    assert isinstance(bind, Engine)
    if bind.dialect.name != "sqlite":
        pytest.skip("a writer of PostgreSQL locks rows, not the database")
    command = [sys.executable, "-c", _HOLDS, str(bind.url.database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            yield
        finally:
            holder.kill()


def timed(client: httpx.Client, path: str, **sent: Any) -> tuple[float, httpx.Response]:
    begun = time.monotonic()
    answer = client.post(path, **sent)
    return time.monotonic() - begun, answer


def test_others_who_wait_to_be_stored_dont_keep_who_is_in_danger_waiting(
    world: World, somebody: httpx.Client, port: int
) -> None:
    tokens = [
        somebody.post("/api/widget/conversations", json={"embedded": True}).json()["token"] for _ in range(_OTHERS)
    ]

    def say(number: int) -> None:
        headers = {"authorization": f"Bearer {tokens[number]}"}
        said = {"client_id": f"ordinary-{number:02}", "text": "低保怎么申请"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=90) as client:
            client.post("/api/widget/messages", json=said)

    with locked(world):
        others = [threading.Thread(target=say, args=(number,)) for number in range(_OTHERS)]
        for other in others:
            other.start()
        time.sleep(2)  # until each of them waits for the writer
        waited, answer = timed(somebody, "/api/widget/messages", json=DANGER)
        print("WAITED", waited, answer.status_code)
    for other in others:
        other.join()
    assert answer.json()["guidance"]["kind"] == "emergency"
    assert waited < 2


def test_who_has_no_conversation_yet(world: World, somebody: httpx.Client, port: int) -> None:
    with locked(world):
        waited, answer = timed(somebody, "/api/widget/conversations", json={"embedded": True})
        print("START", waited, answer.status_code, answer.text[:300])
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=90) as client:
            waited, answer = timed(client, "/api/widget/messages", json=DANGER)
        print("NOBODY", waited, answer.status_code, answer.text[:300])
