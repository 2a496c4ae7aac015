"""A case by its link."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from actions.cases import finding, links
from actions.errors import NotFound
from bot.settings import ROOT
from bot.web.limits import address_of
from bot.web.resident.chat import At

router = APIRouter(prefix="/progress", default_response_class=HTMLResponse)
_templates = Jinja2Templates(directory=ROOT / "bot" / "templates")
_MOST = 30  # an address may look so often in a minute


@router.get("/{token}")
def door(request: Request, chat: At, token: str) -> HTMLResponse:
    """Only a button: the previews of messengers open every link and must not use it up."""
    chat.limit.check(f"progress {address_of(request)}", _MOST)
    with chat.sessions() as session:
        try:
            links.check(session, token[:100], now=datetime.now(UTC))
        except NotFound as error:
            return _page(request, 404, problem=error.message_zh)
    return _page(request, token=token)


@router.post("/{token}")
def show(request: Request, chat: At, token: str) -> HTMLResponse:
    chat.limit.check(f"progress {address_of(request)}", _MOST)
    with chat.sessions() as session:
        try:
            case = links.open_once(session, token[:100], now=datetime.now(UTC))
        except NotFound as error:
            return _page(request, 404, problem=error.message_zh)
        return _page(request, text=finding.progress(session, case))


def _page(request: Request, status: int = 200, **values: Any) -> HTMLResponse:
    response = _templates.TemplateResponse(request, "progress.html", values, status_code=status)
    response.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
    return response
