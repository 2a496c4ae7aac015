"""How the console's endpoints stand: in threads, and nothing held while somebody else is waited for."""

import inspect
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import Engine
from starlette.testclient import TestClient

from bot.rasa_client import RasaUnavailable
from bot.staff import audit, passwords
from bot.web.staff import imports, setting_changes
from bot.web.staff.cases import moves as case_moves
from bot.web.staff.cases.listing import Filters
from bot.web.staff.conversations import deeds
from bot.web.staff.pages import DESK
from tests.bot.world import DEEDS, PASSWORD, World, console


def test_every_endpoint_of_the_desk_runs_in_a_thread() -> None:
    """Starlette runs a plain `def` in a thread; an `async def` that reads the database would hold up everybody."""
    found = [route for router in DESK for route in router.routes if isinstance(route, APIRoute)]
    assert len(found) > 40
    assert [route.path for route in found if inspect.iscoroutinefunction(route.endpoint)] == []


class Rasa:
    """Slots of a dispute half told; keeps what it was asked, and how many connections were out meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.asked, self.held = engine, list[str](), list[int]()

    async def slots(self, conversation_id: str) -> dict[str, Any]:
        self.asked.append(conversation_id)
        self.held.append(self.engine.pool.checkedout())  # type: ignore[attr-defined]  # QueuePool has it
        return {"dispute_what": "邻居占地"}


@pytest.fixture
def rasa(world: World) -> Rasa:
    engine = world.sessions.kw["bind"]
    assert isinstance(engine, Engine)
    return Rasa(engine)


def at_work(world: World, rasa: Rasa, login: str) -> TestClient:
    return replace(world, app=console(world.settings, world.sessions, slots=rasa.slots)).enter(login)


def test_no_session_is_held_while_rasa_is_asked(world: World, rasa: Rasa) -> None:
    page = at_work(world, rasa, "agent").get(f"/staff/conversations/{world.conversation}")
    assert page.status_code == 200
    assert "正在报的事还没交" in page.text
    assert "邻居占地" in page.text
    assert (rasa.asked, rasa.held) == ([world.conversation], [0])


def test_rasa_is_not_asked_about_a_conversation_one_may_not_see(world: World, rasa: Rasa) -> None:
    client = at_work(world, rasa, "qingshi")
    assert client.get(f"/staff/conversations/{world.conversation}").status_code == 403
    assert client.get("/staff/conversations/nobody").status_code == 404
    client.cookies.clear()
    assert client.get(f"/staff/conversations/{world.conversation}").status_code == 303
    assert rasa.asked == []


def test_the_thread_alone_is_shown_without_asking_rasa(world: World, rasa: Rasa) -> None:
    client = at_work(world, rasa, "agent")
    assert client.get(f"/staff/conversations/{world.conversation}", headers={"hx-request": "true"}).status_code == 200
    assert rasa.asked == []


def test_a_conversation_is_shown_while_rasa_is_away(world: World) -> None:
    async def away(_: str) -> dict[str, Any]:
        raise RasaUnavailable

    client = replace(world, app=console(world.settings, world.sessions, slots=away)).enter("agent")
    assert client.get(f"/staff/conversations/{world.conversation}").status_code == 200


def test_tests_press_every_verb_there_is() -> None:
    """DEEDS of the world is what the tests of permissions, places and hostile fields go through."""
    assert set(DEEDS["/staff/cases/1/{do}"]) == set(case_moves.MOVES)
    assert set(DEEDS["/staff/conversations/conversation-1/{do}"]) == set(deeds.DEEDS)
    assert set(DEEDS["/staff/settings/{what}"]) == {*setting_changes.SAVES, "grid-import"} >= {*setting_changes.DELETES}
    assert set(DEEDS["/staff/import/{what}"]) == set(imports.KINDS)


class WritesMeanwhile:
    """The hasher of passwords, and somebody who writes to the database while it works; kept waiting, it fails."""

    def __init__(self, world: World, hasher: Any) -> None:
        self.world, self.hasher, self.written = world, hasher, 0

    def _write(self) -> None:
        with self.world.sessions() as session:
            audit.record(session, None, "同时写下的")
            session.commit()
        self.written += 1

    def verify(self, password_hash: str, password: str) -> bool:
        self._write()
        return bool(self.hasher.verify(password_hash, password))

    def hash(self, password: str) -> str:
        self._write()
        return str(self.hasher.hash(password))


@pytest.mark.parametrize(
    ("login", "path", "sent", "times"),
    [
        (None, "/staff/sign-in", {"login": "agent", "password": PASSWORD}, 1),
        ("agent", "/staff/account/password", {"old": PASSWORD, "new": "another-bridge-43"}, 2),
        ("administrator", "/staff/people/1", {"do": "reset"}, 1),
        (
            "administrator",
            "/staff/people",
            {"login": "fresh", "name": "新人", "role": "agent", "place": "nation"},
            1,
        ),
    ],
)
def test_nobodys_writing_waits_for_a_password(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    login: str | None,
    path: str,
    sent: dict[str, str],
    times: int,
) -> None:
    client = world.enter(login) if login else world.visitor()
    meanwhile = WritesMeanwhile(world, passwords.HASHER)
    monkeypatch.setattr(passwords, "HASHER", meanwhile)
    assert client.post(path, data=sent).status_code in (200, 303)
    assert meanwhile.written == times


@pytest.mark.parametrize(
    ("show", "unit", "own", "meant"),
    [
        ("open", "", 3, None),
        ("open", "7", 3, 7),
        ("mine", "", 3, 3),
        ("mine", "3", 3, 3),
        ("mine", "7", 3, -1),
        ("mine", "", None, -1),
    ],
)
def test_mine_of_another_unit_is_nobodys(show: str, unit: str, own: int | None, meant: int | None) -> None:
    assert Filters.read({"show": show, "unit": unit}).team(own) == meant


def test_filters_go_through_an_address_and_come_back() -> None:
    chosen = Filters.read({"show": "mine", "q": "水 & 路", "category": "邻里", "place": "liuhe", "unit": "7x"})
    assert chosen.unit == ""
    assert Filters.read(dict(parse_qsl(chosen.query(page=2)))) == chosen
