"""The two pages anybody may open, whatever the snapshot's description looks like."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.settings import Settings
from bot.web.resident import pages


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path, cache=tmp_path)
    (made.snapshots / "1-1").mkdir(parents=True)
    (made.snapshots / "current").write_text("1-1")
    return made


def get(settings: Settings, path: str) -> str:
    app = FastAPI()
    app.include_router(pages.router)
    app.state.parts = SimpleNamespace(settings=settings)
    found = TestClient(app).get(path)
    assert found.status_code == 200
    return found.text


@pytest.mark.parametrize("path", ["/", "/privacy"])
@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b"[]", b"3", b'{"chunks": "many", "embedded": null}'])
def test_an_unreadable_description_of_the_index_costs_no_page(settings: Settings, path: str, content: bytes) -> None:
    (settings.snapshots / "1-1" / "meta.json").write_bytes(content)
    assert ("资料正在准备。" in get(settings, path)) == (path == "/privacy")  # the chat keeps its room for words


def test_a_lost_pointer_costs_no_page(settings: Settings) -> None:
    (settings.snapshots / "current").write_bytes(b"\xff")
    assert "资料正在准备。" in get(settings, "/privacy")


def test_the_page_tells_how_much_can_be_found(settings: Settings) -> None:
    (settings.snapshots / "1-1" / "meta.json").write_text('{"chunks": 12, "embedded": 5}')
    assert "资料 12 条，其中 5 条已能按意思查" in get(settings, "/privacy")
