"""The agents' inbox: who is waiting, and live by server-sent events how many."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, StreamingResponse
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from actions.cases import finding
from bot.channels import registry as channels
from bot.conversations import calls, private, queue
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.staff import notices, rights, signing_in
from bot.staff.models import Staff
from bot.web.staff.desk import COOKIE, Desk, Seat, seat
from bot.web.staff.typed import words
from knowledge.places import Place

BOXES = {
    "waiting": "等人接",
    "mine": "我的",
    "danger": "有危险",
    "team": "我单位的",
    "others": "同事的",
    "closed": "已结束",
}
_SHOWN = 100
_LATE, _LATE_OUT_OF_HOURS = timedelta(minutes=10), timedelta(days=1)
_QUIET_S = 20

router = APIRouter(prefix="/staff")
InboxSeat = Annotated[Seat, seat("inbox")]


@router.get("", response_class=HTMLResponse)
@router.get("/inbox", response_class=HTMLResponse)
def inbox(at: InboxSeat, box: str = "waiting", q: str = "", open: str = "") -> Response:
    """`open`: the conversation that stands beside the list."""
    is_part = bool(at.request.headers.get("hx-request"))
    return at.page(
        "inbox/list.html" if is_part else "inbox/inbox.html",
        **pane(at, box, q, rights.places_of(at.session, at.staff)),
        current=words(open, 40),
        **({} if is_part else to_whom(at)),
    )


def to_whom(at: Seat) -> dict[str, Any]:
    """Whom conversations may be handed to."""
    return {"teams": at.teams(), "colleagues": rights.circle(at.session, at.staff)}


def pane(at: Seat, box: str, q: str, places: list[str] | None) -> dict[str, Any]:
    """What the list shows: a box of the conversations of these places (None: all), narrowed to some words."""
    boxes, q = _boxes(at.staff), words(q, 40)
    box = box if box in boxes else "waiting"
    within = _within(places)
    where = [*within, *boxes[box], *_holding(q, at.staff.id)]
    order = [Conversation.updated_at.desc()] if box == "closed" else queue.order()
    now = datetime.now(UTC)
    rows = list(at.session.scalars(select(Conversation).where(*where).order_by(*order).limit(_SHOWN)))
    counted = select(*(func.count().filter(*more) for more in boxes.values())).select_from(Conversation).where(*within)
    counts = dict(zip(boxes, at.session.execute(counted).one(), strict=True))
    return {
        "rows": rows,
        "counts": counts,
        "found": _count(at.session, *where) if q else counts[box],
        "said": calls.words(at.session, rows),
        "unread": calls.unread(at.session, [c for c in rows if c.agent_id == at.staff.id]),
        "box": box,
        "boxes": BOXES,
        "q": q,
        "reasons": queue.REASONS,
        "channels": channels.labels(),
        "shown": _SHOWN,
        # By night nobody is late who came by night: what is red has been left lying.
        "late": now - (_LATE if at.desk.is_open(at.session, at.staff.place_id, now) else _LATE_OUT_OF_HOURS),
        "present": signing_in.present(at.session, now=now),
    }


@router.get("/events")
def events(at: InboxSeat) -> StreamingResponse:
    token = at.request.cookies.get(COOKIE, "")
    listener = Listener(at.staff.id, token, rights.places_of(at.session, at.staff), at.staff.can("dashboard"))
    return StreamingResponse(
        _told(at.request, at.desk, listener),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@dataclass(frozen=True)
class Listener:
    """What an open page is told about, as it was when the page was opened. `places`: None where it is everywhere."""

    staff_id: int
    token: str
    places: list[str] | None
    hears_alarms: bool

    def counts(self, desk: Desk) -> dict[str, int] | None:
        """None: the session has ended, or the account was switched off."""
        within = _within(self.places)
        waiting = (*within, Conversation.status == ConversationStatus.waiting)
        in_danger = (*within, *_untaken_danger())
        with desk.sessions() as session:
            if not signing_in.is_held(session, self.token, now=datetime.now(UTC)):
                return None
            return {
                "waiting": _count(session, *waiting),
                "danger": _count(session, *in_danger),
                "unread": _count(session, *_unread_by(self.staff_id)),
                "alarms": finding.count_alarms(session, places=self.places) if self.hears_alarms else 0,
                "notices": notices.count_unseen(session, self.staff_id),
                # What rises rings, also where one goes as another comes and the number stays.
                "last_notice": notices.newest(session, self.staff_id),
                "last_waiting": _since(session, *waiting),
                "last_danger": _since(session, *in_danger, at=Conversation.emergency_at),
                "last_said": _last_said(session, self.staff_id),
                "me": self.staff_id,
            }


async def _told(request: Request, desk: Desk, listener: Listener) -> AsyncIterator[str]:
    """At once, and again whenever something changed; in between a line that keeps the connection open."""
    is_first, seen = True, ""
    while not await request.is_disconnected():
        is_changed = is_first or await desk.pulse.wait(_QUIET_S, since=seen)
        seen = desk.pulse.value  # before the counts, so that what changes while they are taken is told, too
        counts = await run_in_threadpool(listener.counts, desk)
        if counts is None:
            return
        if is_changed:
            yield f"event: inbox\ndata: {json.dumps(counts)}\n\n"
        else:
            yield ": still here\n\n"
        is_first = False


def _boxes(staff: Staff) -> dict[str, list[ColumnElement[bool]]]:
    waiting, is_open = (Conversation.status == s for s in (ConversationStatus.waiting, ConversationStatus.open))
    had_an_agent = select(Message.id).where(Message.conversation_id == Conversation.id, Message.sender == Sender.agent)
    return {
        "danger": [Conversation.emergency_at.is_not(None)],
        "closed": [Conversation.status == ConversationStatus.bot, had_an_agent.exists()],
        "waiting": [waiting],
        "team": [waiting, Conversation.team_id == (staff.team_id or -1)],
        "mine": [is_open, Conversation.agent_id == staff.id],
        "others": [is_open, Conversation.agent_id != staff.id],
    }


def _untaken_danger() -> list[ColumnElement[bool]]:
    """Who may be in danger and has been taken by nobody, also where they go on with the bot meanwhile (不等了)."""
    return [Conversation.emergency_at.is_not(None), Conversation.status != ConversationStatus.open]


def _newest_of_resident() -> ColumnElement[int]:
    newest = select(func.max(Message.id)).where(
        Message.conversation_id == Conversation.id, Message.sender == Sender.resident
    )
    return newest.correlate(Conversation).scalar_subquery()


def _unread_by(staff_id: int) -> list[ColumnElement[bool]]:
    """Conversations in their hands in which the resident has said something that they haven't looked at."""
    mine = [Conversation.status == ConversationStatus.open, Conversation.agent_id == staff_id]
    return [*mine, _newest_of_resident() > Conversation.agent_seen]


def _last_said(session: Session, staff_id: int) -> int:
    newest = select(func.max(_newest_of_resident())).select_from(Conversation).where(*_unread_by(staff_id))
    return session.scalar(newest) or 0


def _since(
    session: Session, *where: ColumnElement[bool], at: InstrumentedAttribute[Any] = Conversation.waiting_since
) -> int:
    """When the last of these began to wait, in milliseconds; 0 where nobody does."""
    newest = session.scalar(select(func.max(at)).where(*where))
    return int(newest.timestamp() * 1000) if newest else 0


def _within(places: list[str] | None) -> list[ColumnElement[bool]]:
    """Conversations of these places, and those of no place."""
    return [] if places is None else [Conversation.place_id.in_(places) | Conversation.place_id.is_(None)]


def _count(session: Session, *where: Any) -> int:
    return session.scalar(select(func.count()).select_from(Conversation).where(*where)) or 0


def _holding(q: str, searcher: int) -> list[ColumnElement[bool]]:
    """Conversations in which this was said, of a place or held by an agent of this name. What is hidden from whoever
    searches isn't found either: that it is found would tell what was said.
    """
    if not q:
        return []
    said = select(Message.conversation_id).where(
        Message.text.contains(q, autoescape=True), private.is_open_to(searcher)
    )
    there = select(Place.id).where(Place.name.contains(q, autoescape=True))
    return [
        Conversation.id.in_(said)
        | Conversation.place_id.in_(there)
        | Conversation.agent_name.contains(q, autoescape=True)
    ]
