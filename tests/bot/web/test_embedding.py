"""The chat on other people's pages: who may, what who may not is told, and the whole product under a path."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from sqlalchemy import select
from starlette.testclient import TestClient

from actions.errors import InvalidInput
from bot.settings import Settings
from bot.sites import listed
from bot.sites.listed import REFUSED, Sites
from bot.sites.models import RefusedKnock, Site
from bot.web.embedding import door
from bot.web.embedding.visitors import Visitors
from bot.web.headers import Headers
from bot.web.resident import pages
from bot.web.subpath import SubPath
from tests.bot.world import World

COUNTY = "https://www.qinghe.gov.cn"
STRANGER = "https://copied.example"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def site_of(world: World) -> TestClient:
    """The whole of it as residents' browsers meet it, `COUNTY` listed."""
    with world.sessions() as session:
        listed.add(session, COUNTY, colour="#8B0000", by="管理员", now=NOW)
        session.commit()
    app, chat = world.app, world.app.state.chat
    app.include_router(door.router)
    app.include_router(pages.router)
    app.state.parts = SimpleNamespace(settings=world.settings)
    return TestClient(Headers(Visitors(app, settings=world.settings, sites=chat.sites)), follow_redirects=False)


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://www.qinghe.gov.cn/", COUNTY),
        (" WWW.Qinghe.gov.cn/index.html?a=1 ", COUNTY),
        ("https://www.qinghe.gov.cn:443", COUNTY),
        ("http://10.1.2.3:8080/a", "http://10.1.2.3:8080"),
        ("https://青河.中国", "https://xn--ovw322g.xn--fiqs8s"),
    ],
)
def test_an_address_is_kept_as_a_browser_says_it(typed: str, origin: str) -> None:
    assert listed.origin_of(typed) == origin


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "*",
        "https://*.gov.cn",
        "ftp://a.cn",
        "https://a.cn; script-src *",
        "https://a b",
        "null",
        "http://[",
        "a" * 300,
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    if typed == "null":  # a name like any other, so it must not stand for a page without an origin
        assert listed.origin_of(typed) == "https://null"
        return
    with pytest.raises(InvalidInput):
        listed.origin_of(typed)
    assert listed.listed_in(f"{typed}, {COUNTY}") >= {COUNTY}


def test_a_listed_page_may_and_reads_the_answer(empty: World) -> None:
    client, header = site_of(empty), {"origin": COUNTY}
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    before = client.options("/api/widget/conversations", headers={**header, **asked})
    assert (before.status_code, before.headers["access-control-allow-origin"]) == (204, COUNTY)
    assert "authorization" in before.headers["access-control-allow-headers"]
    started = client.post("/api/widget/conversations", json={"embedded": True}, headers=header)
    assert (started.status_code, started.headers["access-control-allow-origin"]) == (201, COUNTY)
    assert client.get("/api/embedding", headers=header).json() == {"allowed": True, "colour": "#8b0000", "message": ""}


def test_another_page_gets_a_sentence_that_it_can_show_and_staff_hear_of_it(empty: World) -> None:
    client, header = site_of(empty), {"origin": STRANGER}
    refused = client.post("/api/widget/conversations", json={"embedded": True}, headers=header)
    assert refused.status_code == 403
    assert refused.headers["access-control-allow-origin"] == STRANGER, "else its page can't read the sentence"
    assert refused.json()["error"] == {"code": "origin", "message": REFUSED}
    at_the_door = client.get("/api/embedding", headers=header)
    assert at_the_door.headers["access-control-allow-origin"] == "*"
    assert (at_the_door.json()["allowed"], at_the_door.json()["message"]) == (False, REFUSED)
    assert {"12345", "12348", "110"} <= set(re.findall(r"\d+", REFUSED))
    with empty.sessions() as session:
        assert [(k.origin, k.times) for k in listed.knocks(session)] == [(STRANGER, 2)]


@pytest.mark.parametrize("origin", ["null", "file://", "https://a.cn/path", "令牌".encode().decode("latin-1")])
def test_what_no_browser_calls_an_origin_is_not_said_back(empty: World, origin: str) -> None:
    answer = site_of(empty).get("/api/widget/messages", headers={b"origin": origin.encode("latin-1")})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_our_own_page_is_asked_nothing(empty: World) -> None:
    client = site_of(empty)
    for header in ({}, {"origin": "http://testserver"}):
        answer = client.post("/api/widget/conversations", json={}, headers=header)
        assert answer.status_code == 201
        assert "access-control-allow-origin" not in answer.headers


def test_behind_a_proxy_that_hides_the_host_the_known_address_is_our_own(empty: World) -> None:
    settings = Settings(home=empty.settings.home, public_url="https://linli.example.cn/linli")
    chat = empty.app.state.chat
    chat.settings = settings
    client = TestClient(Visitors(empty.app, settings=settings, sites=chat.sites))
    for origin, status in (("https://linli.example.cn", 201), ("https://linli.example.cn.evil.example", 403)):
        assert client.post("/api/widget/conversations", json={}, headers={"origin": origin}).status_code == status


def test_only_listed_pages_may_show_the_chat_in_a_frame(empty: World) -> None:
    client = site_of(empty)
    framed = client.get("/", params={"embedded": "1", "host": COUNTY})
    assert f"frame-ancestors 'self' {COUNTY};" in framed.headers["content-security-policy"]
    assert f'host="{COUNTY}"' in framed.text
    assert "/static/embedded.js" in framed.text
    assert 'host=""' in client.get("/", params={"embedded": "1", "host": STRANGER}).text, "is told nothing"
    for path in ("/", "/privacy"):
        plain = client.get(path)
        assert "frame-ancestors 'self';" in plain.headers["content-security-policy"]
        assert "embedded.js" not in plain.text


def test_knocks_are_counted_and_bounded(empty: World) -> None:
    sites = Sites(empty.sessions, "")
    for number in range(110):
        sites.knocked(f"https://s{number}.example", now=NOW)
    sites.knocked("https://s0.example", now=NOW + timedelta(hours=1))
    sites.knocked("null", now=NOW)
    sites.knocked("https://evil.example; script-src *", now=NOW)
    with empty.sessions() as session:
        rows = session.scalars(select(RefusedKnock)).all()
        assert len(rows) == 100
        first = session.get_one(RefusedKnock, "https://s0.example")
        assert (first.times, first.first_at, first.last_at) == (2, NOW, NOW + timedelta(hours=1))


def test_staff_list_a_site_and_take_it_off(world: World) -> None:
    Sites(world.sessions, "").knocked(STRANGER, now=NOW)
    client = world.enter("administrator")
    assert STRANGER in client.get("/staff/sites").text
    sent = {"do": "add", "origin": f"{STRANGER}/page.html", "colour": "#0055aa"}
    assert client.post("/staff/sites", data=sent).headers["location"] == "/staff/sites"
    with world.sessions() as session:
        assert [(s.origin, s.colour) for s in session.scalars(select(Site))] == [(STRANGER, "#0055aa")]
        assert not listed.knocks(session), "who is listed has not been refused any more"
    assert world.app.state.chat.sites.colours() == {STRANGER: "#0055aa"}
    client.post("/staff/sites", data={"do": "remove", "origin": STRANGER})
    assert world.app.state.chat.sites.colours() == {}


def test_a_bad_address_comes_back_with_what_was_typed(world: World) -> None:
    answer = world.enter("administrator").post(
        "/staff/sites", data={"do": "add", "origin": "不是网址 。", "colour": ""}
    )
    assert answer.status_code == 422
    assert "网址不对" in answer.text
    assert 'value="不是网址 。"' in answer.text


def test_who_works_for_one_township_lists_no_sites(world: World) -> None:
    answer = world.enter("qingshi").post("/staff/sites", data={"do": "add", "origin": COUNTY, "colour": ""})
    assert answer.status_code == 403
    with world.sessions() as session:
        assert session.scalars(select(Site)).all() == []


# Under a path ----------------------------------------------------------------------------------------------------

LINK = re.compile(r'\s(?:href|src|action|formaction)="(/[^"]*)"')


@pytest.mark.parametrize("asked", ["", "/linli"], ids=["prefix taken off by nginx", "prefix left on"])
def test_every_link_of_a_page_has_the_prefix(world: World, asked: str) -> None:
    client = TestClient(SubPath(world.app, prefix="/linli"), follow_redirects=False, headers={"accept": "text/html"})
    entered = world.enter("administrator")
    cookies = {cookie.name: cookie.value or "" for cookie in entered.cookies.jar}
    for path in ("/staff/inbox", "/staff/cases/1", "/staff/settings", "/staff/knowledge", "/staff/sites"):
        page = client.get(asked + path, headers={"cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())})
        assert page.status_code == 200, path
        links = LINK.findall(page.text)
        assert len(links) > 10
        assert [link for link in links if not link.startswith("/linli/")] == []
        assert int(page.headers["content-length"]) == len(page.content)


@pytest.fixture
def under() -> TestClient:
    app = FastAPI()

    @app.get("/go")
    def go() -> Response:
        answer = RedirectResponse("/staff/inbox", 303)
        answer.set_cookie("a", "1", path="/staff")
        answer.set_cookie("b", "2")
        return answer

    @app.get("/away")
    def away() -> Response:
        return RedirectResponse("https://www.example.org/staff", 303)

    @app.get("/said")
    def said() -> Response:
        return HTMLResponse('<p title="x">他说 href=&#34;/staff&#34; 和 /staff</p><a href="//cdn.example/x">x</a>')

    @app.get("/script")
    def script() -> Response:
        return Response('new EventSource("/staff/events"); "/api/widget"', media_type="text/javascript")

    @app.get("/events")
    def events() -> Response:
        return StreamingResponse(iter(["data: /staff\n\n"]), media_type="text/event-stream")

    return TestClient(SubPath(app, prefix="/linli"), follow_redirects=False)


def test_redirects_and_cookies_stay_under_the_path(under: TestClient) -> None:
    answer = under.get("/linli/go")
    assert answer.headers["location"] == "/linli/staff/inbox"
    assert [c.split("; ")[1] for c in answer.headers.get_list("set-cookie")] == ["Path=/linli/staff", "Path=/linli/"]
    assert under.get("/away").headers["location"] == "https://www.example.org/staff"


def test_what_people_said_and_what_lies_elsewhere_is_left_alone(under: TestClient) -> None:
    text = under.get("/said").text
    assert "href=&#34;/staff&#34; 和 /staff" in text
    assert 'href="//cdn.example/x"' in text
    assert under.get("/script").text == 'new EventSource("/linli/staff/events"); "/api/widget"'
    assert under.get("/events").text == "data: /staff\n\n"


def test_a_name_that_only_begins_like_the_prefix_is_another(under: TestClient) -> None:
    assert under.get("/linlin/go").status_code == 404


@pytest.mark.parametrize(("url", "prefix"), [("", ""), ("https://a.cn", ""), ("https://a.cn/linli/", "/linli")])
def test_the_prefix_is_the_path_of_the_public_address(url: str, prefix: str) -> None:
    assert Settings(public_url=url).prefix == prefix
