"""How the console's endpoints stand: in threads, and no session held while somebody else is waited for."""

import inspect
from dataclasses import replace
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import Engine
from starlette.testclient import TestClient

from bot.rasa_client import RasaUnavailable
from bot.web.staff.pages import DESK
from tests.bot.world import World, console


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


@pytest.fixture()
def rasa(world: World) -> Rasa:
    engine = world.sessions.kw["bind"]
    assert isinstance(engine, Engine)
    return Rasa(engine)


def at_work(world: World, rasa: Rasa, login: str) -> TestClient:
    return replace(world, app=console(world.settings, world.sessions, slots=rasa.slots)).enter(login)


def test_no_session_is_held_while_rasa_is_asked(world: World, rasa: Rasa) -> None:
    page = at_work(world, rasa, "agent").get(f"/staff/conversations/{world.conversation}")
    assert page.status_code == 200 and "正在报的事还没交" in page.text and "邻居占地" in page.text
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
