"""What stands between us and whoever comes in from outside: proxies, headers, readiness, forms of other pages (red team
M7, M11, M17, L1-L3, L5, L11, L12).
"""

import asyncio
import contextlib
import logging
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.testclient import TestClient

from bot import disk
from bot.app import _Pages
from bot.connections import Leave
from bot.settings import ROOT, Settings
from bot.staff.models import AuditEntry, Staff
from bot.web import health, limits
from bot.web.headers import Headers
from bot.web.limits import RateLimit
from bot.web.problems import ApiError
from bot.web.proxies import UntrustedProxies
from bot.web.staff.conversations.inbox import Listener, _told
from bot.web.staff.desk import COOKIE
from tests.bot.world import PASSWORD, World


class _Parts:
    """What `readyz` asks for, without a model: the home is what is tried."""

    def __init__(self, home: Path, secrets: Settings) -> None:
        self.settings = Settings(home=home)
        self._secrets = secrets
        self.asked = 0
        self.rasa = self

    async def is_ready(self) -> bool:
        self.asked += 1
        return True


def ready(home: Path, tmp_path: Path) -> tuple[FastAPI, _Parts]:
    app = FastAPI()
    parts = _Parts(home, Settings(home=tmp_path))
    app.state.parts, app.state.leave = parts, Leave()
    app.include_router(health.router)
    return app, parts


def test_a_disk_that_takes_nothing_more_is_not_ready(tmp_path: Path) -> None:
    """/proc takes no file; a full disk answers in the same way."""
    assert disk.takes_more(tmp_path)
    assert list(tmp_path.iterdir()) == [], "the probe is gone again"
    assert not disk.takes_more(Path("/proc"))
    assert not disk.takes_more(tmp_path / "not there")


def test_readiness_is_for_this_machine_and_holds_for_two_seconds(tmp_path: Path) -> None:
    app, parts = ready(tmp_path, tmp_path)
    outside = TestClient(app, client=("203.0.113.9", 1))
    assert [outside.get(path).status_code for path in ("/readyz", "/metrics", "/healthz")] == [404, 404, 200]
    secret = {"x-linli-secret": parts.settings.secret("internal")}
    assert outside.get("/metrics", headers=secret).status_code == 200
    here = TestClient(app, client=("127.0.0.1", 1))
    answers = [here.get("/readyz").json() for _ in range(5)]
    assert parts.asked == 1
    assert all(a["disk"] is True for a in answers)


def test_cookies_are_secure_behind_https(world: World) -> None:
    def given(base: str, public: str = "") -> str:
        world.app.state.desk.settings.public_url = public
        client = TestClient(world.app, base_url=base, follow_redirects=False)
        sent = {"login": "agent", "password": PASSWORD}
        return "; ".join(client.post("/staff/sign-in", data=sent).headers.get_list("set-cookie"))

    assert "Secure" not in given("http://testserver")
    assert given("https://testserver").count("Secure") == 2
    # a proxy that doesn't say so, under the address that residents have
    assert given("http://linli.example", "https://linli.example").count("Secure") == 2
    assert "Secure" not in given("http://192.168.1.5", "https://linli.example")


def test_a_browser_that_was_let_in_isnt_locked_by_others(world: World) -> None:
    known, other = world.visitor(), world.visitor()
    right, wrong = ({"login": "agent", "password": p} for p in (PASSWORD, "wrong-password"))
    assert known.post("/staff/sign-in", data=right).status_code == 303
    assert [other.post("/staff/sign-in", data=wrong).status_code for _ in range(5)] == [403] * 5
    assert "锁" in other.post("/staff/sign-in", data=right).text
    assert known.post("/staff/sign-in", data=right).status_code == 303
    other.cookies.set("linli_known", "forged.by.hand", path="/staff")
    assert other.post("/staff/sign-in", data=right).status_code == 403
    with world.sessions() as session:
        what = [e.what for e in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert what == ["登录", *["登录失败"] * 5, "登录试错被锁", "登录"]


def test_signing_out_leaves_a_line(world: World) -> None:
    client = world.enter("agent")
    client.post("/staff/sign-out", data={"csrf": "csrf-of-agent"})
    with world.sessions() as session:
        assert session.scalars(select(AuditEntry.what)).all() == ["退出"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_of_another_page_signs_nobody_in(world: World, headers: dict[str, str]) -> None:
    sent = {"login": "agent", "password": PASSWORD}
    answer = world.visitor().post("/staff/sign-in", data=sent, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_page_hears_nothing_more_once_its_account_is_switched_off(world: World) -> None:
    client = world.enter("agent")
    token = client.cookies.get(COOKIE) or ""
    with world.sessions() as session:
        staff = session.scalars(select(Staff).where(Staff.login == "agent")).one()
    desk = world.app.state.desk
    listener = Listener(staff.id, token, None, hears_alarms=False)

    async def heard() -> list[str]:
        found = []

        async def receive() -> dict[str, str]:
            await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        async for line in _told(Request({"type": "http"}, receive), desk, listener):  # type: ignore[arg-type]
            found.append(line)
            with world.sessions() as session:
                session.get_one(Staff, staff.id).is_active = False
                session.commit()
        return found

    desk.pulse.wait = _beats
    found = asyncio.run(asyncio.wait_for(heard(), 20))
    assert len(found) == 1
    assert "waiting" in found[0]


async def _beats(_: float, *, since: str) -> bool:
    """Something changed, again and again."""
    await asyncio.sleep(0.01)
    return True


def test_only_what_came_by_https_is_told_to_stay_there() -> None:
    app = FastAPI()
    app.add_middleware(Headers)
    answers = [TestClient(app, base_url=f"{scheme}://testserver").get("/x").headers for scheme in ("http", "https")]
    assert [h.get("strict-transport-security") for h in answers] == [None, "max-age=31536000"]
    assert all("camera=()" in h["permissions-policy"] for h in answers)


def test_a_proxy_that_nobody_told_us_of_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()
    app.add_middleware(UntrustedProxies)
    caplog.set_level(logging.ERROR)
    client = TestClient(app, client=("172.18.0.1", 1))
    for _ in range(3):
        client.get("/", headers={"x-forwarded-for": "203.0.113.9"})
    TestClient(app, client=("203.0.113.9", 1)).get("/", headers={"x-forwarded-for": "203.0.113.9"})
    told = [r.getMessage() for r in caplog.records if "LINLI_TRUSTED_PROXIES" in r.getMessage()]
    assert len(told) == 1
    assert "172.18.0.1" in told[0]


def test_many_others_lift_nobodys_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_KEYS", 200)
    limit = RateLimit()
    for number in range(1000):
        if number % 20 == 0:
            with pytest.raises(ApiError) if number >= 60 else contextlib.nullcontext():
                limit.check("one that goes on", 3)
        limit.check(f"other {number}", 3)
    assert len(limit._seen) <= 201


def test_the_link_to_a_case_is_of_our_own_address_whatever_host_was_asked(world: World) -> None:
    """Red team L4: `Host: evil.example` made a link to http://evil.example/progress/."""
    shown = world.enter("agent").post(f"/staff/cases/{world.case}/link", headers={"host": "evil.example"}).text
    assert f"{world.settings.own_url}/progress/" in shown
    assert "evil.example" not in shown


@pytest.mark.parametrize(
    ("path", "to"),
    [("/page/", "/page"), ("/page/?a=1", "/page?a=1"), ("/away", "https://linli.example/x"), ("/own", "/x")],
)
def test_a_redirect_names_no_host_that_was_only_asked_for(path: str, to: str) -> None:
    """Red team L4: `GET /staff/` with `Host: evil.example` led there."""
    app = FastAPI()
    app.add_middleware(Headers)
    app.add_api_route("/page", lambda: {})
    app.add_api_route("/away", lambda: RedirectResponse("https://linli.example/x"))
    app.add_api_route("/own", lambda: RedirectResponse("/x"))
    answer = TestClient(app, follow_redirects=False).get(path, headers={"host": "evil.example"})
    assert answer.headers["location"] == to


def test_lists_of_packages_are_not_served() -> None:
    app = FastAPI()
    app.mount("/static", _Pages(directory=ROOT / "bot" / "static"))
    client = TestClient(app)
    found = [client.get(f"/static/{name}").status_code for name in ("page.css", "package-lock.json", "package.json")]
    assert found == [200, 404, 404]


def test_an_address_sends_so_many_pictures_a_day(empty: World) -> None:
    """Refused before the picture is read."""
    chat = empty.app.state.chat
    client = empty.visitor()
    client.post("/api/widget/conversations", json={})
    for _ in range(299):
        chat.photo_days.check("testclient", 300)
    picture = {"photo": ("a.jpg", b"no picture", "image/jpeg")}
    assert client.post("/api/widget/photos", files=picture).status_code == 422
    refused = client.post("/api/widget/photos", files=picture)
    assert refused.status_code == 429
    assert "明天再发" in refused.json()["error"]["message"]


def seen_from(host: str) -> str:
    return limits.address_of(Request({"type": "http", "client": (host, 1), "headers": []}))


def test_a_household_that_has_a_network_of_addresses_is_one_asker() -> None:
    """Third red team, R3: each of its 2^64 addresses had limits of its own, at the door of the console, too."""
    assert seen_from("2001:db8:1:2::1") == seen_from("2001:db8:1:2:ffff::9") != seen_from("2001:db8:1:3::1")
    assert seen_from("::ffff:203.0.113.9") == seen_from("203.0.113.9") == "203.0.113.9"
    assert seen_from("203.0.113.9") != seen_from("203.0.113.10")
    assert seen_from("fe80::1%eth0") == seen_from("fe80::2"), "with the name of the card it came in by"
    assert seen_from("testclient") == "testclient"


@pytest.mark.parametrize(("host", "is_ours"), [("127.0.0.1", True), ("::1", True), ("::2", False), ("nobody", False)])
def test_this_machine_is_known_by_its_own_address(host: str, is_ours: bool) -> None:
    assert limits.is_own_machine(Request({"type": "http", "client": (host, 1), "headers": []})) is is_ours


@pytest.mark.parametrize("who", ["所里", "a\r\nSet-Cookie: x=1"])
def test_an_address_in_a_header_is_quoted(world: World, who: str) -> None:
    """Third red team, R8: Chinese in it was a 500."""
    form = {"start": "2026-12-14", "who": who}
    answer = world.enter("legal_worker").post("/staff/calendar/copy", data=form, headers={"hx-request": "true"})
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"].isascii()
    assert "set-cookie" not in answer.headers


def test_who_is_switched_off_and_on_again_signs_in_anew(world: World) -> None:
    """Third red team, R9: a browser that asked nothing meanwhile was let in again."""
    theirs, mine = world.enter("agent"), world.enter("administrator")
    assert theirs.get("/staff/inbox").status_code == 200
    with world.sessions() as session:
        number = session.scalars(select(Staff.id).where(Staff.login == "agent")).one()
    for _ in range(2):
        assert mine.post(f"/staff/people/{number}", data={"do": "toggle"}).status_code == 200
    assert theirs.get("/staff/inbox").status_code == 303


def test_who_looks_at_an_appointment_leaves_a_line(world: World) -> None:
    """Third red team, R7."""
    world.enter("legal_worker").get(f"/staff/calendar/{world.opening}")
    with world.sessions() as session:
        assert session.scalars(select(AuditEntry.subject).where(AuditEntry.what == "查看预约")).all() == ["1"]
