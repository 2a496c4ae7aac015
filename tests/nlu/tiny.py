"""A Rasa that knows one rule, trained in seconds: policies, stores and locks are real, its actions wait for a test."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import rasa
from aiohttp import web
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.lock_store import LockStore
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig
from sqlalchemy import create_engine, text

import bot.nlu.channel  # noqa: F401  # as Rasa imports it before it answers

WISH = "报上去"
_FILES = {
    "config.yml": """
recipe: default.v1
assistant_id: tiny
language: zh
pipeline: [{name: KeywordIntentClassifier}]
policies: [{name: RulePolicy}]
""",
    "domain.yml": """
version: "3.1"
intents: [wish]
actions: [action_do]
session_config: {session_expiration_time: 0, carry_over_slots_to_new_session: true}
""",
    "data.yml": f"""
version: "3.1"
nlu: [{{intent: wish, examples: "- {WISH}\\n- 登记\\n"}}]
rules: [{{rule: do, steps: [{{intent: wish}}, {{action: action_do}}]}}]
""",
}


def trained(folder: Path) -> Path:
    """The model's file; beside it nothing of ours."""
    for name, content in _FILES.items():
        (folder / name).write_text(content)
    of = [str(folder / name) for name in _FILES]
    made = rasa.train(of[1], of[0], [of[2]], output=str(folder), fixed_model_name="tiny")
    return Path(made.model)


class Actions:
    """Says which message it was called for; `gate` closed: it doesn't answer yet."""

    def __init__(self) -> None:
        self.called, self.url = Counter[int](), ""
        self.gate, self.is_broken = asyncio.Event(), False
        self.gate.set()

    async def _called(self, request: web.Request) -> web.Response:
        message = (await request.json())["tracker"]["latest_message"]["metadata"]["message"]
        self.called[message] += 1
        await self.gate.wait()
        if self.is_broken:
            return web.Response(status=500)
        said = {"custom": {"kind": "case", "text": f"{message}"}}
        return web.json_response({"events": [], "responses": [said, {"text": "还有"}]})

    async def until_called_for(self, message: int) -> None:
        while not self.called[message]:
            await asyncio.sleep(0.01)

    @asynccontextmanager
    async def up(self) -> AsyncIterator["Actions"]:
        app = web.Application()
        app.router.add_post("/webhook", self._called)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
        try:
            yield self
        finally:
            self.gate.set()
            await runner.cleanup()


def agent(model: Path, trackers: str, actions: str, locks: LockStore) -> Agent:
    store = SQLTrackerStore(domain=Domain.empty(), host=trackers)
    made = Agent(tracker_store=store, lock_store=locks, action_endpoint=EndpointConfig(actions))
    made.load_model(str(model))
    return made


async def said(to: Agent, message: int, *, sender: str, words: str = WISH) -> list[dict[str, Any]]:
    heard = CollectingOutputChannel()
    await to.handle_message(UserMessage(words, heard, sender, metadata={"message": message}))
    return heard.messages


def heard(trackers: str, sender: str) -> list[int]:
    """Numbers of the messages that the tracker holds."""
    with create_engine(trackers).connect() as connection:
        rows = connection.execute(
            text("SELECT data FROM events WHERE sender_id = :who AND type_name = 'user' ORDER BY id"), {"who": sender}
        )
        return [json.loads(row.data)["metadata"]["message"] for row in rows]
