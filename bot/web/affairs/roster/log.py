"""发码记录: who printed and handed over what, what was ended and why, and what waits for a second person; no code."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.roster import listing, voiding
from bot.web.affairs.roster.page import AT, may_decide, page_of, says
from bot.web.affairs.where import village_asked
from bot.web.staff.desk import Seat, seat
from knowledge.clock import today
from knowledge.places import Place

router = APIRouter(prefix=AT)

_DONE = {"yes": "同意了，已经照办。", "no": "记下了，不同意，什么也没有变。"}


@router.get("/log", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "", done: str = "") -> Response:
    return log_page(at, village_asked(at, place), done=_DONE.get(done, ""))


def log_page(at: Seat, village: Place, *, problem: str | None = None, done: str = "") -> HTMLResponse:
    waiting = voiding.waiting(at.session, [village.id])
    return page_of(
        at,
        village,
        "log.html",
        problem=problem,
        done=done,
        waiting=[(one, says(one), may_decide(at, one)) for one in waiting],
        decided=[(one, says(one)) for one in listing.decided(at.session, village.id, today())],
        odd=listing.unexplained(at.session, [village.id]),
        slips=[(one, listing.given(one)) for one in listing.log(at.session, village.id)],
        name_of=listing.name_of,
        whys=listing.WHY_LABELS,
    )
