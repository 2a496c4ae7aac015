"""换东西: what can be had, and the counter that takes a code."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.points import vouchers
from actions.points.models import Voucher
from actions.storable import row_of
from bot.web.affairs.points.page import AT, page_of
from bot.web.affairs.where import village_asked
from bot.web.staff.desk import Seat, seat
from knowledge.places import Place

router = APIRouter(prefix=AT)

DONE = {
    "item": "存好了。",
    "item-away": "不再换这一样了；已经换好还没拿的，照样能拿。",
}


@router.get("/counter", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "", done: str = "", voucher: str = "") -> Response:
    return counter_page(at, village_asked(at, place), done=DONE.get(done, "") or _handed(at, voucher))


def _handed(at: Seat, voucher: str) -> str:
    """What is to be put into somebody's hand now: of what this one has just taken the code for."""
    found = row_of(at.session, Voucher, int(voucher)) if voucher.isascii() and voucher.isdigit() else None
    if found is None or found.spent_by_id != at.staff.id:
        return ""
    return f"换好了：{found.item.title}，一件，请交给来人。"


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
