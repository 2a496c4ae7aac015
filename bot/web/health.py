"""Whether the app lives, whether it is ready, and its figures."""

import logging

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from bot.parts import Parts
from knowledge.clock import today

log = logging.getLogger("linli.app")

router = APIRouter()


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """Not in a thread: it is no question of how busy they are."""
    return {"status": "alive"}


@router.get("/readyz")
async def ready(request: Request) -> JSONResponse:
    parts: Parts = request.app.state.parts
    checks = {"rasa": await parts.rasa.is_ready(), **await run_in_threadpool(_checks, parts)}
    return JSONResponse(checks, 200 if all(checks.values()) else 503)


@router.get("/metrics")
def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _checks(parts: Parts) -> dict[str, bool]:
    found = {"database": False, "search": False}
    try:
        with parts.sessions() as session:
            session.execute(text("SELECT 1"))
            found["database"] = True
            found["search"] = bool(parts.searcher.search(session, "彩礼", day=today(), k=1))
    except Exception:
        log.exception("readyz")
    return found
