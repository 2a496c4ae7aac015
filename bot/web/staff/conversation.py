"""One conversation in hand: what was said, what is known, and what the agent does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings import appointments
from actions.cases import filing, finding
from actions.cases.status import STAFF_LABELS
from actions.dialogue.hearing.dispute import FIELDS
from actions.errors import InvalidInput, NotFound
from actions.feedback import record_unanswered
from bot.conversations import calls, handoff, private
from bot.conversations.models import CannedReply, Conversation, ConversationStatus, InternalNote, Message, Sender
from bot.rasa_client import RasaUnavailable
from bot.staff import rights
from bot.web.staff import inbox
from bot.web.staff.desk import Desk, Form, Seat, Who, form, seat
from bot.web.staff.typed import words
from knowledge.answering.told import Citation, cite_row
from knowledge.clock import SHANGHAI
from knowledge.documents.models import Chunk, DocumentVersion, VersionStatus
from knowledge.law.standing import sound
from knowledge.search.passages import load_passages

_DANGERS = {
    "violence": "暴力",
    "captive": "被关、被扣",
    "child_harm": "孩子或无行为能力的人受害",
    "missing": "有人不见了",
    "self_harm": "轻生",
    "poison": "中毒、喝药",
    "fire": "火灾、爆炸",
    "gas": "燃气、煤气中毒",
    "electric": "触电、电线",
    "water": "落水、洪水",
    "collapse": "坍塌、滑坡",
    "stroke": "中风、心脏病",
    "medical": "急病、受伤",
    "bite": "蛇、狗咬伤",
    "accident": "事故受伤",
    "death": "有人过世",
    "threat": "威胁、群殴",
    "revenge": "要去伤人、扣人",
    "fraud": "正在被骗",
    "legal_deadline": "期限将到",
}
_MESSAGES_SHOWN = 300

router = APIRouter(prefix="/staff/conversations")
InboxSeat = Annotated[Seat, seat("inbox")]
InboxForm = Annotated[Form, form("inbox")]


async def _heard(request: Request, conversation_id: str) -> dict[str, Any]:
    """The slots that stand in Rasa; none where it is away: the rest of the page doesn't need them.

    Asked before the page opens its session, for whom may see the conversation; the thread alone does without.
    """
    if request.headers.get("hx-request"):
        return {}
    desk: Desk = request.app.state.desk
    found = await run_in_threadpool(_seen, desk, request, conversation_id)
    try:
        return await desk.tools.slots(found)
    except RasaUnavailable:
        return {}


# Declared before the seat, so that no session is held while Rasa is asked.
Heard = Annotated[dict[str, Any], Depends(_heard)]


@router.get("/{conversation_id}", response_class=HTMLResponse)
def conversation(heard: Heard, at: InboxSeat, conversation_id: str, box: str = "", q: str = "") -> Response:
    found = _held(at.session, at.who, conversation_id)
    thread = Thread.of(at, found)
    if found.agent_id == at.staff.id and thread.messages:
        found.agent_seen = thread.messages[-1].id
    at.saw("查看对话", found.id[:8])
    if at.request.headers.get("hx-request"):
        return thread.page(at)
    seen = rights.places_of(at.session, at.staff)
    notes = select(InternalNote).where(InternalNote.conversation_id == found.id).order_by(InternalNote.id)
    canned = select(CannedReply.text).order_by(CannedReply.position, CannedReply.id)
    return at.page(
        "inbox/conversation.html",
        **thread.shown,
        notes=list(at.session.scalars(notes)),
        **inbox.pane(at, box or _box_of(found, at.staff.id), q, seen),
        current=found.id,
        cases=(own := finding.of_conversation(at.session, found.id)),
        earlier=finding.of_phones(at.session, own, places=seen),
        appointments=appointments.held_by(at.session, found.id, now=datetime.now(UTC)),
        booking_label=appointments.label,
        summary=_summary(thread.open, found, heard),
        matter=calls.words(at.session, [found])[found.id],
        canned=list(at.session.scalars(canned)),
        teams=at.teams(),
        labels=STAFF_LABELS,
    )


@router.get("/{conversation_id}/suggestions", response_class=HTMLResponse)
def suggestions(at: InboxSeat, conversation_id: str, q: str = "") -> Response:
    found, day = _held(at.session, at.who, conversation_id), at.tools.today()
    passages = at.tools.searcher.search(at.session, q[:300], day=day, place=found.place_id, k=5) if q.strip() else []
    return at.page("inbox/suggestions.html", passages=sound(at.session, passages, day=day))


@router.post("/{conversation_id}/{do}")
def act(at: InboxForm, conversation_id: str, do: str) -> Response:
    found = _held(at.session, at.who, conversation_id)
    deed = DEEDS.get(do)
    if deed is None:
        raise NotFound
    if deed.label is not None:
        at.record(deed.label, found.id[:8])
    return deed.carry_out(at, found, datetime.now(UTC))


def _box_of(conversation: Conversation, me: int) -> str:
    """The list in which this conversation stands."""
    if conversation.status is ConversationStatus.waiting:
        return "waiting"
    if conversation.status is ConversationStatus.open:
        return "mine" if conversation.agent_id == me else "others"
    return "closed"


def _seen(desk: Desk, request: Request, conversation_id: str) -> str:
    """The conversation's id. Raises SignInNeeded, NotAllowed, NotFound."""
    with desk.sessions() as session:
        return _held(session, desk.who(request, session, "inbox"), conversation_id).id


def _held(session: Session, who: Who, conversation_id: str) -> Conversation:
    """Raises NotFound, NotAllowed."""
    found = session.get(Conversation, words(conversation_id, 40))
    if found is None:
        raise NotFound("没有这段对话，可能居民已经删除。")
    rights.check_place(session, who.staff, found.place_id)
    return found


@dataclass(frozen=True)
class Thread:
    """The latest messages, oldest first, as the agent sees them."""

    messages: list[Message]
    shown: dict[str, Any]

    @classmethod
    def of(cls, at: Seat, conversation: Conversation) -> Self:
        latest = select(Message).where(Message.conversation_id == conversation.id).order_by(Message.id.desc())
        messages = list(at.session.scalars(latest.limit(_MESSAGES_SHOWN)))[::-1]
        is_theirs = private.meets(at.session, conversation.id, at.staff.id)
        hidden = set() if is_theirs else private.among(messages)
        shown = {"conversation": conversation, "messages": messages, "hidden": hidden, "hidden_text": private.HIDDEN}
        return cls(messages, {**shown, "remaining": at.tools.remaining(conversation.id)})

    @property
    def open(self) -> list[Message]:
        """Those that this member of staff may read."""
        return [m for m in self.messages if m.id not in self.shown["hidden"]]

    def page(self, at: Seat) -> HTMLResponse:
        return at.page("inbox/thread.html", **self.shown)


@dataclass(frozen=True)
class Deed:
    """Something an agent does to a conversation; `label` stands in the audit, None: nothing does."""

    label: str | None
    carry_out: Callable[[Form, Conversation, datetime], Response]


def _here(at: Form, conversation: Conversation) -> Response:
    return at.back(f"/staff/conversations/{conversation.id}")


def _accept(at: Form, conversation: Conversation, now: datetime) -> Response:
    handoff.accept(at.session, conversation.id, agent_id=at.staff.id, agent_name=at.staff.name, now=now)
    return _here(at, conversation)


def _say(at: Form, conversation: Conversation, now: datetime) -> Response:
    handoff.say(
        at.session,
        conversation.id,
        at.text("text", 4001),
        agent_id=at.staff.id,
        client_id=at.text("nonce", 40) or str(now.timestamp()),
        now=now,
        citations=citations(at.session, at.text("cite", 200), at.tools.today()),
    )
    if at.request.headers.get("hx-request"):
        return Thread.of(at, conversation).page(at)
    return _here(at, conversation)


def _give_back(at: Form, conversation: Conversation, now: datetime) -> Response:
    handoff.give_back(at.session, conversation.id, agent_id=at.staff.id, agent_name=at.staff.name, is_closing=False)
    return at.back("/staff/inbox")


def _close(at: Form, conversation: Conversation, now: datetime) -> Response:
    handoff.give_back(at.session, conversation.id, agent_id=at.staff.id, agent_name=at.staff.name, is_closing=True)
    return at.back("/staff/inbox")


def _transfer(at: Form, conversation: Conversation, now: datetime) -> Response:
    wanted = at.number("team")
    team = next((t for t in at.teams() if t.id == wanted), None)
    if team is None:
        raise InvalidInput("请选择转给哪个单位。")
    handoff.transfer(
        at.session,
        conversation.id,
        agent_id=at.staff.id,
        agent_name=at.staff.name,
        team_id=team.id,
        team_name=team.name,
        now=now,
    )
    return at.back("/staff/inbox")


def _note(at: Form, conversation: Conversation, now: datetime) -> Response:
    handoff.note(at.session, conversation.id, at.text("text"), author=at.staff.name)
    return _here(at, conversation)


def _file_case(at: Form, conversation: Conversation, now: datetime) -> Response:
    what = at.text("what", 2000)
    if len(what) < 4:
        raise InvalidInput("请写明是什么事。")
    case = filing.file(
        at.session,
        request_key=f"agent:{conversation.id}:{at.text('nonce', 40) or now.timestamp()}",
        conversation_id=conversation.id,
        place=conversation.place_id,
        category="其他",
        fields={"what": what, "wish": at.text("wish", 1000)},
        now=now,
    )
    return at.back(f"/staff/cases/{case.id}")


def _wrong(at: Form, conversation: Conversation, now: datetime) -> Response:
    """The question of an answer that was wrong goes to those who write the knowledge."""
    answer = at.session.get(Message, at.number("message") or 0)
    if answer and answer.conversation_id == conversation.id and answer.in_reply_to:
        asked = at.session.get(Message, answer.in_reply_to)
        if asked:
            record_unanswered(
                at.session,
                asked.text,
                reason="wrong",
                conversation_id=conversation.id,
                message_id=asked.id,
                place=conversation.place_id,
            )
    at.session.commit()
    return _here(at, conversation)


def _typing(at: Form, conversation: Conversation, now: datetime) -> Response:
    if conversation.agent_id == at.staff.id:
        conversation.agent_typing_at = conversation.agent_active_at = now
        at.session.commit()
    return Response(status_code=204)


DEEDS = {
    "typing": Deed(None, _typing),
    "accept": Deed("接入对话", _accept),
    "say": Deed("回复", _say),
    "give-back": Deed("交还邻里", _give_back),
    "close": Deed("结束对话", _close),
    "transfer": Deed("转接", _transfer),
    "note": Deed("内部记录", _note),
    "case": Deed("登记成事", _file_case),
    "wrong": Deed("标记答错", _wrong),
}


def citations(session: Session, chosen: str, day: date) -> list[Citation]:
    """The passages an agent put into a reply, as residents see citations; what isn't in force, or rests on dead
    law, is left out.
    """
    ids = [int(x) for x in chosen.split(",") if x.isascii() and x.isdigit() and len(x) < 10][:3]
    chunks = [chunk for i in ids if (chunk := session.get(Chunk, i))]
    passages = load_passages(session, [(1.0, chunk.id) for chunk in chunks], len(chunks))
    cautions = {p.chunk_id: p.caution for p in sound(session, passages, day=day)}
    return [
        cite_row((chunk, chunk.version, chunk.version.document), note=cautions[chunk.id])
        for chunk in chunks
        if chunk.id in cautions and _is_in_force(chunk.version, day)
    ]


def _is_in_force(version: DocumentVersion, day: date) -> bool:
    return (
        version.status is VersionStatus.published
        and version.in_force_from <= day
        and (version.in_force_to is None or version.in_force_to >= day)
    )


def _summary(messages: list[Message], conversation: Conversation, slots: dict[str, Any]) -> list[str]:
    """What is known, in the words that were said; nothing is made up."""
    lines = []
    if conversation.emergency_at:
        lines.append(
            f"可能有危险（{_DANGERS.get(conversation.emergency_kind or '', '其他')}），"
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
    return [*lines, *_said(messages)]


def _said(messages: list[Message]) -> list[str]:
    said = [m for m in messages if m.sender is Sender.resident]
    lines = [f"第一句：{said[0].text[:80]}"] if said else []
    if len(said) > 1:
        lines.append(f"最近一句：{said[-1].text[:80]}")
    abstained = sum(m.kind == "abstention" for m in messages)
    down = sum(m.rating == "down" for m in messages)
    return [*lines, f"居民说了 {len(said)} 句；邻里没答上 {abstained} 次，被说没用 {down} 次。"]
