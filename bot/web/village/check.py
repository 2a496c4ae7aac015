"""自查: people hold what happens to them against a list, without sign-in and without a script; nothing is kept of it.

The same questions as in the chat, for who would rather read them or has them printed.
"""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from actions.calendar.workdays import calendar
from actions.checkup import corrections, selfcheck
from actions.checkup.selfcheck import NO, UNSURE, YES
from actions.checkup.status import OUTCOMES
from actions.checkup.templates import Template, for_residents, plain
from actions.errors import NotFound
from actions.roster.models import VillageProfile
from actions.roster.profile import profile_of
from actions.tools.hearing import day_in
from bot.web.staff.typed import text_of
from bot.web.village.page import At
from bot.web.village.tab import Tab, Teaser
from knowledge.clock import SHANGHAI

PATH = "check"
router = APIRouter(prefix="/v/{place}/check", default_response_class=HTMLResponse)


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    """For a village that has its numbers here: before, nobody has begun anything."""
    if session.get(VillageProfile, place) is None:
        return []
    lists = "、".join(one.short for one in list(for_residents().values())[:3])
    found = [Teaser(f"{lists}这些大事，照着清单自己对一对", f"/v/{place}/{PATH}")]
    return found + [
        Teaser(row.summary[:40], f"/v/{place}/{PATH}#done") for row in corrections.published(session, place, 1)
    ]


@router.get("")
def show(at: At) -> HTMLResponse:
    return at.page(
        "check/list.html",
        here=PATH,
        lists=for_residents(),
        corrected=corrections.published(at.session, at.village.id),
        outcomes=OUTCOMES,
    )


@router.get("/{code}")
def ask(at: At, code: str) -> HTMLResponse:
    return _asked(at, code, {}, "")


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=20, max_part_size=2_000)


@router.post("/{code}")
def tell(sent: Annotated[FormData, Depends(_form)], at: At, code: str) -> HTMLResponse:
    """Not kept, so it needs no proof of who sends it."""
    template = _held(code)
    given = {item.code: text_of(sent, item.code, 1) for item in template.asked}
    typed = text_of(sent, "day", 20)
    if any(answer not in (YES, NO, UNSURE) for answer in given.values()):
        return _asked(at, code, given, typed, problem="还有没答的。不知道的，选“不知道”。")
    start, problem = _start(typed, at.now.astimezone(SHANGHAI).date())
    if problem:
        return _asked(at, code, given, typed, problem=problem)
    return _told(at, code, template, list(given.values()), start)


def _start(typed: str, today: date) -> tuple[date | None, str]:
    """The day and what is wrong with it; a date field of the browser, or as people write it."""
    if not typed:
        return None, ""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        found, _, _ = day_in(typed, today=today)
        if found is None:
            return None, "日子没看明白，写成“2026年11月20日”这样；不知道就空着。"
        day = found
    if day > today:
        return None, "那一天还没到，请填已经过去的那一天；不知道就空着。"
    return day, ""


def _told(at: At, code: str, template: Template, answers: list[str], start: date | None) -> HTMLResponse:
    checked, today = selfcheck.check(code, answers), at.now.astimezone(SHANGHAI).date()
    day = rule = ""
    if start is not None and template.deadline:
        try:
            found = selfcheck.last_day(template, start, calendar=calendar(at.session), today=today)
        except ValueError:
            return _asked(
                at,
                code,
                dict(zip([i.code for i in template.asked], answers, strict=True)),
                "",
                problem="这个日子太早了，数不了，请核对一下。",
            )
        day = found.text_zh
    elif template.deadline:
        rule = selfcheck.no_day(template, today)
    committee = profile_of(at.session, at.village.id).committee
    return at.page(
        "check/told.html",
        here=PATH,
        code=code,
        one=template,
        checked=checked,
        missing=[(item, plain(selfcheck.basis_of(item, committee))) for item in checked.missing],
        requests=selfcheck.requests(checked),
        day=day,
        rule=rule,
        basis=plain(template.basis),
        today=today,
    )


def _asked(at: At, code: str, given: dict[str, str], day: str, *, problem: str = "") -> HTMLResponse:
    template = _held(code)
    return at.page(
        "check/ask.html",
        here=PATH,
        status=422 if problem else 200,
        problem=problem,
        code=code,
        one=template,
        given=given,
        day=day,
        choices=((YES, "有"), (NO, "没有"), (UNSURE, "不知道")),
    )


def _held(code: str) -> Template:
    """Raises NotFound."""
    found = for_residents().get(code)
    if found is None:
        raise NotFound("没有这份清单，请从“自查”里点进去。")
    return found


TAB = Tab("自查", PATH, newest, router)
