"""What all pages of the roster share."""

from typing import Any

from fastapi.responses import HTMLResponse

from actions.errors import NotAllowed
from actions.roster import voiding
from actions.roster.listing import name_of
from actions.roster.models import SlipRequest
from bot.staff import rights
from bot.staff.models import Role
from bot.web.affairs.where import villages_of
from bot.web.staff.desk import Seat
from knowledge.places import Place

AT = "/staff/village/roster"


def page_of(at: Seat, village: Place, template: str, *, problem: str | None = None, **values: Any) -> HTMLResponse:
    return at.page(
        f"village/roster/{template}",
        status=422 if problem else 200,
        problem=problem,
        village=village,
        villages=villages_of(at),
        may_write=at.staff.can("write"),
        may_end=at.staff.can("write") or at.staff.role is Role.supervisor,
        **values,
    )


def says(wished: SlipRequest) -> str:
    """一组 1-07 户 第2人：纸条丢了，换一张."""
    who = f" {name_of(wished.participant.person_no)}" if wished.participant else ""
    what = voiding.WISH_LABELS[wished.wish].partition("（")[0]
    return f"{wished.household.group_name} {wished.household.code} 户{who}：{what}"


def may_decide(at: Seat, wished: SlipRequest) -> bool:
    try:
        rights.check_second(at.session, at.staff, wished.place_id, wished.by_id)
    except NotAllowed:
        return False
    return True
