"""A case by its link."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy.orm import Session

from actions.cases import finding, links
from actions.errors import NotFound
from bot.settings import ROOT
from bot.web.limits import RateLimit, address_of


def router(sessions: Callable[[], Session]) -> APIRouter:
    api = APIRouter(prefix="/progress")
    templates = Jinja2Templates(directory=ROOT / "bot" / "templates")
    limit = RateLimit()

    def page(request: Request, status: int = 200, **values: Any) -> HTMLResponse:
        response = templates.TemplateResponse(request, "progress.html", values, status_code=status)
        response.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
        return response

    @api.get("/{token}", response_class=HTMLResponse)
    async def door(request: Request, token: str) -> Response:
        """Only a button: the previews of messengers open every link and must not use it up."""
        limit.check(f"progress {address_of(request)}", 30)
        with sessions() as session:
            try:
                links.check(session, token[:100], now=datetime.now(UTC))
            except NotFound as error:
                return page(request, 404, problem=error.message_zh)
        return page(request, token=token)

    @api.post("/{token}", response_class=HTMLResponse)
    async def show(request: Request, token: str) -> Response:
        limit.check(f"progress {address_of(request)}", 30)
        with sessions() as session:
            try:
                case = links.open_once(session, token[:100], now=datetime.now(UTC))
            except NotFound as error:
                return page(request, 404, problem=error.message_zh)
            return page(request, text=finding.progress(session, case))

    return api
