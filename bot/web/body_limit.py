"""How much a request may bring: refused by what it announces, and where it announces nothing or lies, by what has come."""

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PHOTO, OTHER = 12_000_000, 300_000
DOCUMENT = 3_000_000  # three hundred clauses, sent as a form sends Chinese


class BodyLimit:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        most, come = PHOTO if scope["path"] == "/api/widget/photos" else DOCUMENT if scope["path"].startswith("/staff/knowledge/versions/") else OTHER, 0
        announced = dict(scope["headers"]).get(b"content-length", b"0").strip()
        if announced.isdigit() and int(announced[:12]) > most:
            return await JSONResponse({"error": {"code": "too_large", "message": "内容太大了。"}}, 413)(scope, receive, send)

        async def counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > most:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)
