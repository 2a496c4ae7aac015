"""An app that was told to stop: what is under way ends, what is new goes to another app."""

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.connections import Leave

AGAIN_S = 2
_WORDS = "系统正在更新，请稍等几秒再发。急事请拨打 12345；危险时拨打 110。"
_STILL_ANSWERED = ("/healthz", "/readyz", "/metrics", "/static/")


class Going:
    """The middleware, and whether it is so. A proxy takes a 503 to the next app (deploy/nginx.conf): a resident's
    message bears its own number and is kept once, however often it is sent.
    """

    def __init__(self, app: ASGIApp, state: Leave) -> None:
        self._app, self._state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._state.is_going and not scope["path"].startswith(_STILL_ANSWERED):
            body = {"error": {"code": "going", "message": _WORDS}}
            await JSONResponse(body, 503, {"retry-after": str(AGAIN_S)})(scope, receive, send)
            return
        await self._app(scope, receive, send)
