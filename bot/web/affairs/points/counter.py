"""换东西: what can be had, and the counter that takes a code."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.points import vouchers
from bot.web.affairs.points.page import AT, page_of
from bot.web.affairs.where import village_asked
from bot.web.staff.desk import Seat, seat
from knowledge.places import Place

router = APIRouter(prefix=AT)

DONE = {
    "item": "存好了。",
    "item-away": "不再换这一样了；已经换好还没拿的，照样能拿。",
    "spend": "换好了，请把东西交给来人。",
    "hand-out": "换好了，请把东西交给来人。",
}


@router.get("/counter", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "", done: str = "") -> Response:
    return counter_page(at, village_asked(at, place), done=DONE.get(done, ""))


def counter_page(at: Seat, village: Place, *, problem: str | None = None, done: str = "") -> HTMLResponse:
    return page_of(
        at,
        village,
        "counter.html",
        problem=problem,
        done=done,
        items=vouchers.offered(at.session, village.id),
        days=vouchers.GOOD_FOR.days,
    )
