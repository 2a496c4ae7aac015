"""What others do to the server: whoever is in danger hears what to do, and the app stays awake (red team C1, M10)."""

import asyncio
import dis
import inspect
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from bot.run.serving import listening
from bot.web.body_limit import BodyLimit
from tests.actions.cases.test_photos import made
from tests.bot.web import test_hostile_api
from tests.bot.world import World

DANGER = {"client_id": "danger-01", "text": "我家着火了，楼道里全是烟"}
app = test_hostile_api.app


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Somebody else writes and doesn't come to an end."""
    with world.sessions() as session:
        bind = session.get_bind()
    assert isinstance(bind, Engine)
    if bind.dialect.name == "sqlite":
        with sqlite3.connect(str(bind.url.database), isolation_level=None, timeout=5) as other:
            other.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                other.execute("ROLLBACK")
    else:
        with bind.begin() as other_one:
            other_one.exec_driver_sql("LOCK TABLE conversation, message IN ACCESS EXCLUSIVE MODE")
            yield


@pytest.fixture
def port(app: Any) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    with listening(app, number, lifespan="off"):
        yield number


def card_of(answer: httpx.Response) -> str:
    """A busy machine tells it before it has stored anything."""
    told = answer.json()
    return str((told.get("guidance") or told["replies"][0])["kind"])


@pytest.fixture
def somebody(port: int) -> Iterator[httpx.Client]:
    # A connection each time: the server closes what was idle for five seconds, and a busy machine may need those.
    alone = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, limits=alone) as client:
        token = client.post("/api/widget/conversations", json={"embedded": True}).json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


def test_in_danger_one_is_told_what_to_do_before_anything_can_be_stored(world: World, somebody: httpx.Client) -> None:
    with locked(world):
        answer = somebody.post("/api/widget/messages", json=DANGER)
    assert answer.status_code == 503, "so the page goes on sending"
    told = answer.json()
    assert "还没有存上" in told["error"]["message"]
    assert told["guidance"]["kind"] == "emergency"
    assert "tel:119" in [link["href"] for link in told["guidance"]["links"]]
    while (turn := somebody.post("/api/widget/messages", json=DANGER)).status_code == 503:
        pass  # as the page does
    assert turn.json()["message"]["text"] == DANGER["text"]
    while not (news := somebody.get("/api/widget/messages").json())["messages"][1:]:
        time.sleep(0.05)  # the first try is still at it
    assert [m["kind"] for m in news["messages"]].count("emergency") == 1, "stored once, told once"
    assert news["status"] == "waiting"


@pytest.mark.slow
def test_slow_bodies_and_idle_connections_keep_nobody_waiting(somebody: httpx.Client, port: int) -> None:
    with ExitStack() as held:
        token = somebody.headers["authorization"].removeprefix("Bearer ")
        for _ in range(50):
            held.enter_context(socket.create_connection(("127.0.0.1", port)))
        head = (
            f"POST /api/widget/photos HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n"
            '--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
        )
        form = (
            f"POST /staff/sign-in HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nlogin=a"
        )
        for slow in 40 * [head] + 40 * [form]:
            held.enter_context(socket.create_connection(("127.0.0.1", port))).sendall(slow.encode())
        assert somebody.get("/healthz").json() == {"status": "alive"}
        assert somebody.get("/api/widget/conversations/current").status_code == 200
        assert card_of(somebody.post("/api/widget/messages", json=DANGER)) == "emergency"


@pytest.mark.slow
def test_forms_of_a_village_that_dont_arrive_keep_nobody_waiting(somebody: httpx.Client, port: int) -> None:
    """Sixty of them each held a session of the database while they were read; the pool has sixty."""
    with ExitStack() as held:
        form = (
            f"POST /v/lijiagou/topics/new HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\ntext=a"
        )
        for _ in range(80):
            held.enter_context(socket.create_connection(("127.0.0.1", port))).sendall(form.encode())
        time.sleep(1)  # until all of them are read as far as they come
        assert somebody.get("/api/widget/conversations/current").status_code == 200
        assert somebody.get("/v/lijiagou").status_code == 200


def test_who_hangs_up_while_sending_leaves_no_trace_in_the_log(
    somebody: httpx.Client, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    form = (
        f"POST /v/lijiagou/topics/new HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\ntext=a"
    )
    caplog.set_level("INFO")
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(form.encode())
        time.sleep(0.3)
    until = time.monotonic() + 20
    while "left while sending" not in caplog.text and time.monotonic() < until:
        time.sleep(0.1)
    assert "left while sending path=/v/lijiagou/topics/new" in caplog.text
    assert "Traceback" not in caplog.text
    assert somebody.get("/healthz").status_code == 200


def test_no_address_reads_a_body_with_a_session_open(app: Any) -> None:
    """A dependency with a `yield` holds a session (or a seat with one); what waits for a browser comes before it."""
    routes = [route for route in _routes(app) if isinstance(route, APIRoute)]
    assert len(routes) > 250
    for route in routes:
        is_held = False
        for call in dict.fromkeys(_in_order(route.dependant)):
            is_held = is_held or inspect.isgeneratorfunction(call)
            # one without an await of its own is only called on the loop, where no thread need be free for it
            is_waiting = inspect.iscoroutinefunction(call) and any(
                step.opname == "GET_AWAITABLE" for step in dis.get_instructions(call)
            )
            assert not (is_held and is_waiting), f"{route.path}: {call.__name__} waits while a session is open"


def _routes(owner: Any) -> Iterator[Any]:
    for route in owner.routes:
        yield route
        if included := getattr(route, "original_router", None):
            yield from _routes(included)


def _in_order(dependant: Dependant) -> Iterator[Any]:
    """As FastAPI carries them out: each once, what it needs itself before it."""
    for inner in dependant.dependencies:
        yield from _in_order(inner)
        yield inner.call


@pytest.mark.slow
def test_many_pictures_at_once_wait_without_a_thread(somebody: httpx.Client, port: int) -> None:
    """Each is kept or told to come again; whoever writes meanwhile is answered."""
    picture = made("PNG", (4000, 4000), "RGBA")
    answers: list[int] = []

    def send() -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            token = client.post("/api/widget/conversations", json={"embedded": True}).json()["token"]
            sent = client.post(
                "/api/widget/photos",
                files={"photo": ("a.png", picture)},
                headers={"authorization": f"Bearer {token}"},
            )
            answers.append(sent.status_code)

    threads = [threading.Thread(target=send) for _ in range(24)]
    for thread in threads:
        thread.start()
    assert somebody.get("/healthz").status_code == 200
    assert card_of(somebody.post("/api/widget/messages", json=DANGER)) == "emergency"
    for thread in threads:
        thread.join()
    assert set(answers) <= {201, 503}
    assert answers.count(201) >= 2


def test_a_body_that_stands_still_is_given_up() -> None:
    sent: list[dict[str, Any]] = []

    async def reads(_: Any, receive: Any, __: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    async def receive() -> dict[str, Any]:
        if not sent:
            sent.append({})
            return {"type": "http.request", "body": b"x", "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    limit = BodyLimit(reads, still_s=0.01)
    with pytest.raises(HTTPException) as refused:
        asyncio.run(limit({"type": "http", "path": "/", "headers": []}, receive, None))  # type: ignore[arg-type]
    assert refused.value.status_code == 408
