"""积分的办法: rules are written, a second person finds them in what the meeting decided; stopped."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.points import schemes
from actions.points.forbidden import groups
from actions.points.status import SchemeState
from bot.web.affairs.points.page import AT, page_of
from bot.web.affairs.where import village_asked
from bot.web.staff.desk import Seat, seat
from knowledge.places import Place

router = APIRouter(prefix=AT)

DONE = {
    "rule": "写好了。会上通过、监督委员确认以后才能用。",
    "drop-rule": "去掉了。",
    "adopt": "确认了，从现在起可以按这一版加分。",
    "stop": "停了。攒下的分还能换。",
}


@router.get("/rules", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "", done: str = "") -> Response:
    return rules_page(at, village_asked(at, place), done=DONE.get(done, ""))


def rules_page(at: Seat, village: Place, *, problem: str | None = None, done: str = "") -> HTMLResponse:
    newest = schemes.newest(at.session, village.id)
    draft = newest if newest is not None and newest.state is SchemeState.draft else None
    return page_of(
        at,
        village,
        "rules.html",
        problem=problem,
        done=done,
        draft=draft,
        may_adopt=draft is not None and at.staff.can("oversee") and draft.by_id != at.staff.id,
        decisions=schemes.decisions_that_passed(at.session, village.id),
        forbidden=groups(),
        most_rules=schemes.MOST_RULES,
    )
