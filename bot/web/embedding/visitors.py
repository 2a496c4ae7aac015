"""Pages of other sites that ask our chat: a listed one is answered, another gets a sentence that it can show."""

from urllib.parse import urlsplit

from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.settings import Settings
from bot.sites.listed import REFUSED, Sites, is_origin

_WHERE = "/api/widget"


def is_own(request: HTTPConnection, origin: str, settings: Settings) -> bool:
    """Whether a page of ours asks: of the host it is asked by, or of the address that residents know."""
    if origin.split("://")[-1] == request.headers.get("host"):
        return True
    known = urlsplit(settings.public_url)
    return bool(known.netloc) and origin == f"{known.scheme}://{known.netloc}"


class Visitors:
    """Cross-origin answers (CORS) of the chat's API, by the list as it is now.

    Starlette's CORSMiddleware takes its list once, and a refusal without its headers can't be read by the page.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings, sites: Sites) -> None:
        self._app, self._settings, self._sites = app, settings, sites

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HTTPConnection(scope) if scope["type"] == "http" else None
        origin = request.headers.get("origin", "") if request else ""
        if (
            request is None
            or not origin
            or not scope["path"].startswith(_WHERE)
            or is_own(request, origin, self._settings)
        ):
            await self._app(scope, receive, send)
            return
        may = origin in await run_in_threadpool(self._sites.colours)
        wants = "access-control-request-method" in request.headers and scope["method"] == "OPTIONS"
        headers = {"Vary": "Origin"}
        if is_origin(origin):  # what no browser says isn't said back
            headers["Access-Control-Allow-Origin"] = origin

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        if wants:  # also a page that isn't listed: else it couldn't read why it is refused
            allow = {"Access-Control-Allow-Methods": "GET, POST, PUT, DELETE", "Access-Control-Max-Age": "600"}
            allow["Access-Control-Allow-Headers"] = "authorization, content-type"
            await Response(status_code=204, headers={**headers, **allow})(scope, receive, send)
        elif may:
            await self._app(scope, receive, sent)
        else:
            await run_in_threadpool(self._sites.knocked, origin)
            await refusal()(scope, receive, sent)


def refusal() -> JSONResponse:
    return JSONResponse({"error": {"code": "origin", "message": REFUSED}}, 403)
