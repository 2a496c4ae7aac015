import os
import shutil
import signal
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from bot.channels.simulator.account import Simulator
from bot.run.stack import Stack
from bot.settings import Settings
from tests.telephones import switched_on

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def stack(prepared: Settings, untouched: Path) -> Iterator[Stack]:
    """One running stack for all end-to-end tests, supervised as `linli serve` does."""
    stack = Stack(prepared)
    ended = threading.Event()

    def supervise() -> None:
        while not ended.wait(0.5):
            stack.poll()

    stack.start()
    thread = threading.Thread(target=supervise, daemon=True)
    try:
        stack.wait_ready()
        thread.start()
        yield stack
    finally:
        ended.set()
        if thread.is_alive():
            thread.join()
        stack.stop()


@pytest.fixture(scope="session")
def simulators(stack: Stack) -> Iterator[dict[str, Simulator]]:
    """WeChat's servers, by kind of account."""
    with switched_on(stack_url=f"http://127.0.0.1:{stack.settings.port}", api_url=stack.settings.wechat_api) as found:
        yield found


@pytest.fixture
def base(stack: Stack) -> str:
    return f"http://127.0.0.1:{stack.settings.port}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    system = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        if system is None and not Path(playwright.chromium.executable_path).exists():
            pytest.fail("no browser: install Debian's package `chromium`")
        opened = playwright.chromium.launch(executable_path=system, args=_FLAGS)
        yield opened
        opened.close()


class Resident:
    """Talks as the widget does."""

    def __init__(self, base: str, village: str | None = None, *, secret: str = "") -> None:
        """`secret`: the installation's own, for more conversations than one address may begin in a minute."""
        self.http = httpx.Client(base_url=base, timeout=60, trust_env=False, headers={"x-linli-secret": secret})
        started = self.http.post("/api/widget/conversations", json={"embedded": True, "village": village})
        self.http.headers["authorization"] = f"Bearer {started.json()['token']}"

    def post(self, text: str, client_id: str | None = None) -> httpx.Response:
        return self.http.post("/api/widget/messages", json={"client_id": client_id or uuid.uuid4().hex, "text": text})

    def say(self, text: str) -> list[dict]:  # type: ignore[type-arg]
        return self.post(text).json()["replies"]

    def messages(self) -> list[dict]:  # type: ignore[type-arg]
        return self.http.get("/api/widget/messages").json()["messages"]


def kill(stack: Stack, name: str) -> None:
    """SIGKILL to a part and all its children; the supervisor finds it dead."""
    process = next(c.process for c in stack.children if c.name == name)
    if process:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
