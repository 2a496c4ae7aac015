"""找人: who is in the roster, what waits for an answer."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from actions.helpers import clock, kinds, roster, words
from actions.helpers.models import Helper, HelperLink, Referral
from actions.helpers.status import LABELS, OPEN, WAITS
from bot.web.affairs.people.desk import AT, may_work
from bot.web.affairs.where import village_asked, villages_of
from bot.web.staff.desk import Seat, seat
from knowledge.places import above

router = APIRouter(prefix=AT)

_DONE = {
    "withdraw": "退出了，页面上已经看不到，电话也删了。",
    "import": "导入好了。每个人还要本人签同意书，登记了才找得到。",
}


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "", done: str = "") -> Response:
    village, today = village_asked(at, place), roster.day_of(datetime.now(UTC))
    here = above(at.session, village.id)
    rows = [one for one in roster.of_places(at.session, here) if not one.villages or village.id in one.villages]
    return at.page(
        "village/people/list.html",
        done=_DONE.get(done, ""),
        village=village,
        villages=villages_of(at),
        helpers=[(one, stand_of(one, today)) for one in rows],
        referrals=referrals_of(at, [village.id]),
        labels=LABELS,
        kinds=kinds,
        words=words,
        may_write=at.staff.can("write"),
        may_work=may_work(at),
    )


def stand_of(helper: Helper, today: object) -> str:
    if helper.consent_on is None:
        return "等本人同意"
    if helper.ends_on is None or helper.ends_on < today:  # type: ignore[operator]
        return "到期了，请本人再签一次"
    return f"找得到，到{helper.ends_on.year}年{words.says_day(helper.ends_on)}"


def referrals_of(at: Seat, places: list[str]) -> list[Referral]:
    """Open ones, those with a day first; never what was said in them."""
    own = (Referral.place_id.in_(places), Referral.state.in_(OPEN))
    return list(at.session.scalars(select(Referral).where(*own).order_by(Referral.due_at, Referral.id).limit(100)))


def without_link(at: Seat, places: list[str]) -> list[Referral]:
    """A helper was chosen and nobody has told them: the clerk sends the link, or asks by telephone."""
    held = select(HelperLink.referral_id).where(HelperLink.referral_id.is_not(None), HelperLink.role == "helper")
    own = (Referral.place_id.in_(places), Referral.state.in_(WAITS), Referral.id.not_in(held))
    return list(at.session.scalars(select(Referral).where(*own).order_by(Referral.due_at).limit(40)))


def ending(at: Seat, places: list[str]) -> list[Helper]:
    return clock.ending_soon(at.session, places, roster.day_of(datetime.now(UTC)))
