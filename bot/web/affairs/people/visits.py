"""走访 on the grid worker's page: when they come, and what came of it in three taps or in words."""

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.cases import numbers
from actions.cases.models import Case
from actions.cases.moves import Actor
from actions.cases.status import TIMED
from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.offices.models import GridWorker
from actions.visits import grid, visits
from actions.visits.models import Visit
from bot.staff import rights
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404
from knowledge.clock import SHANGHAI
from knowledge.places import Place

AT = "/staff/doorstep/visits"
router = APIRouter(prefix=AT)

_DONE = {
    "reply": "回过话了，居民会收到。",
    "done": "记好了，居民会被问一句解决了没有。",
    "up": "转上去了。",
    "absent": "记好了，再定一天去。",
}
_SHOWN = 24  # characters of what is asked, on a button


def entries(at: Seat, village: Place) -> list[tuple[str, str]]:
    """For 上门: each visit that waits, those of this grid worker first."""
    now = datetime.now(UTC)
    found = visits.open_ones(at.session, [village.id])
    found.sort(key=lambda pair: not _is_mine(at, pair[0]))
    return [(_label(visit, case, now), f"{AT}/{case.id}") for visit, case in found]


def _is_mine(at: Seat, visit: Visit) -> bool:
    worker = at.session.get(GridWorker, visit.grid_worker_id) if visit.grid_worker_id else None
    return worker is not None and worker.name == at.staff.name


def _label(visit: Visit, case: Case, now: datetime) -> str:
    what = case.what if len(case.what) <= _SHOWN else f"{case.what[:_SHOWN]}…"
    if visit.replied_at is None:
        until = "该回话了，日子已经过了" if now > visit.reply_by else f"{says_day(visit.reply_by)}前回话"
    else:
        day = visit.comes_on
        until = f"说好{day.month}月{day.day}日去" if day else f"{says_day(visit.come_by)}前去到"
    return f"{visit.group_name or '没说哪组'}：{what}（{until}）"


def says_day(moment: datetime) -> str:
    """12月3日."""
    local = moment.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日"


@router.get("/{case_id}", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("doorstep")], case_id: str, done: str = "") -> Response:
    visit, case = _held(at, case_id)
    return _page(at, visit, case, done=_DONE.get(done, ""))


@router.post("/{case_id}")
def write(at: Annotated[Form, form("doorstep")], case_id: str) -> Response:
    """`do`: reply, or what came of it."""
    visit, case = _held(at, case_id)
    do, now = at.text("do", 10), datetime.now(UTC)
    actor = Actor("staff", at.staff.name, at.staff.id)
    key = f"visit-{case.id}-{do}-{at.text('nonce', 40) or now.timestamp()}"
    try:
        at.record(f"走访：{do}", case.number)
        if do == "reply":
            visits.reply(
                at.session, visit, comes_on=_day(at), words=at.text("words", 300), actor=actor, key=key, now=now
            )
        else:
            visits.finish(at.session, visit, do, at.text("words", 400), actor=actor, key=key, now=now)
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound):
            raise
        visit, case = _held(at, case_id)
        return _page(at, visit, case, problem=error.message_zh)
    return at.back(f"{AT}/{case_id}?done={do}")


def _day(at: Form) -> date:
    try:
        return date.fromisoformat(at.text("on", 10))
    except ValueError:
        raise InvalidInput("哪天去，请选一天。") from None


def _held(at: Seat, case_id: str) -> tuple[Visit, Case]:
    """Raises NotFound, NotAllowed."""
    visit, case = visits.get(at.session, number_or_404(case_id))
    rights.check_place(at.session, at.staff, visit.place_id)
    if case.masked_at is not None:
        raise NotAllowed("这次走访的内容已经删了。")
    return visit, case


def _page(at: Seat, visit: Visit, case: Case, *, problem: str | None = None, done: str = "") -> HTMLResponse:
    now = datetime.now(UTC)
    today = grid.day_of(now)
    days = [(today + timedelta(days=n), name) for n, name in enumerate(("今天", "明天", "后天"))]
    return at.page(
        "village/people/visit.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        visit=visit,
        case=case,
        number=numbers.spoken(case.number),
        days=days,
        results=visits.RESULTS,
        is_open=visit.result in ("", "absent") and case.status in TIMED,
        reply_by=says_day(visit.reply_by),
        come_by=says_day(visit.come_by),
        is_late=visit.replied_at is None and now > visit.reply_by,
        nonce=secrets.token_urlsafe(9),
    )
