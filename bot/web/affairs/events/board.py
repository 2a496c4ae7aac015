"""活动 in the console: what is coming, what was held, what is suggested; a new event or a series of them."""

import secrets
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.bookings.models import Opening
from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.events import kinds, listing, publishing, suggesting, words
from actions.events.publishing import Wanted
from bot.staff import rights
from bot.web.affairs.where import village_asked, villages_of
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import when_of
from knowledge.clock import SHANGHAI
from knowledge.places import Place

HOME = "/staff/village/events"
router = APIRouter(prefix=HOME)
VillageSeat = Annotated[Seat, seat("village")]

_DONE = {"new": "排好了，居民现在就能看到。", "dismiss": "好，这次不办，不再提醒。"}
_FIELDS = ("kind", "title", "about", "lead", "address", "note", "day", "from", "to", "capacity")


@router.get("", response_class=HTMLResponse)
def show(at: VillageSeat, place: str = "", done: str = "") -> Response:
    return _page(at, village_asked(at, place), done=_DONE.get(done, ""))


@router.get("/new", response_class=HTMLResponse)
def new(at: Annotated[Seat, seat("write")], place: str = "", copy: int = 0, think: str = "") -> Response:
    """`copy`: an event to begin from; `think`: a suggestion."""
    village = village_asked(at, place)
    given: dict[str, Any] = {"capacity": 0}
    if copy:
        event = publishing.get(at.session, copy)
        rights.check_place(at.session, at.staff, event.place_id)
        given = as_typed(event)
        village = village_asked(at, event.place_id)
        given["day"] = ""
    elif think:
        said = suggesting.get(at.session, village.id, think[:40])
        given |= {"kind": said.kind, "title": said.name, "day": said.on_day.isoformat()}
    return _form_page(at, village, given, think=think[:40])


@router.post("/{what}")
def act(at: Annotated[Form, form("write")], what: str) -> Response:
    village, now = village_asked(at, at.text("place", 40)), datetime.now(UTC)
    if what == "dismiss":
        suggesting.dismiss(at.session, village.id, at.text("think", 40), by=at.staff.name)
        at.record("活动提醒：这次不办", village.id, detail=at.text("think", 40))
        at.session.commit()
        return at.back(f"{HOME}?place={village.id}&done=dismiss")
    if what != "new":
        raise NotFound
    try:
        made = publishing.announce(
            at.session,
            village.id,
            wanted_in(at),
            also_on=_also_on(at),
            key=f"e{at.staff.id}-{at.text('nonce', 24) or secrets.token_urlsafe(9)}",
            now=now,
        )
        if think := at.text("think", 40):
            suggesting.made(at.session, village.id, think, made[0])
        at.record("排活动", str(made[0].id), detail=f"{made[0].title}，{len(made)} 场")
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound | NotAllowed):
            raise
        given = {name: at.text(name, 2000) for name in (*_FIELDS, "every", "until", "dates")}
        return _form_page(at, village, given, think=at.text("think", 40), problem=error.message_zh)
    to = f"{HOME}/{made[0].id}" if len(made) == 1 else f"{HOME}?place={village.id}"
    return at.back(f"{to}{'&' if '?' in to else '?'}done=new")


def wanted_in(at: Form) -> Wanted:
    """Raises InvalidInput."""
    day = at.text("day", 10)
    starts, ends = when_of(f"{day}T{at.text('from', 5)}"), when_of(f"{day}T{at.text('to', 5)}")
    capacity = at.number("capacity")
    if capacity is None:
        raise InvalidInput("人数请填数字，0 是不用报名。")
    return Wanted(
        kind=at.text("kind", 20),
        title=at.text("title", 60),
        about=at.text("about", 2000),
        lead=at.text("lead", 40),
        address=at.text("address", 200),
        note=at.text("note", 200),
        starts_at=starts,
        ends_at=ends,
        capacity=capacity,
    )


def as_typed(event: Opening) -> dict[str, Any]:
    """An event as the fields of the form."""
    starts, ends = event.starts_at.astimezone(SHANGHAI), event.ends_at.astimezone(SHANGHAI)
    said = {name: getattr(event, name) for name in ("kind", "title", "about", "lead", "address", "note", "capacity")}
    return {**said, "day": starts.date().isoformat(), "from": f"{starts:%H:%M}", "to": f"{ends:%H:%M}"}


def _also_on(at: Form) -> list[date]:
    """Of a series by rule, and of days written one by one."""
    days = publishing.dates_in(at.text("dates", 1000))
    every = at.text("every", 5)
    if every in ("week", "month"):
        first, until = _day(at, "day"), _day(at, "until")
        rule = publishing.weekly_days if every == "week" else publishing.monthly_days
        days += rule(first, until=until)
    return days


def _day(at: Form, name: str) -> date:
    try:
        return date.fromisoformat(at.text(name, 10))
    except ValueError:
        raise InvalidInput("一直排到哪一天，请填日期。") from None


def _form_page(at: Seat, village: Place, given: dict[str, Any], *, think: str = "", problem: str = "") -> HTMLResponse:
    return at.page(
        "village/events/new.html",
        status=422 if problem else 200,
        problem=problem,
        village=village,
        given=given,
        think=think,
        kinds=kinds.kinds(),
        today=datetime.now(SHANGHAI).date(),
        nonce=secrets.token_urlsafe(12),
    )


def _page(at: Seat, village: Place, *, done: str = "") -> HTMLResponse:
    now = datetime.now(UTC)
    return at.page(
        "village/events/board.html",
        done=done,
        village=village,
        villages=villages_of(at),
        coming=listing.coming(at.session, [village.id], now=now),
        past=listing.past(at.session, [village.id], now=now),
        suggested=suggesting.open_ones(at.session, village.id, now),
        kind_name=words.kind_name,
        when=words.when,
        stands=lambda event: words.stands(event, now),
        may_write=at.staff.can("write"),
    )
