"""月报: a month on one sheet, to be printed and hung out; what is public as JSON for others. No sign-in, no script."""

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy.orm import Session

from actions.reports import feed, month
from bot.web.resident.chat import Chat
from bot.web.village.page import At
from bot.web.village.tab import Tab, Teaser
from knowledge.clock import SHANGHAI

PATH = "report"
router = APIRouter(prefix="/v/{place}", default_response_class=HTMLResponse)
_LISTED = 12  # months to choose from


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    """The latest month with something in it, this one or the one before."""
    this = month.month_of(now.astimezone(SHANGHAI).date())
    for one in (this, this.before):
        if month.has_any(session, place, one):
            when = "到今天" if one == this else ""
            return [Teaser(f"{one.name}村务月报", f"/v/{place}/{PATH}/{one.code}", when)]
    return []


@router.get("/report")
def latest(at: At) -> HTMLResponse:
    """This month so far, and the months before to choose from."""
    return _page(at, month.month_of(at.now.astimezone(SHANGHAI).date()))


@router.get("/report/{code}")
def show(at: At, code: str) -> HTMLResponse:
    """`code`: 2026-11."""
    return _page(at, month.named(code, at.now))


def _page(at: At, asked: month.Month) -> HTMLResponse:
    today = at.now.astimezone(SHANGHAI).date()
    others, one = [], month.month_of(today)
    for _ in range(_LISTED):
        if one != asked and month.has_any(at.session, at.village.id, one):
            others.append(one)
        one = one.before
    return at.page(
        "reports/month.html",
        here=PATH,
        month=asked,
        parts=month.parts(at.session, at.village.id, asked, at.now),
        is_running=asked.last >= today,
        today=today,
        others=others,
    )


@router.get("/feed.json", response_class=JSONResponse)
def as_feed(at: At) -> JSONResponse:
    chat: Chat = at.request.app.state.chat
    found = feed.feed(at.session, at.village, base=chat.settings.own_url, now=at.now)
    # Like the pages: what is taken off them isn't to live on in somebody's cache.
    headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return JSONResponse(found, headers=headers, media_type="application/feed+json")


TAB = Tab("月报", PATH, newest, router)
