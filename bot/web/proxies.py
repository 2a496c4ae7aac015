"""A proxy that nobody told us of: every resident would have its address, and one limit for all of them."""

import logging

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger("linli.web")


class UntrustedProxies:
    """Says once for each such proxy how to mend it. Where it is trusted, uvicorn has put the visitor's address in its
    place already.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (client := scope.get("client")):
            self._look(Headers(scope=scope).get("x-forwarded-for", ""), str(client[0]))
        await self._app(scope, receive, send)

    def _look(self, forwarded: str, peer: str) -> None:
        said = {part.strip() for part in forwarded.split(",")}
        if forwarded and peer not in said and peer not in self._told and len(self._told) < 20:
            self._told.add(peer)
            log.error(
                "X-Forwarded-For from %s isn't believed: if it is your proxy, add it to LINLI_TRUSTED_PROXIES", peer
            )
