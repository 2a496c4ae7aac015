"""Tokens, cookies, secrets and other people's ids: what isn't one's own opens nothing, and says so in Chinese."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer
from sqlalchemy import delete, func, select
from starlette.testclient import TestClient

from bot.app import create_app
from bot.conversations.models import Conversation, Message, Sender
from bot.staff.models import Staff, StaffSession
from bot.web.resident.tokens import COOKIE
from bot.web.staff.account.sign_in import first_run_code
from bot.web.staff.desk import COOKIE as STAFF_COOKIE
from bot.web.staff.desk import Desk
from tests.bot.web import test_hostile_api
from tests.bot.web.test_hostile_api import fine, resident
from tests.bot.world import HTML, PASSWORD, World, tools
from tests.fakes import FakeRasa, doubled_parts

pytestmark = pytest.mark.slow

app = test_hostile_api.app
visitor = test_hostile_api.visitor

WIDGET: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/conversations/current", {}),
    ("DELETE", "/conversations/current", {}),
    ("POST", "/messages", {"json": {"client_id": "12345678", "text": "您好"}}),
    ("GET", "/messages", {}),
    ("GET", "/events", {}),
    ("GET", "/matters", {}),
    ("DELETE", "/matters/261129-001-05/links", {}),
    ("POST", "/messages/1/rating", {"json": {"value": "up"}}),
    ("POST", "/photos", {"files": {"photo": b"x"}}),
    ("POST", "/typing", {}),
    ("PUT", "/village", {"json": {"village": "lijiagou"}}),
]


def test_the_table_has_every_operation_of_the_widget(app: FastAPI) -> None:
    listed = {
        (m.upper(), p.removeprefix("/api/widget"))
        for p, methods in app.openapi()["paths"].items()
        if p.startswith("/api/widget")
        for m in methods
    }
    assert listed - {("POST", "/conversations")} == {
        (m, p.replace("/1/", "/{message_id}/").replace("/261129-001-05/", "/{number}/")) for m, p, _ in WIDGET
    }


def _general(path: str) -> str:
    return path.replace("/1/", "/{message_id}/").replace("/261129-001-05/", "/{number}/")


def bad_tokens(world: World) -> Iterator[bytes]:
    right = URLSafeSerializer(world.settings.secret("tokens"), salt="conversation")
    token = str(right.dumps("conversation-1"))
    body, _, signature = token.rpartition(".")
    yield from (
        b"",
        b".",
        b"..",
        b"null",
        b"x",
        b"\xff\xfe\x00",
        "令牌".encode(),
        b"9" * 60_000,
        token.encode()[:-1],
        token.encode() + b"A",
        f"{body}.".encode(),
        f".{signature}".encode(),
        body.encode(),
    )
    yield str(URLSafeSerializer("another secret", salt="conversation").dumps("conversation-1")).encode()
    yield str(
        URLSafeSerializer(world.settings.secret("tokens"), salt="another purpose").dumps("conversation-1")
    ).encode()
    yield str(
        URLSafeTimedSerializer(world.settings.secret("tokens"), salt="conversation").dumps("conversation-1")
    ).encode()
    # signed by us, and yet nobody's
    for named in (
        "",
        "no-such-conversation",
        "x" * 5000,
        None,
        1,
        2**80,
        ["conversation-1"],
        ["conversation-1", 1],
        ["conversation-1", "0"],
        ["conversation-1", 0, 0],
        [["conversation-1"], 0],
        {"id": "conversation-1"},
        True,
    ):
        yield str(right.dumps(named)).encode()


def test_no_token_but_ones_own_opens_a_conversation(world: World, visitor: TestClient) -> None:
    before = world.rows()
    tried = list(bad_tokens(world))
    for token in tried:
        for method, path, sent in WIDGET:
            for headers in ({b"authorization": b"Bearer " + token}, {b"cookie": COOKIE.encode() + b"=" + token}):
                answer = visitor.request(method, "/api/widget" + path, headers=headers, **sent)
                fine(answer, str(token[:60]))
                # 422: the body is looked at first
                assert answer.status_code in (404, 422), (token[:60], path, answer.text)
    assert len(tried) > 20
    assert world.rows() == before


def test_another_scheme_is_no_token(world: World, visitor: TestClient) -> None:
    for scheme in [
        "Basic {}",
        "bearer{}",
        "Token {}",
        "Bearer",
        "{}",
        "Bearer  {}",
        "Bearer {} x",
        "Digest username={}",
    ]:
        token = resident(world, visitor)
        assert visitor.get("/api/widget/messages", headers={"authorization": f"Bearer {token}"}).status_code == 200
        answer = visitor.get("/api/widget/messages", headers={"authorization": scheme.format(token)})
        fine(answer)
        assert answer.status_code == 404


def test_a_resident_reaches_nothing_of_another_conversation(world: World, visitor: TestClient) -> None:
    with world.sessions() as session:
        session.add(
            Message(id=900, conversation_id="conversation-1", sender=Sender.bot, kind="answer", text="别人的答复")
        )
        session.commit()
    visitor.headers["authorization"] = f"Bearer {resident(world, visitor)}"
    for number in ("900", "1", "0", "-1", "2147483648", "9" * 400, "٣", "1.0", "null"):
        answer = visitor.post(f"/api/widget/messages/{quote(number)}/rating", json={"value": "down"})
        fine(answer, number)
        assert answer.status_code in (404, 422), number
    for after in ("0", "-1", "-" + "9" * 30, "9" * 30):
        answer = visitor.get("/api/widget/messages", params={"after": after, "seen": "true"})
        fine(answer, after)
        assert "别人" not in answer.text
        assert "隔壁" not in answer.text
    assert "隔壁" not in visitor.get("/api/widget/conversations/current").text
    with world.sessions() as session:
        assert session.get_one(Message, 900).rating is None


def test_a_message_is_stored_as_it_can_be_or_refused(world: World, visitor: TestClient) -> None:
    for text in [
        "\x00",
        "\x00 \x00",
        "a\x00b",
        "\ud800",
        "\udfff字",
        "\u202e反的",
        "\uffff",
        "👨‍👩‍👧",
        "\u200b",
        "字" * 2001,
        "字" * 100_000,
        "{{ 7*7 }}",
        "/restart",
        None,
        1,
        [],
        {},
    ]:
        token = resident(world, visitor)
        sent = json.dumps({"client_id": "12345678", "text": text})
        answer = visitor.post(
            "/api/widget/messages",
            content=sent,
            headers={"content-type": "application/json", "authorization": f"Bearer {token}"},
        )
        fine(answer, repr(text)[:20])
        again = visitor.get("/api/widget/messages", headers={"authorization": f"Bearer {token}"})
        fine(again)
        kept = [m["text"] for m in again.json()["messages"] if m["sender"] == "resident"]
        assert kept == ([text.replace("\x00", "").replace("\u202e", "")] if answer.status_code == 200 else [])


def test_what_is_no_json_is_refused(world: World, visitor: TestClient) -> None:
    for body in [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"client_id": "12345678", "text": "a"',
        b'"\\ud800"',
        b"NaN",
        b'[{"text": NaN}]',
        '["字"]'.encode("utf-16"),
        b"null",
        b"1e999",
    ]:
        visitor.headers["authorization"] = f"Bearer {resident(world, visitor)}"
        for path in ("/conversations", "/messages", "/messages/1/rating"):
            answer = visitor.post("/api/widget" + path, content=body, headers={"content-type": "application/json"})
            fine(answer)
            assert answer.status_code in (400, 422)


def test_a_village_that_is_none_is_not_chosen(world: World, visitor: TestClient) -> None:
    for village in ["\x00", "\ud800", "nation", "x" * 41, "' OR 1=1", "李家沟"]:
        visitor.headers["authorization"] = f"Bearer {resident(world, visitor)}"
        for method, path in (("PUT", "/village"), ("POST", "/conversations")):
            answer = visitor.request(
                method,
                "/api/widget" + path,
                content=json.dumps({"village": village}),
                headers={"content-type": "application/json"},
            )
            fine(answer, village)
            assert (
                (answer.status_code in (404, 422))
                if method == "PUT"
                else (answer.status_code in (201, 422) and answer.json().get("village") is None)
            )


def test_a_staff_cookie_that_is_none_leads_to_the_door(world: World, visitor: TestClient) -> None:
    for cookie in [
        b"",
        b"x",
        b"token-of-administrato",
        b"token-of-administrator ",
        b"Token-of-administrator",
        b"\xff\xfe",
        "令牌".encode(),
        b"9" * 60_000,
        b"' OR 1=1 --",
        b"null",
        b'"token',
        b"a\tb",
    ]:
        world.enter("administrator")
        before = world.rows()
        header = {b"cookie": STAFF_COOKIE.encode() + b"=" + cookie}
        if cookie.strip() != b"token-of-administrator":
            for method, path in (("GET", "/staff/inbox"), ("GET", "/staff/cases/1"), ("POST", "/staff/cases/1/note")):
                page = visitor.request(method, path, headers={**header, b"accept": b"text/html"})
                fine(page)
                assert (page.status_code, page.headers["location"]) == (303, "/staff/sign-in")
                part = visitor.request(method, path, headers={**header, b"hx-request": b"true"})
                fine(part)
                assert (part.status_code, part.headers["hx-redirect"]) == (401, "/staff/sign-in")
        assert world.rows() == before


@pytest.mark.parametrize("age", [{"seen_at": timedelta(minutes=61)}, {"created_at": timedelta(hours=13)}])
def test_a_staff_session_past_its_time_is_over(world: World, visitor: TestClient, age: dict[str, timedelta]) -> None:
    world.enter("administrator")
    with world.sessions() as session:
        held = session.scalars(select(StaffSession)).one()
        for name, past in age.items():
            setattr(held, name, datetime.now(UTC) - past)
        session.commit()
    visitor.cookies.set(STAFF_COOKIE, "token-of-administrator", path="/staff")
    assert visitor.get("/staff/inbox", headers=HTML).status_code == 303
    with world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(StaffSession)) == 0


def administrator(world: World, app: FastAPI) -> TestClient:
    return TestClient(
        app,
        raise_server_exceptions=False,
        follow_redirects=False,
        headers=HTML,
        cookies=world.enter("administrator").cookies,
    )


def test_a_form_without_the_sessions_own_secret_changes_nothing(world: World, app: FastAPI) -> None:
    for csrf in [
        "",
        "x",
        "csrf-of-agent",
        "csrf-of-administrato",
        "令牌",
        "\x00",
        "9" * 50_000,
        "csrf-of-administrator\x00x",
    ]:
        world.enter("agent")
        client, before = administrator(world, app), world.rows()
        for path in (
            "/staff/cases/1/note",
            "/staff/people",
            "/staff/settings/team",
            "/staff/conversations/conversation-1/accept",
            "/staff/sign-out",
            "/staff/account/totp",
        ):
            answer = client.post(path, data={"csrf": csrf, "note": "x"})
            fine(answer)
            assert answer.status_code == 403
        assert world.rows() == before


def test_another_origin_is_refused(world: World, app: FastAPI, visitor: TestClient) -> None:
    for origin in [
        "http://evil.example",
        "http://[",
        "http://testserver.evil.example",
        "//",
        "file://",
        "\x00",
        "http://testserver@evil.example",
        "令牌".encode().decode("latin-1"),
    ]:
        client = administrator(world, app)
        header = {b"origin": origin.encode("latin-1")}
        for path in ("/staff/cases/1/note", "/staff/sign-in"):
            answer = client.post(path, data={"csrf": "csrf-of-administrator", "note": "x"}, headers=header)
            fine(answer, origin)
            assert answer.status_code == 403
        token = resident(world, visitor)
        answer = visitor.get("/api/widget/messages", headers={b"authorization": f"Bearer {token}".encode(), **header})
        fine(answer, origin)
        assert answer.status_code == 403


CHARSETS = [
    ("utf-7", b"+2AA-abcd+3AA-"),
    ("unicode_escape", rb"\ud800\udfff\x00words"),
    ("raw_unicode_escape", rb"\udfffwords"),
    ("utf-16", b"\xff\xfe\x00\xd8"),
    ("idna", b"xn--\xff"),
    ("hex", b"zz"),
    ("no-such", b"\xff"),
]


def test_a_form_in_an_encoding_of_its_own_choice_is_read_or_refused(world: World, app: FastAPI) -> None:
    """utf-7 and the escapes bring halves of surrogate pairs, which nothing can store and no page can show."""
    client = administrator(world, app)
    names = ["csrf", "note", "category", "text", "name", "area", "place", "phone", "name0", "name1", "answer"]
    fixed = {"csrf": b"csrf-of-administrator", "place": b"lijiagou", "phone": b"13800000000"}
    for charset, text in CHARSETS:
        for path in (
            "cases/1/note",
            "cases/1/tell",
            "cases/1/category",
            "cases/1/mediation-start",
            "settings/team",
            "settings/grid",
            "conversations/conversation-1/note",
        ):
            parts = [
                b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (n.encode(), fixed.get(n, text))
                for n in names
            ]
            fine(
                client.post(
                    f"/staff/{path}",
                    content=b"".join(parts) + b"--b--\r\n",
                    headers={"content-type": f"multipart/form-data; boundary=b; charset={charset}"},
                ),
                f"{path} {charset}",
            )
    for page in (
        "cases/1",
        "cases",
        "settings",
        "conversations/conversation-1",
        "audit",
        "cases/1/pack.pdf",
        "cases/1/pack.json",
    ):
        assert client.get(f"/staff/{page}").status_code == 200, page
    # that some were taken
    assert "abcd" in client.get("/staff/cases/1").text
    assert "words" in client.get("/staff/settings").text


def test_secrets_in_an_encoding_of_its_own_choice_fit_nothing(world: World, app: FastAPI) -> None:
    client = administrator(world, app)
    head = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
    body = b"".join(head % n + b"+2AA-x\r\n" for n in (b"csrf", b"login", b"password", b"code", b"old", b"new"))
    for path, status in (("/staff/sign-in", 403), ("/staff/first-run", 422), ("/staff/account/password", 403)):
        answer = client.post(
            path,
            content=body + b"--b--\r\n",
            headers={"content-type": "multipart/form-data; boundary=b; charset=utf-7"},
        )
        fine(answer, path)
        assert answer.status_code == status, path


def test_only_the_code_of_this_installation_makes_the_first_administrator(empty: World) -> None:
    rasa = FakeRasa([{"text": "可以。"}])
    client = TestClient(
        create_app(doubled_parts(empty.settings, empty.sessions, rasa)),
        raise_server_exceptions=False,
        follow_redirects=False,
        headers=HTML,
    )  # type: ignore[arg-type]
    right = first_run_code(Desk(settings=empty.settings, sessions=empty.sessions, tools=tools()))
    sent = {"login": "first", "name": "第一个", "password": PASSWORD}
    for code in ("", right[:-1], right + "x", right.swapcase(), "令牌", "\x00", "9" * 5000):
        answer = client.post("/staff/first-run", data={**sent, "code": code})
        fine(answer, code[:20])
        assert answer.status_code == 422
        assert "启动码不对" in answer.text
    for wrong in ({"login": "\x00"}, {"name": "\x00"}, {"password": "aaaaaaaaaa"}):
        assert client.post("/staff/first-run", data={**sent, "code": right, **wrong}).status_code in (422, 429)
    with empty.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Staff)) == 0
        session.execute(delete(Conversation))


def test_a_length_that_is_none_harms_nobody(visitor: TestClient) -> None:
    for length in [b"-1", b"abc", b"1e9", b"\xb2", b"9" * 400, b"", b"1, 2"]:
        for path in ("/api/widget/conversations", "/staff/sign-in"):
            fine(
                visitor.post(
                    path, content=b"{}", headers={b"content-type": b"application/json", b"content-length": length}
                ),
                str(length[:9]),
            )


def test_a_host_that_is_none_harms_nobody(visitor: TestClient) -> None:
    for host in [b"[", b"", b"\xff", b"a b", b"x" * 5000, b"evil.example"]:
        for path in ("/", "/staff", "/staff/", "/staff/sign-in", "/nothing"):
            fine(visitor.get(path, headers={b"host": host, b"accept": b"text/html"}), str(host[:9]))
        fine(
            visitor.post(
                "/api/widget/conversations", json={}, headers={b"host": host, b"origin": b"http://evil.example"}
            ),
            str(host[:9]),
        )


def test_an_address_that_is_none_says_so(world: World, app: FastAPI) -> None:
    for path in [
        "/static/%00",
        "/static/../../etc/passwd",
        "/static/..%2f..%2fetc%2fpasswd",
        "/static/" + "x" * 3000,
        "/static/vendor/htmx/%00",
        "/nothing",
        "/staff/nothing",
        "/api/widget/nothing",
        "/%ff%fe",
        "/staff/cases/%ed%a0%80",
    ]:
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
            answer = administrator(world, app).request(method, path)
            fine(answer, f"{method} {path}")
            assert answer.status_code >= 400
            assert "root:" not in answer.text
