"""One's own account: what a role's second factor keeps shut, recovery codes, switching off."""

import re

import pyotp
import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from bot.staff import second_factor
from bot.staff.models import AuditEntry, RecoveryCode, Role, Staff
from tests.bot.world import PASSWORD, World

_CODE = re.compile(r"<li><code>(\d{4} \d{4} \d{4})</code></li>")
OWN = {"old": PASSWORD}


def signed_in(world: World, login: str = "agent", code: str = "") -> TestClient:
    """By the door, as people come; the session's secret goes with every form."""
    client = world.visitor()
    sent = {"login": login, "password": PASSWORD, "code": code}
    answer = client.post("/staff/sign-in", data=sent)
    assert answer.status_code == 303, answer.text
    client.headers["x-csrf"] = re.findall(r'name="csrf" value="([^"]+)"', client.get("/staff/account").text)[0]
    return client


def set_up(client: TestClient) -> tuple[str, list[str]]:
    """The telephone's secret, and the recovery codes as the page shows them."""
    page = client.post("/staff/account/totp", data=OWN).text
    secret = re.findall(r'name="secret" value="([A-Z2-7]{32})"', page)[0]
    done = client.post("/staff/account/totp", data={**OWN, "secret": secret, "code": pyotp.TOTP(secret).now()})
    assert done.status_code == 200
    return secret, _CODE.findall(done.text)


def forget_used(world: World, login: str = "agent") -> None:
    """So that a test needn't wait half a minute for the telephone's next code."""
    with world.sessions() as session:
        session.execute(update(Staff).where(Staff.login == login).values(totp_last=0))
        session.commit()


def said(world: World, what: str) -> list[str]:
    with world.sessions() as session:
        return list(session.scalars(select(AuditEntry.detail).where(AuditEntry.what == what)))


def test_whose_role_asks_for_it_does_nothing_before(world: World) -> None:
    admin = world.enter("administrator")
    answer = admin.post("/staff/people/second-factor", data={"role": ["agent", "nobody"]})
    assert answer.status_code == 200
    assert said(world, "定动态码") == ["agent"]
    client = signed_in(world)
    outside = [p for p in (*world.paths("get"), *world.paths("post")) if not p.startswith("/staff/account")]
    for path in outside:
        if path in ("/staff/sign-in", "/staff/first-run", "/staff/sign-out"):
            continue
        seen = client.get(path) if path in world.paths("get") else client.post(path, data={"do": "accept"})
        assert (seen.status_code, seen.headers.get("location")) == (303, "/staff/account"), path
    assert client.get("/staff/inbox", headers={"hx-request": "true"}).headers["hx-redirect"] == "/staff/account"
    assert client.post("/staff/account/presence", data={}).headers["location"] == "/staff/account"
    assert "您的岗位要用动态码" in client.get("/staff/account").text
    set_up(client)
    assert client.get("/staff/inbox").status_code == 200
    assert signed_in(world, "mediator").get("/staff/inbox").status_code == 200, "another role"


def test_it_is_set_for_all_places_by_who_works_everywhere(world: World) -> None:
    refused = world.enter("qingshi").post("/staff/people/second-factor", data={"role": "agent"})
    assert refused.status_code == 403
    with world.sessions() as session:
        assert second_factor.required(session) == set()
    world.enter("administrator").post("/staff/people/second-factor", data={"role": [r.value for r in Role]})
    world.enter("administrator").post("/staff/people/second-factor", data={})
    with world.sessions() as session:
        assert second_factor.required(session) == set()
    assert said(world, "定动态码")[-1] == "都不要求"


def test_recovery_codes_are_shown_once_and_told_of(world: World) -> None:
    client = signed_in(world)
    secret, codes = set_up(client)
    assert len(codes) == 10
    assert not _CODE.search(client.get("/staff/account").text)
    by_code = world.visitor()
    sent = {"login": "agent", "password": PASSWORD, "code": codes[0]}
    assert by_code.post("/staff/sign-in", data=sent).headers["location"] == "/staff/account#recovery"
    assert "还剩 9 个" in by_code.get("/staff/account").text
    assert world.visitor().post("/staff/sign-in", data=sent).status_code == 403, "once"
    forget_used(world)
    with_telephone = {**sent, "code": pyotp.TOTP(secret).now()}
    assert world.visitor().post("/staff/sign-in", data=with_telephone).headers["location"] == "/staff/account#recovery"
    forget_used(world)
    assert world.visitor().post("/staff/sign-in", data=with_telephone).headers["location"] == "/staff/inbox"


def test_new_recovery_codes_need_the_password_and_a_code_of_now(world: World) -> None:
    client = signed_in(world)
    assert client.post("/staff/account/recovery", data=OWN).status_code == 422, "nothing to recover yet"
    _, codes = set_up(client)
    wrong = {"old": "wrong", "old_code": codes[0]}
    assert client.post("/staff/account/recovery", data=wrong).status_code == 422
    for old_code in ("", "000000", "0000 0000 0000"):
        refused = client.post("/staff/account/recovery", data={**OWN, "old_code": old_code})
        assert (refused.status_code, _CODE.findall(refused.text)) == (422, []), "the password alone draws none"
    assert said(world, "换恢复码") == []
    fresh = _CODE.findall(client.post("/staff/account/recovery", data={**OWN, "old_code": codes[0]}).text)
    assert len(set(fresh)) == 10
    assert not set(fresh) & set(codes)
    assert said(world, "换恢复码") == [""]


@pytest.mark.parametrize("path", ["password", "totp", "totp-off", "recovery"])
def test_a_browser_left_open_tries_ten_passwords_a_minute(world: World, path: str) -> None:
    client = signed_in(world)
    set_up(client)  # two of them
    tried = [client.post(f"/staff/account/{path}", data={"old": f"wrong-{i}"}).status_code for i in range(9)]
    assert tried == [422] * 8 + [429]
    assert client.post("/staff/account/totp", data=OWN).status_code == 429, "with the right one, too"


@pytest.mark.parametrize("old_code", ["", "000000", "0000 0000 0000"])
def test_switching_off_needs_password_and_code(world: World, old_code: str) -> None:
    client = signed_in(world)
    assert client.post("/staff/account/totp-off", data=OWN).status_code == 422, "nothing to switch off"
    secret, codes = set_up(client)
    assert client.post("/staff/account/totp-off", data={**OWN, "old_code": old_code}).status_code == 422
    assert client.post("/staff/account/totp-off", data={"old": "wrong", "old_code": codes[0]}).status_code == 422
    used = {**OWN, "old_code": pyotp.TOTP(secret).now()}
    assert client.post("/staff/account/totp-off", data=used).status_code == 422, "that code set it up"
    assert client.post("/staff/account/totp-off", data={**OWN, "old_code": codes[0]}).status_code == 200
    with world.sessions() as session:
        assert session.scalars(select(Staff.totp_secret).where(Staff.login == "agent")).one() is None
        assert session.scalars(select(RecoveryCode)).all() == []
    assert said(world, "停用动态码") == [""]


def test_a_role_that_must_have_it_cant_switch_it_off(world: World) -> None:
    client = signed_in(world)
    secret, _ = set_up(client)
    world.enter("administrator").post("/staff/people/second-factor", data={"role": "agent"})
    forget_used(world)
    refused = client.post("/staff/account/totp-off", data={**OWN, "old_code": pyotp.TOTP(secret).now()})
    assert refused.status_code == 422
    assert "不能停用" in refused.text
    assert 'formaction="/staff/account/totp-off"' not in client.get("/staff/account").text


def test_a_lost_telephone_is_replaced_with_a_recovery_code(world: World) -> None:
    client = signed_in(world)
    _, codes = set_up(client)
    new = pyotp.random_base32()
    sent = {**OWN, "secret": new, "code": pyotp.TOTP(new).now(), "old_code": codes[1]}
    answer = client.post("/staff/account/totp", data=sent)
    assert answer.status_code == 200
    assert len(set(_CODE.findall(answer.text)) - set(codes)) == 10, "and a new set"
    assert said(world, "用恢复码改动态码") == ["还剩 9 个"]
