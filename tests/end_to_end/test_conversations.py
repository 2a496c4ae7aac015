"""Residents' talk, played over the widget's API (conversations.yml). Those selected are played together, then judged one by one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.db import make_engine, make_sessions
from bot.settings import Settings
from bot.stack import Stack
from tests.end_to_end import conversations
from tests.end_to_end.conversations import Played

_ALL = {c["id"]: c for c in conversations.load()}


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, stack: Stack, prepared: Settings) -> Iterator[dict[str, Played]]:
    selected = [item.callspec.params["name"] for item in request.session.items if isinstance(item, pytest.Function) and item.originalname == test_resident_is_served.__name__]
    engine = make_engine(prepared.url)
    sessions = make_sessions(engine)
    words = conversations.furnish(sessions)
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda name: conversations.play(_ALL[name], stack.settings, sessions, words), selected)
        yield dict(zip(selected, found, strict=True))
    engine.dispose()


@pytest.mark.parametrize("name", [pytest.param(i, marks=[pytest.mark.xfail(strict=True, reason=c["expected_to_fail"])] if c.get("expected_to_fail") else []) for i, c in _ALL.items()])
def test_resident_is_served(played: dict[str, Played], name: str) -> None:
    assert not played[name].failures, "\n".join(played[name].transcript)


def test_conversations_are_many_and_named_once() -> None:
    loaded = conversations.load()
    assert len(_ALL) == len(loaded) >= 60
    assert min(sum(c["half"] == half for c in loaded) for half in "ab") >= 30
