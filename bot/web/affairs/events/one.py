"""活动: one event, who comes, the door, its pictures and questions, and what can be done to it."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.bookings.models import Opening
from actions.bookings.status import AppointmentStatus
from actions.errors import ActionError, NotAllowed, NotFound
from actions.events import checking_in, kinds, lending, listing, photos, publishing, questions, signing_up, words
from bot.staff import rights
from bot.web.affairs.events.board import HOME, as_typed
from bot.web.affairs.events.deeds import DEEDS, Doing
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404
from knowledge.places import Place

router = APIRouter(prefix=HOME)
VillageSeat = Annotated[Seat, seat("village")]
WriteSeat = Annotated[Seat, seat("write")]

_LABELS = {
    AppointmentStatus.booked: "报了名",
    AppointmentStatus.attended: "来了",
    AppointmentStatus.no_show: "没来",
}


@router.get("/{event_id}", response_class=HTMLResponse)
def show(at: VillageSeat, event_id: str, done: str = "") -> Response:
    return _page(at, held(at, event_id), done=DEEDS[done].done if done in DEEDS else _NEW if done == "new" else "")


_NEW = "排好了，居民现在就能看到。"


@router.get("/{event_id}/list", response_class=HTMLResponse)
def printed(at: WriteSeat, event_id: str) -> Response:
    """Who comes, for the door or the stage, on paper."""
    event = held(at, event_id)
    come, wait = listing.people(at.session, event)
    at.record("打印活动名单", str(event.id))
    at.session.commit()
    return at.page(
        "village/events/list.html",
        event=event,
        come=come,
        wait=wait,
        spaced=signing_up.spaced,
        item_asked=kinds.known_kind(event.kind).ask_item,
        hours_of=_lent(at, event, datetime.now(UTC))["hours_of"],
        **_shared(at, event),
    )


@router.get("/{event_id}/poster", response_class=HTMLResponse)
def poster(at: VillageSeat, event_id: str) -> Response:
    """For the board: what, when, where, and the code to sign up with."""
    event = held(at, event_id)
    address = f"{at.desk.settings.own_url}/v/{event.place_id}/h{event.id}"
    return at.page(
        "village/events/poster.html",
        event=event,
        address=address,
        has_address=bool(at.desk.settings.public_url),
        picture=segno.make(address, error="m").svg_data_uri(scale=4, border=2),
        takes_questions=kinds.known_kind(event.kind).takes_questions,
        **_shared(at, event),
    )


@router.get("/{event_id}/door", response_class=HTMLResponse)
def door(at: WriteSeat, event_id: str, done: str = "") -> Response:
    """Checking in, on a telephone."""
    return _door(at, held(at, event_id), done=DEEDS[done].done if done in DEEDS else "")


@router.get("/{event_id}/pictures/{picture_id}.jpg")
def picture(at: VillageSeat, event_id: str, picture_id: str) -> Response:
    photo = photos.get(at.session, held(at, event_id), number_or_404(picture_id))
    return Response(photo.jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.post("/{event_id}/{do}")
def act(at: Annotated[Form, form("village")], event_id: str, do: str) -> Response:
    event, deed = held(at, event_id), DEEDS.get(do)
    if deed is None:
        raise NotFound
    if not at.staff.can(deed.needs):
        raise NotAllowed("这一步由村文书来做。" if deed.needs == "write" else "您的岗位没有这个权限。")
    number, is_door = event.id, deed.at_door
    try:
        at.record(f"活动：{do}", str(number))
        to = deed.carry_out(Doing(at, event, datetime.now(UTC))) or f"{HOME}/{number}{'/door' if is_door else ''}"
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound) and not is_door:  # at the door a wrong code is said, and the list stands below
            raise
        shown = held(at, str(number))
        return (_door if is_door else _page)(at, shown, problem=error.message_zh)
    return at.back(f"{to}?done={do}" if to.startswith(HOME) else to)


def held(at: Seat, event_id: str) -> Opening:
    """Raises NotFound, NotAllowed outside one's own place."""
    event = publishing.get(at.session, number_or_404(event_id))
    rights.check_place(at.session, at.staff, event.place_id)
    return event


def _shared(at: Seat, event: Opening) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "village": at.session.get(Place, event.place_id),
        "kind_name": words.kind_name(event),
        "when": words.when(event),
        "stands": words.stands(event, now),
    }


def _door(at: Seat, event: Opening, *, problem: str = "", done: str = "") -> HTMLResponse:
    come, wait = listing.people(at.session, event)
    return at.page(
        "village/events/door.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        event=event,
        rows=come,
        wait=wait,
        came=listing.heads(come, came=True),
        labels=_LABELS,
        is_time=checking_in.is_time(event, datetime.now(UTC)),
        usual_hours=checking_in.usual_hours(event),
        nonce=secrets.token_urlsafe(12),
        **_shared(at, event),
    )


def _lent(at: Seat, event: Opening, now: datetime) -> dict[str, Any]:
    """Of a hall: what is lent and what is free, by the hour; `hours_of` has a loan's own by its row."""
    if not lending.is_lent(event):
        return {"hours_of": {}}
    return {
        "hours_of": {row.id: lending.hours_of(row) for row in lending.loans(at.session, event)},
        "free": lending.free(at.session, event, now),
        "clocks": lending.clocks(event),
    }


def _page(at: Seat, event: Opening, *, problem: str = "", done: str = "") -> HTMLResponse:
    now, may_write = datetime.now(UTC), at.staff.can("write")
    come, wait = listing.people(at.session, event)
    kind = kinds.known_kind(event.kind)
    return at.page(
        "village/events/event.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        event=event,
        kind=kind,
        kinds=kinds.kinds(),
        given=as_typed(event),
        come=come,
        wait=wait,
        **_lent(at, event, now),
        heads=listing.heads(come),
        came=listing.heads(come, came=True),
        labels=_LABELS,
        spaced=signing_up.spaced,
        photos=listing.photos_of(at.session, event),
        faces=photos.FACES,
        waiting=questions.waiting(at.session, event),
        answered=questions.answered(at.session, event),
        answer_by=questions.answer_by(event),
        may_write=may_write,
        may_hide=at.staff.can("oversee"),
        is_coming=(event.ends_at if kind.is_lent else event.starts_at) > now and not event.is_cancelled,
        is_over=event.ends_at <= now,
        is_time=checking_in.is_time(event, now),
        nonce=secrets.token_urlsafe(12),
        **_shared(at, event),
    )
