"""While a home is prepared nobody stands before a closed door, and danger is heard."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from bot.cli.running import beside
from bot.settings import Settings
from bot.web.resident.waiting_room import waiting_room
from tests.ports import free_port


@pytest.fixture
def door() -> Iterator[TestClient]:
    with TestClient(waiting_room()) as client:
        yield client


def test_a_page_says_that_it_takes_a_while_and_whom_to_call(door: TestClient) -> None:
    for path in ("/", "/v/lijiagou", "/staff/sign-in", "/open/tell"):
        page = door.get(path, headers={"accept": "text/html,application/xhtml+xml"})
        assert page.status_code == 503
        assert page.headers["retry-after"] == "15"
        assert "no-store" in page.headers["cache-control"]
        assert "邻里正在准备" in page.text
        assert page.text.count('href="tel:') == 4


def test_who_tells_of_danger_hears_what_to_do(door: TestClient) -> None:
    said = door.post("/api/widget/messages", json={"client_id": "12345678", "text": "我家着火了，楼道里全是烟"})
    assert said.status_code == 503, "so the page goes on sending"
    assert said.json()["guidance"]["kind"] == "emergency"
    assert "tel:119" in [link["href"] for link in said.json()["guidance"]["links"]]
    assert "还没有存上" in said.json()["error"]["message"]


def test_another_question_is_asked_to_wait(door: TestClient) -> None:
    said = door.post("/api/widget/messages", json={"client_id": "12345678", "text": "低保怎么申请"})
    assert said.status_code == 503
    assert "guidance" not in said.json()
    assert "几分钟" in said.json()["error"]["message"]
    assert "110" in said.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff\xfe", b'{"text": 7}', b'{"text": null, "payload": []}'])
def test_what_is_no_message_is_asked_to_wait(door: TestClient, body: bytes) -> None:
    said = door.post("/api/widget/messages", content=body)
    assert said.status_code == 503
    assert said.json()["error"]["code"] == "preparing"


def test_what_is_too_large_is_not_read(door: TestClient) -> None:
    assert door.post("/api/widget/messages", content=b"x" * 400_000).status_code == 413


def test_it_keeps_the_door_while_the_home_is_prepared_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path, port=free_port())
    monkeypatch.setenv("LINLI_HOME", str(tmp_path))
    monkeypatch.setenv("LINLI_PORT", str(settings.port))
    with beside(settings, "waiting", [sys.executable, "-m", "bot.cli", "waiting-room"]):
        assert _status(settings.port, within_s=60) == 503
        keeper = int((tmp_path / "waiting.pid").read_text())
        os.kill(keeper, 0)
    assert not (tmp_path / "waiting.pid").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(keeper, 0)
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{settings.port}/healthz", trust_env=False)


def _status(port: int, *, within_s: float) -> int:
    until = time.monotonic() + within_s
    while True:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code
        except httpx.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
