"""The agents' inbox: who is waiting, the conversation in hand, live by server-sent events."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, StreamingResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.bookings import appointments as bookings
from actions.cases import filing, finding
from actions.cases.status import STAFF_LABELS
from actions.dialogue.hearing.dispute import FIELDS
from actions.errors import InvalidInput, NotFound
from actions.feedback import record_unanswered
from bot.channels.base import Remaining
from bot.conversations import handoff, queue
from bot.conversations.models import CannedReply, Conversation, ConversationStatus, InternalNote, Message, Sender
from bot.rasa_client import RasaUnavailable
from bot.staff import audit, rights, signing_in
from bot.staff.models import Staff
from bot.web.staff.desk import Desk, Who, back, int_of, text_of, words
from bot.web.staff.pulse import Pulse
from knowledge.answering.compose import Citation, cite_row
from knowledge.clock import SHANGHAI
from knowledge.documents.models import Chunk, VersionStatus
from knowledge.law.standing import sound
from knowledge.search.passages import load_passages
from knowledge.search.searcher import Searcher

_KINDS = {
    "violence": "暴力",
    "child_harm": "孩子或无行为能力的人受害",
    "self_harm": "轻生",
    "fire_gas": "火灾、燃气、坍塌",
    "medical": "受伤、中毒、急病",
    "fraud": "正在被骗",
    "threat": "威胁、群殴",
    "legal_deadline": "期限将到",
}

_SHOWN = 100


def router(
    desk: Desk,
    searcher: Searcher,
    *,
    today: Callable[[], date],
    slots: Callable[[str], Awaitable[dict[str, Any]]],
    remaining: Callable[[str], Remaining | None] = lambda _: None,
) -> APIRouter:
    api = APIRouter(prefix="/staff")
    pulse = Pulse(desk.sessions)

    def scope(session: Session, staff: Staff) -> list[Any]:
        seen = rights.places_of(session, staff)
        return [] if seen is None else [Conversation.place_id.in_(seen) | Conversation.place_id.is_(None)]

    def listed(session: Session, who: Who, box: str) -> tuple[list[Conversation], dict[str, int], dict[str, str]]:
        where = scope(session, who.staff)
        boxes = {
            "waiting": [Conversation.status == ConversationStatus.waiting],
            "team": [
                Conversation.status == ConversationStatus.waiting,
                Conversation.team_id == (who.staff.team_id or -1),
            ],
            "mine": [Conversation.status == ConversationStatus.open, Conversation.agent_id == who.staff.id],
            "others": [Conversation.status == ConversationStatus.open, Conversation.agent_id != who.staff.id],
        }
        counts = {
            name: session.scalar(select(func.count()).select_from(Conversation).where(*where, *more)) or 0
            for name, more in boxes.items()
        }
        rows = list(
            session.scalars(
                select(Conversation)
                .where(*where, *boxes.get(box, boxes["waiting"]))
                .order_by(*queue.order())
                .limit(_SHOWN)
            )
        )
        newest = (
            select(func.max(Message.id))
            .where(Message.conversation_id.in_([c.id for c in rows]), Message.sender == Sender.resident)
            .group_by(Message.conversation_id)
        )
        last = {m.conversation_id: m.text for m in session.scalars(select(Message).where(Message.id.in_(newest)))}
        return rows, counts, last

    def held(session: Session, who: Who, conversation_id: str) -> Conversation:
        found = session.get(Conversation, words(conversation_id, 40))
        if found is None:
            raise NotFound("没有这段对话，可能居民已经删除。")
        rights.check_place(session, who.staff, found.place_id)
        return found

    @api.get("", response_class=HTMLResponse)
    @api.get("/inbox", response_class=HTMLResponse)
    async def inbox(request: Request, box: str = "waiting") -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "inbox")
            box = box if box in ("waiting", "team", "mine", "others") else "waiting"
            rows, counts, last = listed(session, who, box)
            part = "inbox_list.html" if request.headers.get("hx-request") else "inbox.html"
            return desk.page(
                request,
                part,
                session,
                who,
                rows=rows,
                counts=counts,
                last=last,
                box=box,
                reasons=queue.REASONS,
                shown=_SHOWN,
                present=signing_in.present(session, now=datetime.now(UTC)),
            )

    @api.get("/events")
    async def events(request: Request) -> StreamingResponse:
        with desk.sessions() as session:
            who = desk.who(request, session, "inbox")
            staff_id, where, places = who.staff.id, scope(session, who.staff), rights.places_of(session, who.staff)
            hears_alarms = who.staff.can("dashboard")

        async def stream() -> AsyncIterator[str]:
            first = True
            while not await request.is_disconnected():
                changed = await pulse.wait(20)
                if not changed and not first:
                    yield ": still here\n\n"
                    continue
                first = False

                def counts() -> dict[str, int]:
                    with desk.sessions() as session:
                        waiting = (
                            session.scalar(
                                select(func.count())
                                .select_from(Conversation)
                                .where(*where, Conversation.status == ConversationStatus.waiting)
                            )
                            or 0
                        )
                        danger = (
                            session.scalar(
                                select(func.count())
                                .select_from(Conversation)
                                .where(
                                    *where,
                                    Conversation.status == ConversationStatus.waiting,
                                    Conversation.handoff_reason == "danger",
                                )
                            )
                            or 0
                        )
                        return {
                            "waiting": waiting,
                            "danger": danger,
                            "alarms": finding.count_alarms(session, places=places) if hears_alarms else 0,
                            "me": staff_id,
                        }

                yield f"event: inbox\ndata: {json.dumps(await run_in_threadpool(counts))}\n\n"

        return StreamingResponse(
            stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )

    def thread(session: Session, conversation: Conversation) -> dict[str, Any]:
        messages = list(
            session.scalars(
                select(Message).where(Message.conversation_id == conversation.id).order_by(Message.id.desc()).limit(300)
            )
        )[::-1]
        return {"conversation": conversation, "messages": messages, "remaining": remaining(conversation.id)}

    @api.get("/conversations/{conversation_id}", response_class=HTMLResponse)
    async def conversation(request: Request, conversation_id: str) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "inbox")
            found = held(session, who, conversation_id)
            shown = thread(session, found)
            if found.agent_id == who.staff.id and shown["messages"]:
                found.agent_seen = shown["messages"][-1].id
            if request.headers.get("hx-request"):
                session.commit()
                return desk.page(request, "thread.html", session, who, **shown)
            audit.record(session, who.staff, "查看对话", found.id[:8])
            session.commit()
            notes = list(
                session.scalars(
                    select(InternalNote).where(InternalNote.conversation_id == found.id).order_by(InternalNote.id)
                )
            )
            own_cases = finding.of_conversation(session, found.id)
            try:
                gathered = await slots(found.id)
            except RasaUnavailable:  # the rest of the page doesn't need it
                gathered = {}
            summary = _summary(shown["messages"], found, gathered)
            last = next((m.text for m in reversed(shown["messages"]) if m.sender is Sender.resident), "")
            return desk.page(
                request,
                "conversation.html",
                session,
                who,
                **shown,
                notes=notes,
                cases=own_cases,
                appointments=bookings.held_by(session, found.id, now=datetime.now(UTC)),
                booking_label=bookings.label,
                summary=summary,
                last=last,
                canned=list(session.scalars(select(CannedReply.text).order_by(CannedReply.position, CannedReply.id))),
                teams=desk.teams(session, who.staff),
                labels=STAFF_LABELS,
                reasons=queue.REASONS,
            )

    @api.get("/conversations/{conversation_id}/suggestions", response_class=HTMLResponse)
    async def suggestions(request: Request, conversation_id: str, q: str = "") -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "inbox")
            found = held(session, who, conversation_id)
            passages = (
                await run_in_threadpool(searcher.search, session, q[:300], day=today(), place=found.place_id, k=5)
                if q.strip()
                else []
            )
            return desk.page(request, "suggestions.html", session, who, passages=sound(session, passages, day=today()))

    @api.post("/conversations/{conversation_id}/{do}")
    async def act(request: Request, conversation_id: str, do: str) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "inbox")
            found, me, now = held(session, who, conversation_id), who.staff, datetime.now(UTC)
            here = f"/staff/conversations/{found.id}"
            if do == "typing":
                if found.agent_id == me.id:
                    found.agent_typing_at = found.agent_active_at = now
                    session.commit()
                return Response(status_code=204)
            audit.record(
                session,
                me,
                {
                    "accept": "接入对话",
                    "say": "回复",
                    "give-back": "交还邻里",
                    "close": "结束对话",
                    "transfer": "转接",
                    "note": "内部记录",
                    "case": "登记成事",
                    "wrong": "标记答错",
                }.get(do, do),
                found.id[:8],
            )
            if do == "accept":
                handoff.accept(session, found.id, agent_id=me.id, agent_name=me.name, now=now)
            elif do == "say":
                handoff.say(
                    session,
                    found.id,
                    text_of(sent, "text", 4001),
                    agent_id=me.id,
                    client_id=text_of(sent, "nonce", 40) or str(now.timestamp()),
                    now=now,
                    citations=_citations(session, text_of(sent, "cite", 200), today()),
                )
                if request.headers.get("hx-request"):
                    return desk.page(request, "thread.html", session, who, **thread(session, found))
            elif do in ("give-back", "close"):
                handoff.give_back(session, found.id, agent_id=me.id, agent_name=me.name, is_closing=do == "close")
                return back(request, "/staff/inbox")
            elif do == "transfer":
                team = next((t for t in desk.teams(session, me) if t.id == int_of(sent, "team")), None)
                if team is None:
                    raise InvalidInput("请选择转给哪个单位。")
                handoff.transfer(
                    session, found.id, agent_id=me.id, agent_name=me.name, team_id=team.id, team_name=team.name, now=now
                )
                return back(request, "/staff/inbox")
            elif do == "note":
                handoff.note(session, found.id, text_of(sent, "text"), author=me.name)
            elif do == "wrong":
                message = session.get(Message, int_of(sent, "message") or 0)
                asked = (
                    session.get(Message, message.in_reply_to)
                    if message and message.conversation_id == found.id and message.in_reply_to
                    else None
                )
                if asked:
                    record_unanswered(
                        session,
                        asked.text,
                        reason="wrong",
                        conversation_id=found.id,
                        message_id=asked.id,
                        place=found.place_id,
                    )
                session.commit()
            elif do == "case":
                what = text_of(sent, "what", 2000)
                if len(what) < 4:
                    raise InvalidInput("请写明是什么事。")
                case = filing.file(
                    session,
                    request_key=f"agent:{found.id}:{text_of(sent, 'nonce', 40) or now.timestamp()}",
                    conversation_id=found.id,
                    place=found.place_id,
                    category="其他",
                    fields={"what": what, "wish": text_of(sent, "wish", 1000)},
                    now=now,
                )
                return back(request, f"/staff/cases/{case.id}")
            else:
                raise NotFound
        return back(request, here)

    return api


def _citations(session: Session, chosen: str, day: date) -> list[Citation]:
    """The passages an agent put into a reply, as residents see citations; what isn't in force, or rests on dead
    law, is left out.
    """
    ids = [int(x) for x in chosen.split(",") if x.isascii() and x.isdigit() and len(x) < 10][:3]
    chunks = [chunk for i in ids if (chunk := session.get(Chunk, i))]
    may = {
        p.chunk_id: p.caution
        for p in sound(session, load_passages(session, [(1.0, chunk.id) for chunk in chunks], len(chunks)), day=day)
    }
    found = []
    for chunk in chunks:
        if (
            chunk.id in may
            and chunk.version.status is VersionStatus.published
            and chunk.version.in_force_from <= day
            and (chunk.version.in_force_to is None or chunk.version.in_force_to >= day)
        ):
            found.append(cite_row((chunk, chunk.version, chunk.version.document), note=may[chunk.id]))
    return found


def _summary(messages: list[Message], conversation: Conversation, slots: dict[str, Any]) -> list[str]:
    """What is known, in the words that were said; nothing is made up."""
    said = [m for m in messages if m.sender is Sender.resident]
    lines = []
    if conversation.emergency_at:
        lines.append(
            f"可能有危险（{_KINDS.get(conversation.emergency_kind or '', '其他')}），"
            f"{conversation.emergency_at.astimezone(SHANGHAI):%m-%d %H:%M} 识别。先问安全。"
        )
    if conversation.is_green:
        lines.append("可能要优先照顾（绿色通道），请核实。")
    if conversation.topic:
        lines.append(f"大概的类别：{conversation.topic}")
    told = [f"{name}：{slots[f'dispute_{step}']}" for step, name in FIELDS.items() if slots.get(f"dispute_{step}")]
    if told:
        lines.append("正在报的事还没交：" + "；".join(told))
    if slots.get("booking_id"):
        lines.append("正在约律师，还没约上。")  # what for is told to that worker alone
    if said:
        lines += [f"第一句：{said[0].text[:80]}"] + ([f"最近一句：{said[-1].text[:80]}"] if len(said) > 1 else [])
    abstained = sum(m.kind == "abstention" for m in messages)
    down = sum(m.rating == "down" for m in messages)
    lines.append(f"居民说了 {len(said)} 句；邻里没答上 {abstained} 次，被说没用 {down} 次。")
    return lines
