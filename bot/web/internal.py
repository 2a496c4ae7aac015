"""Rasa's calls, on loopback: vectors for its encoder, and the actions' webhook."""

import hmac
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from bot.rehearsing import Supposed
from knowledge.encoder.embedding import Embedder


class Texts(BaseModel):
    texts: list[str] = Field(max_length=64)


def _check(request: Request, x_linli_secret: Annotated[str, Header()] = "") -> None:
    if not hmac.compare_digest(x_linli_secret.encode(), request.app.state.secret.encode()):
        raise HTTPException(403, "not for you")


router = APIRouter(prefix="/internal", dependencies=[Depends(_check)])


@router.post("/encode")
def encode(request: Request, body: Texts) -> Response:
    """Rows of float32, little-endian, one after the other."""
    embedder: Embedder = request.app.state.embedder
    rows = embedder.encode_queries(body.texts) if body.texts else np.empty(0)
    return Response(rows.astype("<f4").tobytes(), media_type="application/octet-stream")


@router.post("/actions/webhook")
async def webhook(request: Request) -> JSONResponse:
    executor: ActionExecutor | None = request.app.state.executor
    if executor is None:
        raise HTTPException(404)
    rehearsing: Callable[[Supposed], ActionExecutor] | None = request.app.state.rehearsing
    call: dict[str, Any] = await request.json()
    # Rasa leaves it out (endpoints.yml); none of our actions reads it, the SDK insists on one
    call.setdefault("domain", {})
    supposed = Supposed.of(call) if rehearsing is not None else None
    acting = await run_in_threadpool(rehearsing, supposed) if rehearsing and supposed else executor
    try:
        result = await acting.run(call)
    except ActionExecutionRejection as error:
        return _failed(error, 400)
    except ActionNotFoundException as error:
        return _failed(error, 404)
    return JSONResponse(result.model_dump() if result else {})


def _failed(error: ActionExecutionRejection | ActionNotFoundException, status: int) -> JSONResponse:
    return JSONResponse({"error": str(error), "action_name": error.action_name}, status)


def internal_app(
    *,
    secret: str,
    embedder: Embedder,
    executor: ActionExecutor | None,
    rehearsing: Callable[[Supposed], ActionExecutor] | None = None,
) -> FastAPI:
    """`executor` is None while Rasa is being trained, which needs vectors only; `rehearsing`: another for words that
    somebody only tries.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.secret, app.state.embedder, app.state.executor = secret, embedder, executor
    app.state.rehearsing = rehearsing
    app.include_router(router)
    return app
