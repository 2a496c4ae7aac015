"""Rasa's webhook hears nobody but our app (red team M1)."""

import asyncio
import socket
from typing import Any

import aiohttp
import pytest
from rasa.core.channels.channel import UserMessage
from sanic import Sanic

from bot.nlu.channel import GuardedRestInput

SAID = {"sender": "evil-1", "message": "解决了", "metadata": {"message": 377}}
SENT: dict[str, dict[str, str]] = {
    "nothing": {},
    "a guess": {"x-linli-secret": "guess"},
    "a page": {"origin": "http://evil.example", "content-type": "text/plain"},
    "our app": {"x-linli-secret": "only-ours"},
}


@pytest.fixture(scope="module")
def heard() -> dict[str, Any]:
    """For each of SENT the status, and what was heard by whoever listens behind the webhook; Sanic serves once a
    process.
    """
    words: list[str] = []
    found: dict[str, Any] = {}

    async def on_new_message(message: UserMessage) -> None:
        words.append(message.text or "")

    async def run() -> None:
        app = Sanic("guarded", configure_logging=False)
        channel = GuardedRestInput.from_credentials({"secret": "only-ours"})
        app.blueprint(channel.blueprint(on_new_message), url_prefix="/webhooks/rest")
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        server = await app.create_server(sock=listener, return_asyncio_server=True, access_log=False)
        await server.startup()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/webhooks/rest/webhook"
        async with aiohttp.ClientSession() as session:
            for name, headers in SENT.items():
                async with session.post(url, json=SAID, headers=headers) as answer:
                    found[name] = (answer.status, list(words))
        await server.close()

    asyncio.run(run())
    return found


@pytest.mark.parametrize("who", ["nothing", "a guess", "a page"])
def test_without_the_secret_nothing_is_heard(heard: dict[str, Any], who: str) -> None:
    assert heard[who] == (403, [])


def test_our_app_is_heard(heard: dict[str, Any]) -> None:
    assert heard["our app"] == (200, ["解决了"])
