"""积分: what waits for the review group, one household's points, the month's sheet."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.errors import InvalidInput, NotFound
from actions.points import claims, disputes, ledger, schemes, sheets, stars, vouchers
from actions.points.models import RuleKind
from actions.roster import households
from bot.staff import rights
from bot.web.affairs.points.page import AT, page_of
from bot.web.affairs.where import village_asked
from bot.web.staff.desk import Seat, seat
from bot.web.staff.typed import number_or_404
from knowledge.places import Place

router = APIRouter(prefix=AT)
VillageSeat = Annotated[Seat, seat("village")]

DONE = {
    "confirm": "确认了。",
    "decline": "没有加，原因这一户看得到。",
    "answer": "答复好了，那一户会看到。",
    "star-fit": "看过了。",
    "star-down": "记下了，只有这一户自己知道。",
    "weigh": "记下了。",
    "reverse": "冲回了，这一户看得到原因。",
}


@router.get("", response_class=HTMLResponse)
def show(at: VillageSeat, place: str = "", done: str = "") -> Response:
    return home_page(at, village_asked(at, place), done=DONE.get(done, ""))


def home_page(at: Seat, village: Place, *, problem: str | None = None, done: str = "") -> HTMLResponse:
    here = [village.id]
    return page_of(
        at,
        village,
        "home.html",
        problem=problem,
        done=done,
        claims=claims.waiting(at.session, here),
        many=claims.MANY,
        disputes=disputes.waiting(at.session, here),
        stars=stars.to_look_at(at.session, here),
        posted=stars.posted(at.session, here),
        criteria=schemes.rules_of(at.session, village.id, RuleKind.star),
        objections=stars.unweighed(at.session, here) if at.staff.can("oversee") else [],
        sheets=sheets.sheets_of(at.session, village.id, 12),
        month_name=sheets.month_name,
    )


@router.get("/photo/{claim_id}", response_class=HTMLResponse)
def photo(at: VillageSeat, claim_id: str) -> Response:
    made = claims.get(at.session, number_or_404(claim_id))
    rights.check_place(at.session, at.staff, made.place_id)
    if made.photo is None:
        raise NotFound("这张照片不在了。")
    return Response(made.photo, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.get("/household", response_class=HTMLResponse)
def household(at: VillageSeat, place: str = "", code: str = "", done: str = "") -> Response:
    return household_page(at, village_asked(at, place), code, done=DONE.get(done, ""))


def household_page(at: Seat, village: Place, code: str, *, problem: str | None = None, done: str = "") -> HTMLResponse:
    """One at a time, by its number; there is no list of households with their points anywhere."""
    home, now = None, datetime.now(UTC)
    if code:
        try:
            home = households.find(at.session, village.id, households.read_code(code[:20]))
            problem = problem or (None if home else "名册里没有这一户。")
        except InvalidInput as error:
            problem = error.message_zh
    if home is not None:
        at.saw("看了一户的积分", f"{village.id} {home.code}")
    return page_of(
        at,
        village,
        "household.html",
        problem=problem,
        done=done,
        code=code[:20],
        home=home,
        standing=ledger.standing(at.session, home.id, now) if home else None,
        entries=ledger.history(at.session, home.id, 100) if home else [],
        claims=claims.of_household(at.session, home.id, 30) if home else [],
        vouchers=vouchers.open_of(at.session, home.id) if home else [],
    )


@router.get("/sheet", response_class=HTMLResponse)
def sheet(at: VillageSeat, place: str = "", month: str = "") -> Response:
    """To be printed and hung up; the current month as it stands, for who wants to look before."""
    village, now = village_asked(at, place), datetime.now(UTC)
    today = ledger.day_of(now)
    posted = next((one for one in sheets.sheets_of(at.session, village.id, 100) if one.month == month), None)
    first = today.replace(day=1)
    found = sheets.read(posted.figures) if posted else sheets.figures(at.session, village.id, first, today)
    return page_of(
        at,
        village,
        "sheet.html",
        posted=posted,
        figures=found,
        month_name=sheets.month_name(posted.month if posted else f"{first:%Y-%m}"),
    )
