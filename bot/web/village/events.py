"""活动: what is on, who comes, what people want to know on the day. No sign-in, no script."""

import secrets
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from actions.bookings.models import Appointment, Opening
from actions.bookings.status import AppointmentStatus as Status
from actions.errors import ActionError, NotFound
from actions.events import kinds, lending, listing, photos, publishing, questions, signing_up, words
from actions.events.signing_up import Coming
from bot.web.limits import address_of
from bot.web.problems import ApiError
from bot.web.resident.chat import Chat
from bot.web.staff.typed import int_of, number_or_404, text_of
from bot.web.village import visitor
from bot.web.village.page import At, Hall
from bot.web.village.tab import Tab, Teaser

router = APIRouter(prefix="/v/{place}", default_response_class=HTMLResponse)

_JOINS, _ASKS, _LOOKS = 10, 6, 20  # of an address in a minute: a whole house may share one
_JOINS_A_DAY, _ASKS_A_DAY = 60, 40
_TEASERS = 3
_DONE = {
    "left": "取消好了，让给别人了。",
    "asked": "问题收到了，不写是谁问的。当天答，答不了的写成文字贴在这一页。",
}


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    """What is coming; where nothing is, what was held last, so that its answers are found."""
    found = listing.coming(session, [place], now=now) or listing.past(session, [place], now=now, limit=1)
    return [
        Teaser(event.title, f"/v/{place}/h{event.id}", f"{words.when(event)}，{words.stands(event, now)}")
        for event in found[:_TEASERS]
    ]


@router.get("/events")
def show(at: At) -> HTMLResponse:
    place, now = at.village.id, at.now
    return at.page(
        "events/list.html",
        here="events",
        coming=listing.coming(at.session, [place], now=now),
        past=listing.past(at.session, [place], now=now),
        own=signing_up.of_asker(at.session, [visitor.asker(at)], now=now),
        kind_name=words.kind_name,
        when=words.when,
        stands=lambda event: words.stands(event, now),
    )


@router.get("/h{event_id:int}")
def one(at: At, event_id: int, done: str = "") -> HTMLResponse:
    return _page(at, _event(at, event_id), done=_DONE.get(done, ""))


@router.get("/h{event_id:int}/pictures/{picture_id}.jpg")
def picture(at: At, event_id: int, picture_id: str) -> Response:
    photo = photos.get(at.session, _event(at, event_id), number_or_404(picture_id))
    headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return Response(photo.jpeg, media_type="image/jpeg", headers=headers)


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=20, max_part_size=20_000)


Sent = Annotated[FormData, Depends(_form)]


@router.post("/h{event_id:int}/join")
def join(sent: Sent, at: At, event_id: int) -> Response:
    event, who = _event(at, event_id), visitor.asker(at)
    typed = {name: text_of(sent, name, 200) for name in ("name", "party", "item", "phone")}
    coming = Coming(who, typed["name"], int_of(sent, "party") or 0, typed["item"], typed["phone"])
    try:
        visitor.check_sender(at.request, "join", _JOINS, a_day=_JOINS_A_DAY)
        row = signing_up.sign_up(at.session, event.id, coming, key=visitor.key(who, sent), now=at.now)
    except (ActionError, ApiError) as error:
        at.session.rollback()
        shown = _page(at, _event(at, event_id), problem=visitor.said(error), typed=typed)
        return visitor.known(at, shown, who)
    to = f"/v/{at.village.id}/h{event.id}/mine/{row.code}"
    return visitor.known(at, RedirectResponse(to, 303), who)


@router.post("/h{event_id:int}/borrow")
def borrow(sent: Sent, at: At, event_id: int) -> Response:
    """The hall for some hours."""
    event, who = _event(at, event_id), visitor.asker(at)
    typed = {name: text_of(sent, name, 200) for name in ("name", "party", "item", "phone", "from", "to")}
    try:
        visitor.check_sender(at.request, "join", _JOINS, a_day=_JOINS_A_DAY)
        wish = lending.Wish(
            who,
            typed["name"],
            int_of(sent, "party") or 0,
            typed["item"],
            lending.at_clock(event, typed["from"]),
            lending.at_clock(event, typed["to"]),
            typed["phone"],
        )
        row = lending.lend(at.session, event.id, wish, key=visitor.key(who, sent), now=at.now)
    except (ActionError, ApiError) as error:
        at.session.rollback()
        shown = _page(at, _event(at, event_id), problem=visitor.said(error), typed=typed)
        return visitor.known(at, shown, who)
    return visitor.known(at, RedirectResponse(f"/v/{at.village.id}/h{event.id}/mine/{row.code}", 303), who)


@router.get("/h{event_id:int}/mine/{code}")
def mine(at: At, event_id: int, code: str) -> HTMLResponse:
    """One's own sign-up, by the address that one got: to be shown at the door, to be taken back."""
    return _mine(at, _event(at, event_id), code)


@router.post("/h{event_id:int}/mine/{code}")
def leave(at: At, event_id: int, code: str) -> Response:
    event = _event(at, event_id)
    try:
        visitor.check_sender(at.request, "leave", _JOINS)
        signing_up.leave(at.session, _own(at, event, code).id, now=at.now)
    except (ActionError, ApiError) as error:
        at.session.rollback()
        if isinstance(error, NotFound):
            raise
        return _mine(at, _event(at, event_id), code, problem=visitor.said(error))
    return RedirectResponse(f"/v/{at.village.id}/h{event.id}?done=left", 303)


@router.post("/h{event_id:int}/ask")
def ask(sent: Sent, at: At, event_id: int) -> Response:
    event, text = _event(at, event_id), text_of(sent, "text", 1200)
    key = f"page-{event.id}-{text_of(sent, 'nonce', 24) or secrets.token_urlsafe(12)}"
    try:
        visitor.check_sender(at.request, "event-ask", _ASKS, a_day=_ASKS_A_DAY)
        if danger := visitor.danger(sent, text):
            return _page(at, event, danger=danger, typed={"text": text}, status=422)
        questions.ask(at.session, event.id, conversation_id=None, text=text, key=key, now=at.now)
        at.session.commit()
    except (ActionError, ApiError) as error:
        at.session.rollback()
        return _page(at, _event(at, event_id), problem=visitor.said(error), typed={"text": text})
    return RedirectResponse(f"/v/{at.village.id}/h{event.id}?done=asked#questions", 303)


def _page(at: Hall, event: Opening, *, problem: str = "", status: int = 0, **more: Any) -> HTMLResponse:
    kind, now = kinds.known_kind(event.kind), at.now
    more = {"typed": {}, **more}
    own = [row for row in signing_up.of_asker(at.session, [visitor.asker(at)], now=now) if row.opening_id == event.id]
    return at.page(
        "events/event.html",
        status=status or (422 if problem else 200),
        here="events",
        problem=problem,
        event=event,
        kind=kind,
        when=words.when(event),
        stands=words.stands(event, now),
        left=words.places_left(event),
        takes=event.starts_at > now and not event.is_cancelled and event.capacity > 0 and not kind.is_lent,
        own=own[0] if own and not kind.is_lent else None,
        own_hours=[(lending.hours_of(r), r.code) for r in own if r.lent_from is not None],
        lent=lending.taken(at.session, event) if kind.is_lent else [],
        free=lending.free(at.session, event, now) if kind.is_lent else [],
        clocks=lending.clocks(event) if kind.is_lent else [],
        photos=listing.photos_of(at.session, event),
        takes_questions=questions.is_open(event, now),
        answered=questions.answered(at.session, event),
        waiting=len(questions.waiting(at.session, event)) if kind.takes_questions else 0,
        answer_by=questions.answer_by(event),
        is_over=event.ends_at <= now,
        most=min(signing_up.MOST_PARTY, event.capacity),
        nonce=secrets.token_urlsafe(12),
        **more,
    )


def _mine(at: Hall, event: Opening, code: str, *, problem: str = "") -> HTMLResponse:
    row = _own(at, event, code)
    return at.page(
        "events/mine.html",
        status=422 if problem else 200,
        here="events",
        problem=problem,
        event=event,
        row=row,
        code=signing_up.spaced(row.code),
        said=words.signed_up(row, in_chat=False) if row.status in (Status.booked, Status.waiting) else "",
        is_gone=row.status is Status.cancelled,
        before=signing_up.waits_behind(at.session, row) if row.status is Status.waiting else 0,
        may_leave=(row.lent_from or event.starts_at) > at.now and row.status in (Status.booked, Status.waiting),
    )


def _own(at: Hall, event: Opening, code: str) -> Appointment:
    """Guessing is slow. Raises NotFound, ApiError."""
    chat: Chat = at.request.app.state.chat
    chat.limit.check(f"event code {address_of(at.request)}", _LOOKS)
    return signing_up.by_code(at.session, event.id, code[:20])


def _event(at: Hall, event_id: int) -> Opening:
    """Raises NotFound."""
    event = publishing.get(at.session, event_id if 0 < event_id < 10**9 else 0)
    if event.place_id != at.village.id:
        raise NotFound("没有找到这个活动，请从“活动”里点进去。")
    return event


TAB = Tab(name="活动", path="events", newest=newest, router=router)
