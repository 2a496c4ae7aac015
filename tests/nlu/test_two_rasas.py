"""Two Rasas over one tracker store, one Redis: what is told to both at once is kept as if one had heard it."""

import asyncio
import os
import re
import uuid
from pathlib import Path

import pytest

from bot.nlu.locks import Locks, SharedQueues
from tests.nlu.tiny import Actions, agent, heard, said, trained

REDIS, SERVER = (os.environ.get(f"LINLI_TEST_{name}", "") for name in ("REDIS", "DATABASE_URL"))
TURNS = 12


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("tiny"))


@pytest.mark.parametrize("where", ["file", "server"])
def test_each_message_is_kept_once_whichever_of_them_hears_it(where: str, model: Path, tmp_path: Path) -> None:
    if not REDIS or (where == "server" and not SERVER):
        pytest.skip("LINLI_TEST_REDIS or LINLI_TEST_DATABASE_URL names no server")
    trackers = re.sub(r"\+\w+:", ":", SERVER) if where == "server" else f"sqlite:///{tmp_path / 'tracker.sqlite'}"
    who = uuid.uuid4().hex

    async def run() -> None:
        async with Actions().up() as actions:
            rasas = [agent(model, trackers, actions.url, Locks(shared=SharedQueues(REDIS, "s"))) for _ in range(2)]
            given = [(rasa, message) for message in range(TURNS) for rasa in rasas]
            tasks = []
            for rasa, message in given:
                tasks.append(asyncio.create_task(said(rasa, message, sender=who)))
                await asyncio.sleep(0.01)
            for (_, message), told in zip(given, await asyncio.gather(*tasks), strict=True):
                assert [part.get("custom", {}).get("text") for part in told] == [str(message), None]
            assert actions.called == dict.fromkeys(range(TURNS), 1)

    asyncio.run(run())
    assert heard(trackers, who) == list(range(TURNS))
