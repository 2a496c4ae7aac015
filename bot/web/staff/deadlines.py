"""The page that counts deadlines: a matter and a day, and the last day to act."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.calendar.workdays import calendar
from actions.tools import deadlines
from actions.tools.matters import MATTERS
from bot.web.staff.desk import Seat, seat
from knowledge.clock import today

router = APIRouter(prefix="/staff")


@router.get("/deadlines", response_class=HTMLResponse)
def deadline(at: Annotated[Seat, seat("cases")], matter: str = "", start: str = "") -> Response:
    found, problem = None, None
    if matter or start:
        try:
            first = date.fromisoformat(start[:10])
            found = deadlines.last_day(matter[:40], first, calendar=calendar(at.session), today=today())
        except ValueError:
            problem = "请选种类、填日期，日期不能太早，也不能超过一年以后。"
    return at.page(
        "deadlines.html",
        status=422 if problem else 200,
        matters=MATTERS.values(),
        chosen=matter,
        start=start[:10],
        found=found,
        problem=problem,
    )
