"""Style sheets and scripts are kept by browsers under an address that changes with them, and travel compressed."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.testclient import TestClient

from bot import app as whole
from bot.connections import Leave
from bot.settings import ROOT, Settings
from bot.web import static_files


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    app, settings = FastAPI(), Settings(home=tmp_path)
    app.add_api_route("/long", lambda: PlainTextResponse("邻里" * 5000))
    app.state.chat = SimpleNamespace(sites=None)  # no other site asks here
    app.state.leave = Leave()
    whole._join_files(app, settings)
    whole._join_middleware(app, settings)
    return TestClient(app)


def test_an_address_with_its_version_is_kept_and_one_without_is_asked_again(client: TestClient) -> None:
    address = static_files.address("staff.css")
    assert re.fullmatch(r"/static/staff\.css\?v=[0-9a-f]{12}", address)
    assert "immutable" in client.get(address).headers["cache-control"]
    bare = client.get("/static/staff.css")
    assert bare.headers["cache-control"] == "public, no-cache"
    again = client.get("/static/staff.css", headers={"if-none-match": bare.headers["etag"]})
    assert again.status_code == 304
    assert "immutable" not in client.get("/static/nothing.css?v=1").headers.get("cache-control", "")


def test_another_content_has_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_files, "FOLDER", tmp_path)
    file = tmp_path / "staff.css"
    file.write_text("a {}", encoding="utf-8")
    first = static_files.address("staff.css")
    assert static_files.address("staff.css") == first
    file.write_text("b { }", encoding="utf-8")
    assert static_files.address("staff.css") != first


def test_a_vendors_file_has_the_version_that_is_installed() -> None:
    wanted = (ROOT / "bot" / "static" / "package.json").read_text(encoding="utf-8")
    version = static_files.address("vendor/htmx/htmx.min.js").split("=")[1]
    assert f'"htmx.org": "{version}"' in wanted


def test_what_is_long_travels_compressed(client: TestClient) -> None:
    answer = client.get("/long", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 500
    assert "content-encoding" not in client.get("/long", headers={"accept-encoding": "identity"}).headers
    assert "content-security-policy" in answer.headers
