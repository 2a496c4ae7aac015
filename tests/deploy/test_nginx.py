"""`deploy/nginx.conf` on a real nginx, where one is installed, before two small apps: what it passes on, to whom."""

import asyncio
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.web import body_limit
from tests.deploy import nginx
from tests.ports import free_port

pytestmark = pytest.mark.skipif(nginx.NGINX is None, reason="no nginx: apt-get install nginx-light")


@dataclass
class App:
    """One of two; `going`: it refuses what is new."""

    name: str
    port: int = field(default_factory=free_port)
    going: bool = False
    heard: list[str] = field(default_factory=list)
    server: uvicorn.Server | None = None

    def start(self) -> None:
        routes = [
            Route("/api/widget/events", self.events),
            Route("/{path:path}", self.answer, methods=["GET", "POST"]),
        ]
        app = Starlette(routes=routes)
        self.server = uvicorn.Server(uvicorn.Config(app, port=self.port, log_level="critical", forwarded_allow_ips="*"))
        threading.Thread(target=self.server.run, daemon=True).start()
        while not self.server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        if self.server is not None:
            self.server.should_exit = True
            while self.server.started and _listens(self.port):
                time.sleep(0.01)

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        if self.going:
            return JSONResponse({"error": {"code": "going"}}, 503, {"retry-after": "2"})
        self.heard.append(f"{request.method} {request.url.path} {len(body)}")
        client = request.client.host if request.client else ""
        told = {"by": self.name, "client": client, "scheme": request.url.scheme, "host": request.headers["host"]}
        return JSONResponse(told | {"forwarded": request.headers.get("x-forwarded-for")})

    async def events(self, request: Request) -> Response:
        async def said() -> AsyncIterator[str]:
            for n in range(3):
                yield f"data: {n}\n\n"
                await asyncio.sleep(0.4)

        return StreamingResponse(said(), media_type="text/event-stream")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class House:
    apps: list[App]
    ports: dict[str, int]
    client: httpx.Client

    @property
    def inner(self) -> str:
        return f"http://127.0.0.1:{self.ports[nginx.INNER]}"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    apps, ports, trusted = [App("one"), App("two")], nginx.fresh_ports(), ssl.create_default_context()
    trusted.check_hostname, trusted.verify_mode = False, ssl.CERT_NONE
    base = f"https://127.0.0.1:{ports[nginx.SECURE]}"
    for app in apps:
        app.start()
    client = httpx.Client(base_url=base, verify=trusted, trust_env=False, timeout=20)
    with nginx.running(tmp_path, [app.port for app in apps], ports), client:
        yield House(apps, ports, client)
    for app in apps:
        app.stop()


def test_the_file_is_good(tmp_path: Path) -> None:
    conf = nginx.written(tmp_path, [free_port(), free_port()], nginx.fresh_ports())
    subprocess.run([str(nginx.NGINX), "-t", "-p", str(tmp_path), "-c", str(conf)], check=True)


def test_an_app_hears_who_asks_and_how(house: House) -> None:
    told = house.client.get("/", headers={"x-forwarded-for": "203.0.113.9"}).json()
    assert told["forwarded"] == "127.0.0.1", "what a visitor claims is dropped"
    assert (told["client"], told["scheme"]) == ("127.0.0.1", "https")
    assert told["host"].startswith("127.0.0.1:")
    plain = httpx.get(f"http://127.0.0.1:{house.ports[nginx.PLAIN]}/v/x", trust_env=False)
    assert (plain.status_code, plain.headers["location"]) == (301, "https://127.0.0.1/v/x")


def test_an_app_that_is_going_is_passed_over_whatever_was_sent(house: House) -> None:
    """Nothing was done by who refuses, so a form may be sent on."""
    house.apps[0].going = True
    answers = [house.client.post("/staff/cases/1", content=b"x" * 100_000) for _ in range(12)]
    assert [answer.json()["by"] for answer in answers] == ["two"] * 12
    assert house.apps[1].heard == ["POST /staff/cases/1 100000"] * 12
    assert house.client.get("/").json()["by"] == "two"
    house.apps[1].going = True
    answer = house.client.post("/api/widget/messages", content=b"{}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "going"), "its own words, when nobody is left"
    house.apps[0].going = False
    assert house.client.get("/").json()["by"] == "one", "a 503 keeps nobody out"


def test_an_app_that_is_gone_is_passed_over(house: House) -> None:
    house.apps[0].stop()
    answers = [house.client.post("/api/widget/messages", content=b"{}") for _ in range(12)]
    assert [answer.json()["by"] for answer in answers] == ["two"] * 12


def test_open_pages_hear_each_word_at_once(house: House) -> None:
    came, begun = [], time.monotonic()
    with house.client.stream("GET", "/api/widget/events") as events:
        for _ in events.iter_text():
            came.append(time.monotonic() - begun)
    assert len(came) >= 3
    assert came[0] + 0.3 < came[-1], "held back until the end"


def test_a_body_is_let_through_as_far_as_an_app_takes_it(house: House) -> None:
    most = max(size for _, size in body_limit._MORE)
    assert f"client_max_body_size {most};" in nginx.CONF
    assert house.client.post("/staff/village/decisions/1", content=b"x" * most).status_code == 200
    assert house.client.post("/staff/village/decisions/1", content=b"x" * (most + 1)).status_code == 413


def test_figures_and_inner_doors_are_for_the_house(house: House) -> None:
    for path in ("/readyz", "/metrics"):
        assert house.client.get(path).status_code == 404
    assert json.loads(httpx.post(f"{house.inner}/internal/encode", trust_env=False).text)["by"] in ("one", "two")
    assert httpx.get(f"{house.inner}/staff", trust_env=False).status_code == 404
