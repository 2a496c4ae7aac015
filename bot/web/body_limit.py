"""How much a request may bring, and how long that may take: refused by what it announces, and where it announces
nothing or lies, by what has come.
"""

import asyncio

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OTHER = 300_000
# By how an address begins: a photo, what an agent sends along, papers, a document of three hundred clauses as a form
# sends Chinese.
_MORE = (
    ("/api/widget/photos", 12_000_000),
    ("/staff/conversations/", 12_000_000),
    ("/staff/village/decisions/", 22_000_000),  # minutes and the sheet together
    ("/staff/village/disclosure/", 12_000_000),
    ("/staff/doorstep/points", 12_000_000),
    ("/staff/village/checkup/", 12_000_000),
    ("/staff/village/exchange/", 1_000_000),  # a table, which tables.py refuses beyond 300 kB in words
    ("/staff/village/projects/", 12_000_000),
    ("/staff/knowledge/import", 13_000_000),
    ("/staff/knowledge/versions/", 3_000_000),
)
_BOARD = "/open/tell"  # how the address of a village's form ends that takes a photo of its board
_STILL_S = 20.0  # without a byte more
_WHOLE_S = 600.0  # five megabytes over the slowest telephone


class BodyLimit:
    def __init__(self, app: ASGIApp, *, still_s: float = _STILL_S, whole_s: float = _WHOLE_S) -> None:
        self._app, self._still_s, self._whole_s = app, still_s, whole_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most, come = _most(scope["path"]), 0
        is_whole, until = False, asyncio.get_running_loop().time() + self._whole_s
        announced = dict(scope["headers"]).get(b"content-length", b"0").strip()
        if announced.isdigit() and int(announced[:12]) > most:
            refusal = JSONResponse({"error": {"code": "too_large", "message": "内容太大了。"}}, 413)
            await refusal(scope, receive, send)
            return

        async def counted() -> Message:
            nonlocal come, is_whole
            if is_whole:  # from here on the caller waits for the browser to leave, as long as it likes
                return await receive()
            try:
                now = asyncio.get_running_loop().time()
                message = await asyncio.wait_for(receive(), min(self._still_s, max(0.0, until - now)))
            except TimeoutError:
                raise HTTPException(408) from None
            is_whole = not message.get("more_body", False)
            come += len(message.get("body", b""))
            if come > most:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)


def _most(path: str) -> int:
    """Bytes."""
    if path.startswith("/v/") and path.endswith(_BOARD):
        return 12_000_000
    return next((most for start, most in _MORE if path.startswith(start)), OTHER)
