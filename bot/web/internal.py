"""Rasa's webhook."""

import hmac
from typing import Any

import numpy as np
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from knowledge.encoder.embedding import Embedder


class Texts(BaseModel):
    texts: list[str] = Field(max_length=64)


def internal_app(*, secret: str, embedder: Embedder, executor: ActionExecutor | None) -> FastAPI:
    """`executor` is None while Rasa is being trained, which needs vectors only."""

    def check(x_linli_secret: str = Header("")) -> None:
        if not hmac.compare_digest(x_linli_secret.encode(), secret.encode()):
            raise HTTPException(403, "not for you")

    router = APIRouter(prefix="/internal", dependencies=[Depends(check)])

    @router.post("/encode")
    async def encode(body: Texts) -> Response:
        rows = await run_in_threadpool(embedder.encode_queries, body.texts)
        return Response(
            rows.astype("<f4").tobytes() if body.texts else np.empty(0, "<f4").tobytes(),
            media_type="application/octet-stream",
        )

    @router.post("/actions/webhook")
    async def webhook(request: Request) -> JSONResponse:
        if executor is None:
            raise HTTPException(404)
        call: dict[str, Any] = await request.json()
        # Rasa leaves it out (endpoints.yml); none of our actions reads it, the SDK insists on one
        call.setdefault("domain", {})
        try:
            result = await executor.run(call)
        except ActionExecutionRejection as error:
            return JSONResponse({"error": str(error), "action_name": error.action_name}, 400)
        except ActionNotFoundException as error:
            return JSONResponse({"error": str(error), "action_name": error.action_name}, 404)
        return JSONResponse(result.model_dump() if result else {})

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(router)
    return app
