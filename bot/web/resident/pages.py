"""The two pages anybody may open: the chat, and what is kept."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from actions.cases.photos import WAITS_FOR_A_REPORT
from bot.channels.greeting import notice
from bot.parts import Parts
from bot.settings import ROOT, Settings
from bot.web.embedding.visitors import is_own
from bot.web.headers import policy
from bot.web.resident.chat import Chat
from knowledge.search import snapshot

router = APIRouter(default_response_class=HTMLResponse)
_templates = Jinja2Templates(directory=ROOT / "bot" / "templates")


@router.head("/")  # monitors ask so whether we are there
@router.get("/")
def chat(request: Request, village: str | None = None, embedded: str = "", host: str = "") -> HTMLResponse:
    """`embedded`: in a frame on a page of the origin `host`, which is told how many messages are unread."""
    values = {"village": village, "prefix": _settings(request).prefix, "embedded": bool(embedded), "host": ""}
    if not embedded:
        return _templates.TemplateResponse(request, "chat.html", values)
    held: Chat = request.app.state.chat
    listed = held.sites.colours()
    values["host"] = host if host in listed or is_own(request, host, held.settings) else ""
    page = _templates.TemplateResponse(request, "chat.html", values)
    page.headers["Content-Security-Policy"] = policy(listed)
    return page


@router.get("/privacy")
def privacy(request: Request) -> HTMLResponse:
    settings = _settings(request)
    values = {
        "notice": notice(settings),
        "retention_days": settings.retention_days,
        "case_retention_days": settings.case_retention_days,
        "photo_hours": int(WAITS_FOR_A_REPORT.total_seconds()) // 3600,
        "footer": _footer(settings),
    }
    return _templates.TemplateResponse(request, "privacy.html", values)


def _settings(request: Request) -> Settings:
    parts: Parts = request.app.state.parts
    return parts.settings


def _footer(settings: Settings) -> str:
    meta = snapshot.meta(settings.snapshots)
    chunks, embedded = meta.get("chunks"), meta.get("embedded")
    if not chunks or not isinstance(chunks, int):
        return "资料正在准备。"
    share = (
        f"资料 {chunks} 条，均已可查"
        if embedded == chunks
        else f"资料 {chunks} 条，其中 {embedded} 条已能按意思查，其余可按字词查"
    )
    return f"{share}。回答供参考，以法律原文和主管部门答复为准。"
