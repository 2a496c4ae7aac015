"""What somebody wrote comes back to them: from a refused form, and after a session that had ended."""

import re

import pytest

from bot.web import way_back
from bot.web.staff.desk import COOKIE
from tests.bot.world import PASSWORD, World

_WORDS = "到现场量过，墙占路 40 公分，约好周四再谈。"
_PERSON = {"name": "王小云", "login": "wang", "role": "mediator", "place": "no such place", "team": ""}


def test_a_refused_step_of_a_case_gives_the_words_back(world: World) -> None:
    client = world.enter("agent")
    refused = client.post("/staff/cases/1/move", data={"to": "closed", "note": _WORDS, "csrf": "csrf-of-agent"})
    assert refused.status_code == 403
    assert f">{_WORDS}</textarea>" in refused.text
    assert "csrf-of-agent" not in refused.text


@pytest.mark.parametrize(
    ("path", "sent", "kept"),
    [
        ("/staff/people", _PERSON, ('value="wang"', 'value="王小云"', '<option value="mediator" selected>')),
        (
            "/staff/calendar",
            {"starts_at": "2026-12-07T09:00", "minutes": "3", "address": "党群服务中心", "mode": "video"},
            ('value="2026-12-07T09:00"', 'value="党群服务中心"', '<option value="video" selected>'),
        ),
        ("/staff/settings/limit", {"category": "邻里相邻", "amount": "1", "green_amount": "9"}, (">邻里相邻<",)),
    ],
)
def test_a_refused_form_is_filled_in_again(
    world: World, path: str, sent: dict[str, str], kept: tuple[str, ...]
) -> None:
    refused = world.enter("administrator").post(path, data=sent)
    assert refused.status_code == 422
    for words in kept:
        assert words in refused.text, words


def test_the_first_run_keeps_what_was_right_and_no_password(empty: World) -> None:
    sent = {"code": "wrong", "login": "boss", "name": "孙管理", "password": PASSWORD}
    refused = empty.visitor().post("/staff/first-run", data=sent)
    assert refused.status_code == 422
    for kept in ('value="wrong"', 'value="boss"', 'value="孙管理"'):
        assert kept in refused.text
    assert PASSWORD not in refused.text


@pytest.mark.parametrize(
    ("headers", "page"),
    [
        ({"referer": "http://testserver/staff/cases/1?show=all"}, "/staff/cases/1?show=all"),
        ({"hx-request": "true", "hx-current-url": "http://testserver/staff/cases/1"}, "/staff/cases/1"),
        ({"referer": "https://evil.example/elsewhere"}, "/staff/inbox"),
        ({"referer": "http://testserver//evil.example/staff/"}, "/staff/inbox"),
        ({}, "/staff/inbox"),
    ],
)
def test_who_signs_in_again_comes_back_to_the_page_with_the_form(
    world: World, headers: dict[str, str], page: str
) -> None:
    client = world.visitor()
    ended = client.post("/staff/cases/1/note", data={"note": _WORDS}, headers=headers)
    assert (ended.headers.get("location") or ended.headers["hx-redirect"]) == "/staff/sign-in"
    entered = client.post("/staff/sign-in", data={"login": "agent", "password": PASSWORD})
    assert entered.headers["location"] == page
    assert way_back.COOKIE not in client.cookies
    assert COOKIE in client.cookies


def test_a_page_asked_for_is_the_one_that_follows_the_door(world: World) -> None:
    client = world.visitor()
    client.get("/staff/cases?show=overdue")
    assert client.post("/staff/sign-in", data={"login": "agent", "password": PASSWORD}).headers["location"] == (
        "/staff/cases?show=overdue"
    )


@pytest.mark.parametrize("path", ["/staff/sign-in", "/staff/account", "//staff/x", "/static/x", "/staff/\\x"])
def test_nothing_else_is_a_way_back(path: str) -> None:
    assert way_back._page(path) == ""


def test_who_leaves_leaves_no_way_back(world: World) -> None:
    client = world.enter("agent")
    left = client.post("/staff/sign-out")
    assert re.search(rf"{way_back.COOKIE}=\"\"", left.headers["set-cookie"])
