"""A message that Rasa has heard, or is at, is acted on once, whoever brings it again."""

import asyncio
import os
import re
import uuid
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.lock_store import InMemoryLockStore

from tests.nlu.tiny import Actions, agent, heard, said, trained

SERVER = re.sub(r"\+\w+:", ":", os.environ.get("LINLI_TEST_DATABASE_URL", ""))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("tiny"))


class Talk:
    """One resident with a Rasa of our own."""

    def __init__(self, model: Path, trackers: str, actions: Actions) -> None:
        self.who, self.trackers, self.actions = uuid.uuid4().hex, trackers, actions
        self.agent: Agent = agent(model, trackers, actions.url, InMemoryLockStore())

    def give(self, message: int) -> Coroutine[Any, Any, list[dict[str, Any]]]:
        return said(self.agent, message, sender=self.who)

    def told(self, message: int) -> list[dict[str, Any]]:
        """What the action says to it, as the channel gives it back."""
        custom = {"kind": "case", "text": str(message)}
        return [{"recipient_id": self.who, "custom": custom}, {"recipient_id": self.who, "text": "还有"}]

    @property
    def held(self) -> list[int]:
        return heard(self.trackers, self.who)


async def while_the_first_try_goes_on(talk: Talk) -> None:
    talk.actions.gate.clear()
    first = asyncio.create_task(talk.give(7))
    await talk.actions.until_called_for(7)
    second = asyncio.create_task(talk.give(7))
    await asyncio.sleep(0.1)
    talk.actions.gate.set()
    assert await first == talk.told(7)
    assert await second == talk.told(7)
    assert talk.actions.called == {7: 1}
    assert talk.held == [7]


async def after_the_dialogue_has_gone_on(talk: Talk) -> None:
    assert [await talk.give(message) for message in (7, 8, 7, 8)] == [talk.told(m) for m in (7, 8, 7, 8)]
    assert talk.actions.called == {7: 1, 8: 1}
    assert talk.held == [7, 8]


async def when_whoever_asked_has_gone(talk: Talk) -> None:
    """Sanic ends a turn whose asker is gone; it leaves nothing, and is no first try."""
    talk.actions.gate.clear()
    first = asyncio.create_task(talk.give(7))
    await talk.actions.until_called_for(7)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    talk.actions.gate.set()
    assert talk.held == []
    assert await talk.give(7) == talk.told(7)
    assert talk.held == [7]


async def when_the_first_try_failed(talk: Talk) -> None:
    """It leaves nothing: our app gives it again, behind a later message, too."""
    talk.actions.is_broken = True
    assert await talk.give(7) == await talk.give(7) == []
    assert talk.held == []
    talk.actions.is_broken = False
    assert await talk.give(8) == talk.told(8)
    assert await talk.give(7) == talk.told(7)
    assert talk.held == [8, 7]


async def when_it_is_of_somebody_else(talk: Talk) -> None:
    await talk.give(7)
    talk.who = uuid.uuid4().hex
    assert await talk.give(7) == talk.told(7)
    assert talk.actions.called == {7: 2}


@pytest.mark.parametrize(
    "scene",
    [
        while_the_first_try_goes_on,
        after_the_dialogue_has_gone_on,
        when_whoever_asked_has_gone,
        when_the_first_try_failed,
        when_it_is_of_somebody_else,
    ],
)
@pytest.mark.parametrize("where", ["file", "server"])
def test_a_message_is_acted_on_once(where: str, scene: Any, model: Path, tmp_path: Path) -> None:
    if where == "server" and not SERVER:
        pytest.skip("LINLI_TEST_DATABASE_URL names no server")
    trackers = SERVER if where == "server" else f"sqlite:///{tmp_path / 'tracker.sqlite'}"

    async def run() -> None:
        async with Actions().up() as actions:
            await scene(Talk(model, trackers, actions))

    asyncio.run(run())
