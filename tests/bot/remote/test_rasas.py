"""A conversation goes to the same Rasa as long as that one is there."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.rasa_client import RasaClient, RasaUnavailable
from bot.run.serving import listening
from tests.ports import free_port


class Server:
    """Says on its webhook which one it is."""

    def __init__(self) -> None:
        self.port, self.heard = free_port(), Counter[str]()
        self.is_silent = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def hear(self, request: Request) -> JSONResponse:
        self.heard[(await request.json())["sender"]] += 1
        if self.is_silent:
            await asyncio.sleep(3)
        return JSONResponse([{"text": str(self.port)}])

    async def status(self, _: Request) -> JSONResponse:
        return JSONResponse({})

    @contextlib.contextmanager
    def up(self) -> Iterator[None]:
        routes = [Route("/webhooks/rest/webhook", self.hear, methods=["POST"]), Route("/status", self.status)]
        with listening(Starlette(routes=routes), self.port):
            yield


def talking(urls: list[str], do: Callable[[RasaClient], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        client = RasaClient(urls, "token", timeout_s=1)
        try:
            return await do(client)
        finally:
            await client.close()

    return asyncio.run(run())


def said_by(urls: list[str], *conversations: str) -> list[str]:
    async def talk(client: RasaClient) -> list[str]:
        return [(await client.talk(c, "你好", metadata={}))[0].text for c in conversations]

    found: list[str] = talking(urls, talk)
    return found


CONVERSATIONS = [f"c{n}" for n in range(60)]


def test_each_conversation_has_its_rasa_and_all_have_some() -> None:
    one, other = Server(), Server()
    with one.up(), other.up():
        first = said_by([one.url, other.url], *CONVERSATIONS)
        assert said_by([other.url, one.url], *CONVERSATIONS) == first, "another app orders them otherwise"
    shares = Counter(first)
    assert min(shares[str(s.port)] for s in (one, other)) > 10


def test_a_rasa_that_is_away_moves_its_own_conversations_alone() -> None:
    one, other, third = Server(), Server(), Server()
    urls = [one.url, other.url, third.url]
    with one.up(), other.up():
        with third.up():
            before = said_by(urls, *CONVERSATIONS)
        after = said_by(urls, *CONVERSATIONS)
    moved = [(was, now) for was, now in zip(before, after, strict=True) if was != now]
    assert {was for was, _ in moved} == {str(third.port)}
    assert str(third.port) not in after


def test_a_message_that_may_have_been_heard_isnt_given_to_a_second_one() -> None:
    one, other = Server(), Server()
    one.is_silent = other.is_silent = True
    with one.up(), other.up():
        with pytest.raises(RasaUnavailable):
            said_by([one.url, other.url], "c1")
        assert one.heard["c1"] + other.heard["c1"] == 1


def test_one_that_is_there_is_enough_to_be_ready() -> None:
    one, away = Server(), Server()
    urls = [away.url, one.url]
    with one.up():
        assert talking(urls, lambda client: client.is_ready())
    assert not talking(urls, lambda client: client.is_ready())


def test_nothing_but_connecting_is_passed_over() -> None:
    """What httpx calls a connect error is none after a byte was sent."""
    assert not issubclass(httpx.ReadTimeout, httpx.ConnectError | httpx.ConnectTimeout)
