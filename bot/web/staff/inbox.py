"""The agents' inbox: who is waiting, and live by server-sent events how many."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, StreamingResponse
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from actions.cases import finding
from bot.conversations import queue
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.staff import rights, signing_in
from bot.staff.models import Staff
from bot.web.staff.desk import Desk, Seat, seat

_SHOWN = 100
_QUIET_S = 20

router = APIRouter(prefix="/staff")
InboxSeat = Annotated[Seat, seat("inbox")]


@router.get("", response_class=HTMLResponse)
@router.get("/inbox", response_class=HTMLResponse)
def inbox(at: InboxSeat, box: str = "waiting") -> Response:
    boxes = _boxes(at.staff)
    box = box if box in boxes else "waiting"
    within = _within(rights.places_of(at.session, at.staff))
    rows = list(
        at.session.scalars(select(Conversation).where(*within, *boxes[box]).order_by(*queue.order()).limit(_SHOWN))
    )
    return at.page(
        "inbox/list.html" if at.request.headers.get("hx-request") else "inbox/inbox.html",
        rows=rows,
        counts={name: _count(at.session, *within, *more) for name, more in boxes.items()},
        last=_last_words(at.session, rows),
        box=box,
        reasons=queue.REASONS,
        shown=_SHOWN,
        present=signing_in.present(at.session, now=datetime.now(UTC)),
    )


@router.get("/events")
def events(at: InboxSeat) -> StreamingResponse:
    listener = Listener(at.staff.id, rights.places_of(at.session, at.staff), at.staff.can("dashboard"))
    return StreamingResponse(
        _told(at.request, at.desk, listener),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@dataclass(frozen=True)
class Listener:
    """What an open page is told about, as it was when the page was opened. `places`: None where it is everywhere."""

    staff_id: int
    places: list[str] | None
    hears_alarms: bool

    def counts(self, desk: Desk) -> dict[str, int]:
        waiting = (*_within(self.places), Conversation.status == ConversationStatus.waiting)
        with desk.sessions() as session:
            return {
                "waiting": _count(session, *waiting),
                "danger": _count(session, *waiting, Conversation.handoff_reason == "danger"),
                "alarms": finding.count_alarms(session, places=self.places) if self.hears_alarms else 0,
                "me": self.staff_id,
            }


async def _told(request: Request, desk: Desk, listener: Listener) -> AsyncIterator[str]:
    """At once, and again whenever something changed; in between a line that keeps the connection open."""
    is_first = True
    while not await request.is_disconnected():
        is_changed = is_first or await desk.pulse.wait(_QUIET_S)
        if is_changed:
            yield f"event: inbox\ndata: {json.dumps(await run_in_threadpool(listener.counts, desk))}\n\n"
        else:
            yield ": still here\n\n"
        is_first = False


def _boxes(staff: Staff) -> dict[str, list[ColumnElement[bool]]]:
    waiting, is_open = (Conversation.status == s for s in (ConversationStatus.waiting, ConversationStatus.open))
    return {
        "waiting": [waiting],
        "team": [waiting, Conversation.team_id == (staff.team_id or -1)],
        "mine": [is_open, Conversation.agent_id == staff.id],
        "others": [is_open, Conversation.agent_id != staff.id],
    }


def _within(places: list[str] | None) -> list[ColumnElement[bool]]:
    """Conversations of these places, and those of no place."""
    return [] if places is None else [Conversation.place_id.in_(places) | Conversation.place_id.is_(None)]


def _count(session: Session, *where: Any) -> int:
    return session.scalar(select(func.count()).select_from(Conversation).where(*where)) or 0


def _last_words(session: Session, rows: list[Conversation]) -> dict[str, str]:
    newest = (
        select(func.max(Message.id))
        .where(Message.conversation_id.in_([c.id for c in rows]), Message.sender == Sender.resident)
        .group_by(Message.conversation_id)
    )
    return {m.conversation_id: m.text for m in session.scalars(select(Message).where(Message.id.in_(newest)))}
