"""上门: the grid worker's one page for the telephone. Households of the area, who was given their slip, and what else
can be done for somebody at the door.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.errors import ActionError, NotAllowed
from actions.roster import handing, households, listing
from actions.roster.listing import Stand
from actions.roster.models import How
from bot.web.affairs.helping import HELPS
from bot.web.affairs.where import village_asked, villages_of
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.places import Place

router = APIRouter(prefix="/staff/doorstep")

_HOW = {"give": How.slip, "desk": How.desk}
_DONE = {"give": "记下了，给到了。", "desk": "记下了，在村委会领的。", "back": "改回去了。"}


@router.get("", response_class=HTMLResponse)
def show(
    at: Annotated[Seat, seat("doorstep")], place: str = "", group: str = "", todo: str = "", done: str = ""
) -> Response:
    """`todo`: only households where a slip lies ready."""
    return _page(at, village_asked(at, place), group=group, is_todo=bool(todo), done=_DONE.get(done, ""))


@router.post("/hand")
def hand(at: Annotated[Form, form("doorstep")]) -> Response:
    """`do`: give or desk, or back for a tap on the wrong line."""
    village, do = village_asked(at, at.text("place", 40)), at.text("do", 10)
    group, is_todo = at.text("group", 40), bool(at.text("todo", 1))
    try:
        person = handing.get(at.session, at.number("participant"))
        village_asked(at, person.place_id)
        now = datetime.now(UTC)
        if do == "back":
            handing.take_back(at.session, person, by=at.staff.name, now=now)
            is_new = True
        else:
            how = _HOW.get(do, How.slip)
            is_new = handing.hand_over(at.session, person, by=at.staff.name, how=how, now=now)
        if is_new:
            who = f"{person.household.group_name} {person.household.code} 户 {listing.name_of(person.person_no)}"
            at.record("收回发码登记" if do == "back" else "发参与码", person.place_id, detail=who)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotAllowed):
            raise
        return _page(at, village, group=group, is_todo=is_todo, problem=error.message_zh)
    query = f"place={village.id}&group={group}&todo={'1' if is_todo else ''}&done={do if do in _DONE else 'give'}"
    return at.back(f"/staff/doorstep?{query}#h{person.household_id}")


def _page(
    at: Seat, village: Place, *, group: str, is_todo: bool, problem: str | None = None, done: str = ""
) -> HTMLResponse:
    names = [name for name, _, _ in households.numbers(at.session, village.id).groups]
    group = group if group in names else (names[0] if names else "")
    homes = listing.homes(at.session, village.id, group) if group else []
    if is_todo:
        homes = [home for home in homes if any(holder.stand is Stand.printed for holder in home.holders)]
    return at.page(
        "village/doorstep/page.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        village=village,
        villages=villages_of(at),
        groups=names,
        group=group,
        is_todo=is_todo,
        homes=homes,
        is_office=at.staff.can("village"),
        helps=[(entry.name, found) for entry in HELPS if (found := entry.entries(at, village))],
    )
