"""Which of several Rasas a conversation goes to: always the same one, as long as that one is there."""

import zlib
from collections.abc import Sequence
from typing import Any

import httpx


class Rasas:
    """A conversation prefers one of the servers by its number (rendezvous hashing: one more or one less moves only its
    own share). A server that can't be reached is passed over; one that was reached and is silent isn't, for it may have
    heard the message.
    """

    def __init__(self, urls: Sequence[str], **client: Any) -> None:
        """`client`: of each `httpx.AsyncClient`."""
        self._servers = [(url, httpx.AsyncClient(base_url=url, **client)) for url in urls]

    async def request(self, method: str, path: str, *, of: str = "", **sent: Any) -> httpx.Response:
        """`of`: the conversation it is about. Raises httpx.HTTPError."""
        away: httpx.HTTPError | None = None
        for server in self._in_turn(of):
            try:
                return await server.request(method, path, **sent)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                away = error
        assert away is not None
        raise away

    async def close(self) -> None:
        for _, server in self._servers:
            await server.aclose()

    def _in_turn(self, of: str) -> list[httpx.AsyncClient]:
        weighed = sorted(self._servers, key=lambda one: zlib.crc32(f"{one[0]} {of}".encode()), reverse=True)
        return [server for _, server in weighed]
