"""An app told to stop ends what is under way; two apps restarted one after the other lose and double nothing."""

import asyncio
import contextlib
import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from actions.replies import Reply
from bot.conversations.models import Message, Sender
from bot.db import make_engine, make_sessions
from bot.run import serving
from bot.settings import Settings
from tests.fakes import FakeRasa, doubled_parts
from tests.killer import FORKS, preload
from tests.ports import free_port

preload(__name__)
_UP_S = 30.0


class ThinkingRasa(FakeRasa):
    """Takes its time, as the real one does, without keeping the loop."""

    def __init__(self, seconds: float) -> None:
        super().__init__([{"kind": "answer", "text": "可以。"}])
        self.seconds = seconds

    async def talk(self, conversation_id: str, text: str, *, metadata: dict[str, Any]) -> list[Reply]:
        await asyncio.sleep(self.seconds)
        return await super().talk(conversation_id, text, metadata=metadata)

    async def is_ready(self) -> bool:
        return True

    async def close(self) -> None:
        pass


def serve(url: str, home: Path, ports: tuple[int, int], thinks_s: float, drain_s: float) -> None:
    """The app as `linli app` serves it; Rasa and search are doubles."""
    settings = Settings(
        home=home,
        database_url=url,
        port=ports[0],
        internal_port=ports[1],
        drain_s=drain_s,
        messages_per_minute=10_000,
        wechat_accounts=None,
        front_end=home,
    )
    for part in ("bootstrap/dist", "htmx.org/dist", "chart.js/dist"):
        (settings.vendor / part).mkdir(parents=True, exist_ok=True)
    rasa: Any = ThinkingRasa(thinks_s)
    serving.build_parts = lambda _: doubled_parts(settings, make_sessions(make_engine(url)), rasa)
    asyncio.run(serving.serve(settings))


@dataclass
class App:
    url: str
    home: Path
    thinks_s: float = 0.1
    drain_s: float = 0.5
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    process: Any = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    def start(self) -> None:
        self.process = FORKS.Process(target=serve, args=(self.url, self.home, self.ports, self.thinks_s, self.drain_s))
        self.process.start()
        until = time.monotonic() + _UP_S
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(self.address + "/healthz", trust_env=False).json() == {"status": "alive"}:
                    return
            time.sleep(0.05)
        raise AssertionError("the app didn't come up")

    def end(self) -> int | None:
        os.kill(self.process.pid, signal.SIGTERM)
        self.process.join(40)
        code: int | None = self.process.exitcode
        return code


@pytest.fixture
def app(sessions: sessionmaker[Session], tmp_path: Path) -> Iterator[App]:
    made = App(sessions.kw["bind"].url.render_as_string(hide_password=False), tmp_path, thinks_s=2.0, drain_s=1.5)
    made.start()
    yield made
    made.process.kill()


def begun(base: str) -> dict[str, str]:
    answer = httpx.post(base + "/api/widget/conversations", json={"embedded": True}, trust_env=False)
    return {"authorization": f"Bearer {answer.json()['token']}"}


def test_a_turn_ends_and_a_new_one_is_refused(app: App, sessions: sessionmaker[Session]) -> None:
    held, heard = begun(app.address), []

    def say() -> None:
        said = {"client_id": "the-one-under-way", "text": "低保怎么申请"}
        heard.append(
            httpx.post(app.address + "/api/widget/messages", json=said, headers=held, timeout=30, trust_env=False)
        )

    saying = threading.Thread(target=say)
    saying.start()
    time.sleep(0.7)  # Rasa is thinking
    os.kill(app.process.pid, signal.SIGTERM)
    time.sleep(0.3)
    with httpx.Client(base_url=app.address, trust_env=False) as client:
        assert client.get("/healthz").json() == {"status": "going"}
        assert client.get("/readyz").status_code == 503
        late = {"client_id": "the-one-too-late", "text": "彩礼能退吗"}
        refused = client.post("/api/widget/messages", json=late, headers=held)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "going")
    assert int(refused.headers["retry-after"]) > 0
    saying.join()
    assert [r["text"] for r in heard[0].json()["replies"]] == ["可以。"]
    app.process.join(20)
    assert app.process.exitcode == 0
    with sessions() as session:
        assert session.scalar(select(func.count()).where(Message.sender == Sender.resident)) == 1


def test_an_open_page_keeps_no_app_from_ending(app: App) -> None:
    held = begun(app.address)
    with httpx.stream("GET", app.address + "/api/widget/events", headers=held, trust_env=False) as events:
        assert events.status_code == 200
        begun_at = time.monotonic()
        assert app.end() == 0
    assert time.monotonic() - begun_at < 20, "the drain takes 1.5 s, a stream five minutes"


class Proxy:
    """As deploy/nginx.conf has it: who refuses with 503, or isn't there, is passed over."""

    def __init__(self, *apps: App) -> None:
        self._apps, self._turn = apps, itertools.count()

    def post(self, path: str, **sent: Any) -> httpx.Response:
        for _ in range(40):
            app = self._apps[next(self._turn) % len(self._apps)]
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.post(app.address + path, timeout=30, trust_env=False, **sent)
                if answer.status_code != 503:
                    return answer
            time.sleep(0.05)
        raise AssertionError("nobody was there")


def converse(proxy: Proxy, number: int, ended: threading.Event, answered: list[str]) -> None:
    token = proxy.post("/api/widget/conversations", json={"embedded": True}).json()["token"]
    for turn in itertools.count():
        if ended.is_set():
            return
        said = {"client_id": f"resident-{number}-{turn}", "text": "低保怎么申请"}
        answer = proxy.post("/api/widget/messages", json=said, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        answered.append(said["client_id"])


@pytest.mark.slow
def test_a_rolling_restart_loses_and_doubles_nothing(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    url = sessions.kw["bind"].url.render_as_string(hide_password=False)
    apps = [App(url, tmp_path), App(url, tmp_path)]
    answered: list[str] = []
    ended = threading.Event()
    try:
        for app in apps:
            app.start()
        residents = [threading.Thread(target=converse, args=(Proxy(*apps), n, ended, answered)) for n in range(6)]
        for resident in residents:
            resident.start()
        for app in (*apps, *apps):
            time.sleep(1)
            assert app.end() == 0
            app.start()
        time.sleep(1)
        ended.set()
        for resident in residents:
            resident.join(60)
    finally:
        ended.set()
        for app in apps:
            app.process.kill()
    assert len(answered) > 50
    with sessions() as session:
        said = session.scalars(select(Message).where(Message.sender == Sender.resident)).all()
        replies = session.scalars(select(Message).where(Message.sender == Sender.bot)).all()
    assert sorted(m.client_id or "" for m in said) == sorted(answered)
    assert [m.client_id for m in said if m.answered_at is None] == []
    assert {m.text for m in replies} == {"可以。"}
    assert len(replies) == len(said)
