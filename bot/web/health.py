"""Whether the app lives, whether it is ready or going, and its figures."""

import hmac
import logging
import time

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import disk
from bot.connections import Leave
from bot.parts import Parts
from bot.web.limits import is_own_machine
from knowledge.clock import today

log = logging.getLogger("linli.app")

_HOLDS_S = 2.0
AGAIN_S = 2
_WORDS = "系统正在更新，请稍等几秒再发。急事请拨打 12345；危险时拨打 110。"
_STILL_ANSWERED = ("/healthz", "/readyz", "/metrics", "/static/")

router = APIRouter()


@router.get("/healthz")
async def alive(request: Request) -> dict[str, str]:
    """Not in a thread: it is no question of how busy they are. Who is going lives until the last turn has ended, and
    nobody is to kill it for that; `readyz` tells a proxy.
    """
    return {"status": "going" if request.app.state.leave.is_going else "alive"}


@router.get("/readyz")
async def ready(request: Request) -> JSONResponse:
    """For this machine: it costs a search. What was found holds for two seconds."""
    _check_who(request)
    if request.app.state.leave.is_going:
        return JSONResponse({"going": True}, 503)
    state, parts = request.app.state, request.app.state.parts
    at, checks = getattr(state, "readiness", (0.0, {}))
    if not checks or time.monotonic() - at > _HOLDS_S:
        checks = {"rasa": await parts.rasa.is_ready(), **await run_in_threadpool(_checks, parts)}
        state.readiness = (time.monotonic(), checks)
    return JSONResponse(checks, 200 if all(checks.values()) else 503)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    _check_who(request)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _check_who(request: Request) -> None:
    """Who runs on this machine, or knows the installation's secret. Raises HTTPException."""
    parts: Parts = request.app.state.parts
    secret = parts.settings.secret("internal").encode()
    is_ours = hmac.compare_digest(request.headers.get("x-linli-secret", "").encode(), secret)
    if not is_ours and not is_own_machine(request):
        raise HTTPException(404)


def _checks(parts: Parts) -> dict[str, bool]:
    found = {"database": False, "search": False, "disk": disk.takes_more(parts.settings.home)}
    try:
        with parts.sessions() as session:
            session.execute(text("SELECT 1"))
            found["database"] = True
            found["search"] = bool(parts.searcher.search(session, "彩礼", day=today(), k=1))
    except Exception:
        log.exception("readyz")
    return found


class Going:
    """An app that was told to stop refuses what is new, and what is under way ends. A proxy takes a 503 to another one:
    a resident's message bears its own number and is kept once, however often it is sent.
    """

    def __init__(self, app: ASGIApp, state: Leave) -> None:
        self._app, self._state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._state.is_going and not scope["path"].startswith(_STILL_ANSWERED):
            body = {"error": {"code": "going", "message": _WORDS}}
            await JSONResponse(body, 503, {"retry-after": str(AGAIN_S)})(scope, receive, send)
            return
        await self._app(scope, receive, send)
