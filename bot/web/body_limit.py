"""How much a request may bring: refused by what it announces, and where it announces nothing or lies, by what has
come.
"""

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OTHER = 300_000
# By how an address begins: a photo, papers, a document of three hundred clauses as a form sends Chinese.
_MORE = (
    ("/api/widget/photos", 12_000_000),
    ("/staff/knowledge/import", 13_000_000),
    ("/staff/knowledge/versions/", 3_000_000),
)


class BodyLimit:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most, come = next((most for start, most in _MORE if scope["path"].startswith(start)), OTHER), 0
        announced = dict(scope["headers"]).get(b"content-length", b"0").strip()
        if announced.isdigit() and int(announced[:12]) > most:
            refusal = JSONResponse({"error": {"code": "too_large", "message": "内容太大了。"}}, 413)
            await refusal(scope, receive, send)
            return

        async def counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > most:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)
