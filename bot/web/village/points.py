"""积分 for everybody: the rules, what can be had, each month as a whole, who has a star. No household's points, no
order of households; what a household has is told to itself, in the chat. No sign-in, no script.
"""

from datetime import datetime
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from actions.decisions.models import Decision
from actions.errors import ActionError, NotFound
from actions.points import ledger, schemes, sheets, stars, vouchers
from actions.points.models import RuleKind, StarAward
from actions.points.status import StarState
from bot.web.staff.typed import number_or_404, text_of
from bot.web.village.page import At
from bot.web.village.tab import Tab, Teaser
from bot.web.village.visitor import check_sender

router = APIRouter(prefix="/v/{place}/points", default_response_class=HTMLResponse)
_OBJECTIONS, _OBJECTIONS_A_DAY = 4, 20  # of an address in a minute, and in a day
_OBJECTED = "收到了。只有村务监督委员会的人看得到，不问您是谁，也不公布。"


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    """Nothing before a scheme was adopted: then the tab isn't shown."""
    if not schemes.has_any(session, place):
        return []
    href, today = f"/v/{place}/points", ledger.day_of(now)
    found = [Teaser("做什么加分，能换什么", href)]
    for sheet in sheets.sheets_of(session, place, 1):
        when = f"贴到{says(sheet.until)}" if sheet.until >= today else ""
        found.append(Teaser(f"{sheets.month_name(sheet.month)}的积分", f"{href}/{sheet.month}", when))
    posted = [one for one in stars.shown(session, place, today) if one.state is StarState.noticed]
    if posted:
        found.append(Teaser(f"星级文明户公示，{len(posted)}户", f"{href}#stars", f"到{says(posted[0].ends_on)}"))
    return found


def says(day: object) -> str:
    """12月5日; "" for no day."""
    return f"{day.month}月{day.day}日" if day is not None else ""  # type: ignore[attr-defined]


@router.get("")
def show(at: At, said: int = 0) -> HTMLResponse:
    return _page(at, done=_OBJECTED if said else "")


def _page(at: At, *, done: str = "") -> HTMLResponse:
    place, today = at.village.id, ledger.day_of(at.now)
    if not schemes.has_any(at.session, place):
        raise NotFound("村里还没有积分办法。")
    scheme = schemes.adopted(at.session, place)
    decision = at.session.get(Decision, scheme.decision_id) if scheme and scheme.decision_id else None
    shown = stars.shown(at.session, place, today)
    return at.page(
        "points/list.html",
        here="points",
        done=done,
        why_not=schemes.why_not(at.session, place),
        decision=decision,
        rules=schemes.rules_of(at.session, place),
        criteria=schemes.rules_of(at.session, place, RuleKind.star),
        items=vouchers.offered(at.session, place),
        sheets=sheets.sheets_of(at.session, place),
        month_name=sheets.month_name,
        posted=[one for one in shown if one.state is StarState.noticed],
        awarded=[one for one in shown if one.state is StarState.awarded],
        says=says,
    )


@router.get("/{month}")
def one(at: At, month: str) -> HTMLResponse:
    sheet = next((each for each in sheets.sheets_of(at.session, at.village.id, 240) if each.month == month), None)
    if sheet is None:
        raise NotFound("没有这个月的表，请从“积分”里点进去。")
    figures = sheets.read(sheet.figures)
    name = sheets.month_name(sheet.month)
    return at.page("points/sheet.html", here="points", sheet=sheet, figures=figures, name=name, says=says)


@router.get("/star/{award_id}")
def objection_form(at: At, award_id: str) -> HTMLResponse:
    return _objection_page(at, _posted(at, award_id))


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=10, max_part_size=20_000)


@router.post("/star/{award_id}")
def object_to(sent: Annotated[FormData, Depends(_form)], at: At, request: Request, award_id: str) -> Response:
    check_sender(request, "star", _OBJECTIONS, a_day=_OBJECTIONS_A_DAY)
    award, words = _posted(at, award_id), text_of(sent, "words", 600)
    key = f"star-{award.id}-{text_of(sent, 'nonce', 24) or token_urlsafe(12)}"
    try:
        stars.object_to(at.session, award.id, words=words, key=key, now=at.now)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _objection_page(at, _posted(at, award_id), problem=error.message_zh, typed=words)
    return RedirectResponse(f"/v/{at.village.id}/points?said=1", 303)


def _posted(at: At, award_id: str) -> StarAward:
    """Raises NotFound, also for who isn't posted now: whether somebody applied is nobody's to read."""
    award = stars.get(at.session, number_or_404(award_id))
    is_over = award.ends_on is None or award.ends_on < ledger.day_of(at.now)
    if award.place_id != at.village.id or award.state is not StarState.noticed or is_over:
        raise NotFound("这一户现在不在公示。")
    return award


def _objection_page(at: At, award: StarAward, *, problem: str = "", typed: str = "") -> HTMLResponse:
    return at.page(
        "points/objection.html",
        here="points",
        status=422 if problem else 200,
        problem=problem,
        typed=typed,
        award=award,
        nonce=token_urlsafe(12),
        says=says,
    )


TAB = Tab("积分", "points", newest, router)
