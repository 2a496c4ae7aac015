"""A case by its link."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy.orm import Session

from actions.calendar.workdays import local
from actions.cases import finding, links
from actions.errors import NotFound
from bot.settings import ROOT
from bot.web.limits import address_of
from bot.web.resident.chat import At, Chat

router = APIRouter(prefix="/progress", default_response_class=HTMLResponse)
_templates = Jinja2Templates(directory=ROOT / "bot" / "templates")
_MOST = 30  # an address may look so often in a minute


@router.get("/{token}")
def door(request: Request, chat: At, token: str) -> HTMLResponse:
    """Only a button: the previews of messengers open every link and must not show what lies behind it."""
    return _looked(request, chat, lambda session, now: _until(session, token[:100], now) | {"token": token})


@router.post("/{token}")
def show(request: Request, chat: At, token: str) -> HTMLResponse:
    def shown(session: Session, now: datetime) -> dict[str, Any]:
        case = links.opened(session, token[:100], now=now)
        return _until(session, token[:100], now) | {"token": token, "text": finding.progress(session, case)}

    return _looked(request, chat, shown)


@router.post("/{token}/back")
def take_back(request: Request, chat: At, token: str) -> HTMLResponse:
    def taken(session: Session, now: datetime) -> dict[str, Any]:
        links.take_back(session, token[:100], now=now)
        return {"is_taken_back": True}

    return _looked(request, chat, taken)


def _until(session: Session, token: str, now: datetime) -> dict[str, Any]:
    return {"until": local(links.check(session, token, now=now).ends_at)}


def _looked(request: Request, chat: Chat, look: Callable[[Session, datetime], dict[str, Any]]) -> HTMLResponse:
    chat.limit.check(f"progress {address_of(request)}", _MOST)
    with chat.sessions() as session:
        try:
            return _page(request, **look(session, datetime.now(UTC)))
        except NotFound as error:
            return _page(request, 404, problem=error.message_zh)


def _page(request: Request, status: int = 200, **values: Any) -> HTMLResponse:
    response = _templates.TemplateResponse(request, "progress.html", values, status_code=status)
    response.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
    return response
