"""找人: one helper, from the consent to the certified hours."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.helpers import hours, kinds, links, referrals, roster, words
from actions.helpers.models import Helper, HelperHours
from actions.helpers.roster import Entry
from bot.staff import rights
from bot.web.affairs.people.desk import AT, check_write, held, reaches
from bot.web.affairs.people.listing import stand_of
from bot.web.affairs.where import village_asked
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.places import Level, Place, above, villages_in

router = APIRouter(prefix=AT)
VillageSeat = Annotated[Seat, seat("village")]
VillageForm = Annotated[Form, form("village")]

_DONE = {
    "save": "存好了。本人签了同意书，登记以后才找得到。",
    "consent": "登记好了，居民现在找得到。",
    "hours": "记好了。",
    "undo": "冲掉了，两条都留着。",
}


@router.get("/new", response_class=HTMLResponse)
def new(at: Annotated[Seat, seat("write")], place: str = "") -> Response:
    return _page(at, village_asked(at, place), None)


@router.get("/consent", response_class=HTMLResponse)
def paper(at: VillageSeat, place: str = "", helper: int = 0) -> Response:
    """The form of consent: empty, or with what is entered of somebody."""
    one = held(at, helper) if helper else None
    return at.page(
        "village/people/consent.html", village=village_asked(at, place), one=one, kinds=kinds, shown=roster.SHOWABLE
    )


@router.post("/save")
def save(at: Annotated[Form, form("write")]) -> Response:
    """A new one, or other words on one that is there (`id`)."""
    village, now = village_asked(at, at.text("place", 40)), datetime.now(UTC)
    helper = held(at, number) if (number := at.number("id")) else None
    try:
        if helper is None:
            reach = at.text("reach", 40) or village.id
            rights.check_place(at.session, at.staff, reach)
            if reach not in above(at.session, village.id):
                raise InvalidInput("请选服务的地方。")
            helper = roster.add(at.session, reach, _entry(at), now=now)
        else:
            roster.change(at.session, helper, _entry(at), now=now)
        at.record("改帮手名册", helper.place_id, detail=helper.called)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotAllowed | NotFound):
            raise
        return _page(at, village, held(at, number) if number else None, problem=error.message_zh)
    return at.back(f"{AT}/{helper.id}?place={village.id}&done=save")


@router.get("/{helper_id}", response_class=HTMLResponse)
def show(at: VillageSeat, helper_id: str, place: str = "", done: str = "") -> Response:
    helper = held(at, helper_id)
    return _page(at, _village(at, helper, place), helper, done=_DONE.get(done, ""))


@router.get("/{helper_id}/certificate", response_class=HTMLResponse)
def certificate(at: VillageSeat, helper_id: str, first: str = "", last: str = "") -> Response:
    """慈善法 66: free of charge, as it was; printed and stamped."""
    helper, today = held(at, helper_id), roster.day_of(datetime.now(UTC))
    begin, end = _day(first) or date(today.year, 1, 1), _day(last) or today
    rows = [row for row in hours.of_helper(at.session, helper) if begin <= row.on <= end]
    return at.page(
        "village/people/certificate.html",
        one=helper,
        rows=list(reversed(rows)),
        total=hours.said(sum(row.minutes for row in rows)),
        said=hours.said,
        first=begin,
        last=end,
        today=today,
        place=at.session.get(Place, helper.place_id),
        kinds=kinds,
    )


@router.post("/{helper_id}/{do}")
def act(at: VillageForm, helper_id: str, do: str) -> Response:
    helper, now = held(at, helper_id), datetime.now(UTC)
    deed = _DEEDS.get(do)
    if deed is None:
        raise NotFound
    check_write(at)
    try:
        at.record(f"帮手名册：{do}", helper.place_id, detail=helper.called)  # first: a withdrawal commits by itself
        to = deed(at, helper, now)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound | NotAllowed):
            raise
        helper = held(at, helper_id)
        return _page(at, _village(at, helper, at.text("place", 40)), helper, problem=error.message_zh)
    helper = held(at, helper_id)
    if do == "link":  # shown once, in this answer and nowhere else
        return _page(at, _village(at, helper, at.text("place", 40)), helper, link=to)
    return at.back(to)


def _consent(at: Form, helper: Helper, now: datetime) -> str:
    on = _day(at.text("on", 10))
    if on is None or at.text("signed", 1) != "1":
        raise InvalidInput("请看过本人签了字的同意书，勾上，再写签字那天。")
    roster.consent(at.session, helper, how="paper", on=on, by=at.staff.name, now=now)
    return _href(helper, "consent")


def _withdraw(at: Form, helper: Helper, now: datetime) -> str:
    roster.withdraw(at.session, helper, now=now)
    at.session.commit()
    referrals.release(at.session, helper, now=now)
    return f"{AT}?done=withdraw"


def _hours(at: Form, helper: Helper, now: datetime) -> str:
    on, minutes = _day(at.text("on", 10)), at.number("minutes")
    if on is None or minutes is None:
        raise InvalidInput("哪天、多少分钟，请都写上。")
    key = f"hours-{helper.id}-{at.text('nonce', 40) or token_urlsafe(9)}"
    hours.add(at.session, helper, on=on, minutes=minutes, what=at.text("what", 200), by=at.staff.name, key=key, now=now)
    return _href(helper, "hours")


def _undo(at: Form, helper: Helper, now: datetime) -> str:
    row = at.session.get(HelperHours, at.number("row") or 0)
    if row is None or row.helper_id != helper.id:
        raise NotFound("没有找到这一条。")
    hours.take_back(at.session, row.id, by=at.staff.name, now=now)
    return _href(helper, "undo")


def _link(at: Form, helper: Helper, now: datetime) -> str:
    """The helper's own: to agree, or to leave."""
    token = links.make(at.session, links.SELF, helper_id=helper.id, now=now)
    village = _village(at, helper, at.text("place", 40))
    return f"{at.desk.settings.own_url}/v/{village.id}/people/r/{token}"


_DEEDS: dict[str, Callable[[Form, Helper, datetime], str]] = {
    "consent": _consent,
    "withdraw": _withdraw,
    "hours": _hours,
    "undo": _undo,
    "link": _link,
}


def _entry(at: Form) -> Entry:
    def several(name: str) -> list[str]:
        return [value for value in at.sent.getlist(name) if isinstance(value, str)]

    left = at.text("left_office_on", 10)
    if left and _day(left) is None:
        raise InvalidInput("离任的日子写成 2024-05-01 这样。")
    return Entry(
        name=at.text("name", 60),
        called=at.text("called", 60),
        phone=at.text("phone", 40),
        organisation=at.text("organisation", 80),
        kinds=several("kinds"),
        subjects=several("subjects"),
        hours=at.text("hours", 80),
        dialects=at.text("dialects", 60),
        public=several("public"),
        villages=several("villages"),
        left_office_on=_day(left),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _href(helper: Helper, done: str) -> str:
    return f"{AT}/{helper.id}?done={done}"


def _village(at: Seat, helper: Helper, asked: str) -> Place:
    """The village one came from; else one that the helper serves."""
    if asked:
        return village_asked(at, asked)
    served = helper.villages[0] if helper.villages else helper.place_id
    place = at.session.get(Place, served)
    if place is not None and place.level is Level.village:
        return place
    return villages_in(at.session, helper.place_id)[0]


def _page(
    at: Seat, village: Place, helper: Helper | None, *, problem: str | None = None, done: str = "", link: str = ""
) -> HTMLResponse:
    today = roster.day_of(datetime.now(UTC))
    rows = hours.of_helper(at.session, helper) if helper else []
    again = kinds.lawyer_again_on(helper.left_office_on) if helper and helper.left_office_on else None
    return at.page(
        "village/people/helper.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        link=link,
        village=village,
        one=helper,
        stand=stand_of(helper, today) if helper else "",
        reaches=reaches(at, village),
        inside=villages_in(at.session, helper.place_id if helper else at.staff.place_id),
        kinds=kinds,
        shown=roster.SHOWABLE,
        words=words,
        consents=roster.CONSENTS,
        rows=rows,
        undone={row.undoes_id for row in rows if row.undoes_id},
        said=hours.said,
        total=hours.said(hours.total(at.session, helper)) if helper else "",
        again=again if again and again > today else None,
        today=today,
        nonce=token_urlsafe(9),
        may_write=at.staff.can("write"),
    )
