"""A slip ends before its time, a household leaves, a code is read out by telephone: one asks, another allows."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.errors import ActionError, InvalidInput, NotAllowed
from actions.roster import codes, handing, households, printing, voiding
from actions.roster.listing import name_of
from actions.roster.models import Basis, Household, Participant, Wish
from actions.roster.voiding import Wisher
from bot.staff import rights
from bot.staff.models import Role
from bot.web.affairs.roster.home import roster_page
from bot.web.affairs.roster.log import log_page
from bot.web.affairs.roster.page import AT, page_of, says
from bot.web.affairs.where import village_asked
from bot.web.staff.desk import Form, form

router = APIRouter(prefix=AT)


@router.post("/ask")
def ask(at: Annotated[Form, form("village")]) -> Response:
    """A clerk asks; the township ends a slip by itself. Raises NotAllowed for others."""
    is_township = at.staff.role is Role.supervisor
    if not at.staff.can("write") and not is_township:
        raise NotAllowed("您的岗位没有这个权限。")
    household = households.get(at.session, at.number("household"))
    village = village_asked(at, household.place_id)
    me, now = Wisher(at.staff.id, at.staff.name), datetime.now(UTC)
    try:
        wish = _wish(at)
        person = None if wish is Wish.close else _person(at, household)
        if is_township and wish is Wish.call:
            raise InvalidInput("打电话念码由村文书提出，您来确认。")
        wished = voiding.ask(at.session, household=household, participant=person, wish=wish, by=me, now=now)
        if is_township:
            voiding.decide(at.session, wished, grants=True, by=me, now=now)
        at.record("作废参与码" if is_township else "提出作废或换发参与码", village.id, detail=says(wished))
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return roster_page(at, village, group=household.group_name, problem=error.message_zh)
    done = "ended" if is_township else "asked"
    return at.back(f"{AT}?place={village.id}&group={household.group_name}&done={done}")


def _wish(at: Form) -> Wish:
    """Raises InvalidInput."""
    try:
        return Wish(at.text("wish", 20))
    except ValueError:
        raise InvalidInput("请选为什么作废或者换新。") from None


def _person(at: Form, household: Household) -> Participant:
    """Raises InvalidInput. By number where a slip was never printed: somebody far away has none yet."""
    if at.text("participant", 9):
        return handing.get(at.session, at.number("participant"))
    number = at.number("person")
    return printing.person(at.session, household, basis=Basis.person, person_no=number or 0)


@router.post("/decide", response_class=HTMLResponse)
def decide(at: Annotated[Form, form("oversee")]) -> Response:
    """Whoever asked doesn't allow (`rights.check_second`). A code to read out is in this one answer only."""
    wished = voiding.get(at.session, at.number("request"))
    village = village_asked(at, wished.place_id)
    rights.check_second(at.session, at.staff, village.id, wished.by_id)
    grants, now = at.text("do", 10) == "yes", datetime.now(UTC)
    made = None
    try:
        voiding.decide(at.session, wished, grants=grants, by=Wisher(at.staff.id, at.staff.name), now=now)
        if grants and wished.wish is Wish.call:
            made = printing.by_telephone(at.session, wished, second=at.staff.name, now=now)
        at.record("同意作废或换发参与码" if grants else "不同意作废或换发参与码", village.id, detail=says(wished))
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return log_page(at, village, problem=error.message_zh)
    if made is None:
        return at.back(f"{AT}/log?place={village.id}&done={'yes' if grants else 'no'}")
    return page_of(at, village, "telephone.html", made=made, code=codes.spaced(made.code), name=name_of(made.person_no))
