"""找人: one referral as staff see it: how far it is, never what it is about, unless its helper needs it on paper."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.helpers import kinds, links, referrals, words
from actions.helpers.models import Referral, ReferralEvent
from actions.helpers.status import LABELS, WAITS, State
from bot.staff import rights
from bot.web.affairs.people.desk import AT, check_work, may_work
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404
from knowledge.places import Place

router = APIRouter(prefix=f"{AT}/referrals")

_DONE = {
    "yes": "记下了：帮手愿意。",
    "no": "记下了：帮手帮不了。居民会看到，另选一位。",
    "other-yes": "记下了：对方同意。双方的联系方式这会儿才给。",
    "other-another": "记下了：对方想换一位。",
    "other-no": "记下了：对方不愿意，这件事不调解了。",
    "met": "记下了：见过面了。",
    "close": "办完了，居民会收到这句话。",
}


@router.get("/{referral_id}", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], referral_id: str, done: str = "") -> Response:
    return _page(at, _held(at, referral_id), done=_DONE.get(done, ""))


@router.post("/{referral_id}/sheet", response_class=HTMLResponse)
def sheet(at: Annotated[Form, form("village")], referral_id: str) -> Response:
    """For a helper without a telephone: the words on paper; that somebody looked stands in the audit."""
    referral = _held(at, referral_id)
    check_work(at)
    if referral.helper is None or referral.state not in WAITS:
        raise NotAllowed("现在没有要转给帮手的话。")
    at.saw("打印转交帮手的话", str(referral.id))
    return at.page("village/people/sheet.html", one=referral, kinds=kinds, words=words)


@router.post("/{referral_id}/{do}")
def act(at: Annotated[Form, form("village")], referral_id: str, do: str) -> Response:
    referral, now = _held(at, referral_id), datetime.now(UTC)
    deed = _DEEDS.get(do)
    if deed is None:
        raise NotFound
    check_work(at)
    try:
        at.record(f"找人：{do}", str(referral.id))
        link = deed(at, referral, now)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound):
            raise
        return _page(at, _held(at, referral_id), problem=error.message_zh)
    if link:  # shown once, in this answer and nowhere else
        return _page(at, _held(at, referral_id), link=link, for_other=do == "other-link")
    return at.back(f"{AT}/referrals/{referral_id}?done={do}")


def _yes(at: Form, referral: Referral, now: datetime) -> str:
    is_free, interest = at.text("free", 1) == "1", at.text("interest", 200)
    referrals.agree(at.session, referral, interest=interest, is_free=is_free, by=at.staff.name, now=now)
    return ""


def _other(answer: str) -> Callable[[Form, Referral, datetime], str]:
    def deed(at: Form, referral: Referral, now: datetime) -> str:
        if at.text("heard", 1) != "1":
            raise InvalidInput("要对方本人说的才算，请核实以后勾上。")
        referrals.other_says(at.session, referral, answer, by=at.staff.name, now=now)
        return ""

    return deed


def _no(at: Form, referral: Referral, now: datetime) -> str:
    referrals.decline(at.session, referral, why=at.text("why", 100), by=at.staff.name, now=now)
    return ""


def _met(at: Form, referral: Referral, now: datetime) -> str:
    referrals.met(at.session, referral, by=at.staff.name, now=now)
    return ""


def _close(at: Form, referral: Referral, now: datetime) -> str:
    referrals.close(at.session, referral, note=at.text("note", 600), by=at.staff.name, now=now)
    return ""


def _link(at: Form, referral: Referral, now: datetime) -> str:
    if referral.helper_id is None:
        raise InvalidInput("现在没有转给谁。")
    return _made(at, referral, links.HELPER, now)


def _other_link(at: Form, referral: Referral, now: datetime) -> str:
    if referral.state is not State.other_asked:
        raise InvalidInput("现在不用问对方。")
    return _made(at, referral, links.OTHER, now)


def _made(at: Form, referral: Referral, role: str, now: datetime) -> str:
    token = links.make(at.session, role, referral_id=referral.id, now=now)
    return f"{at.desk.settings.own_url}/v/{referral.place_id}/people/r/{token}"


_DEEDS: dict[str, Callable[[Form, Referral, datetime], str]] = {
    "link": _link,
    "yes": _yes,
    "no": _no,
    "other-link": _other_link,
    "other-yes": _other("yes"),
    "other-another": _other("another"),
    "other-no": _other("no"),
    "met": _met,
    "close": _close,
}
DEEDS = tuple(_DEEDS)  # what a test walks


def _held(at: Seat, referral_id: str) -> Referral:
    """Raises NotFound, NotAllowed."""
    referral = referrals.get(at.session, number_or_404(referral_id))
    rights.check_place(at.session, at.staff, referral.place_id)
    return referral


def _page(
    at: Seat, referral: Referral, *, problem: str | None = None, done: str = "", link: str = "", for_other: bool = False
) -> HTMLResponse:
    events = select(ReferralEvent).where(ReferralEvent.referral_id == referral.id).order_by(ReferralEvent.id)
    return at.page(
        "village/people/referral.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        link=link,
        for_other=for_other,
        one=referral,
        state=referral.state.value,
        label=LABELS[referral.state],
        wish=kinds.WISHES[referral.wish].name if referral.wish in kinds.WISHES else "",
        events=list(at.session.scalars(events)),
        village=at.session.get(Place, referral.place_id),
        words=words,
        may_work=may_work(at),
    )
