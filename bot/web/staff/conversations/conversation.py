"""One conversation in hand: what was said, what is known, and what the agent does."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from starlette.datastructures import FormData, UploadFile

from actions.bookings import appointments
from actions.cases import finding
from actions.cases.photos import MAX_BYTES
from actions.cases.status import STAFF_LABELS
from actions.dialogue.hearing.dispute import FIELDS
from actions.errors import NotFound
from bot import disk
from bot.conversations import calls
from bot.conversations.agents import photos
from bot.conversations.agents.attachments import CleanFile, FileRefused, clean_file
from bot.conversations.models import (
    Attachment,
    CannedReply,
    Conversation,
    ConversationStatus,
    InternalNote,
    Message,
    Sender,
)
from bot.rasa_client import RasaUnavailable
from bot.staff import notices, rights
from bot.web.resident.files import file_response, photo_response
from bot.web.staff.conversations import inbox
from bot.web.staff.conversations.deeds import DEEDS, Doing
from bot.web.staff.conversations.thread import Thread, held
from bot.web.staff.desk import Desk, Form, Seat, form, reading, seat
from bot.web.staff.typed import number_or_404
from knowledge.clock import SHANGHAI
from knowledge.law.standing import sound

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

router = APIRouter(prefix="/staff/conversations")
InboxSeat = Annotated[Seat, seat("inbox")]
_READ = reading("inbox")
InboxForm = Annotated[Form, form("inbox", read=_READ)]


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


async def _cleaned(
    request: Request, conversation_id: str, sent: Annotated[FormData, Depends(_READ)]
) -> CleanFile | None:
    """What was sent along, written anew; None for a form without a file. Raises FileRefused and its kin."""
    given = sent.get("file")
    if not isinstance(given, UploadFile) or not given.filename:
        return None
    desk: Desk = request.app.state.desk
    await run_in_threadpool(_seen, desk, request, conversation_id)
    if disk.free(desk.settings.home) < disk.LOW:
        raise FileRefused("服务器快存满了，这会儿发不了文件，请告诉管理员。文字可以照常发。")
    return await run_in_threadpool(clean_file, given.filename, await given.read(MAX_BYTES + 1))


# Declared before the seat, so that no session is held while Rasa is asked, or a file read.
Heard = Annotated[dict[str, Any], Depends(_heard)]
Cleaned = Annotated[CleanFile | None, Depends(_cleaned)]


@router.get("/{conversation_id}", response_class=HTMLResponse)
def conversation(heard: Heard, at: InboxSeat, conversation_id: str, box: str = "", q: str = "") -> Response:
    found = held(at.session, at.who, conversation_id)
    thread = Thread.of(at, found)
    if found.agent_id == at.staff.id and thread.messages:
        found.agent_seen = thread.messages[-1].id
    is_part = bool(at.request.headers.get("hx-request"))
    if not is_part:
        notices.see(at.session, at.staff.id, now=datetime.now(UTC), conversation_id=found.id)
    at.saw("查看对话", found.id[:8])
    if is_part:
        return thread.page(at)
    seen = rights.places_of(at.session, at.staff)
    notes = select(InternalNote).where(InternalNote.conversation_id == found.id).order_by(InternalNote.id)
    colleagues = rights.colleagues(at.session, found.place_id, but=at.staff.id)
    canned = select(CannedReply.text).order_by(CannedReply.position, CannedReply.id)
    return at.page(
        "inbox/conversation.html",
        **thread.shown,
        notes=list(at.session.scalars(notes)),
        **inbox.pane(at, box or _box_of(found, at.staff.id), q, seen),
        teams=at.teams(),
        colleagues=colleagues,
        current=found.id,
        cases=(own := finding.of_conversation(at.session, found.id)),
        earlier=finding.of_phones(at.session, own, places=seen),
        appointments=appointments.held_by(at.session, found.id, now=datetime.now(UTC)),
        booking_label=appointments.label,
        summary=_summary(thread.open, found, heard),
        matter=calls.words(at.session, [found])[found.id],
        canned=list(at.session.scalars(canned)),
        labels=STAFF_LABELS,
    )


@router.get("/{conversation_id}/suggestions", response_class=HTMLResponse)
def suggestions(at: InboxSeat, conversation_id: str, q: str = "") -> Response:
    found, day = held(at.session, at.who, conversation_id), at.tools.today()
    passages = at.tools.searcher.search(at.session, q[:300], day=day, place=found.place_id, k=5) if q.strip() else []
    return at.page("inbox/suggestions.html", passages=sound(at.session, passages, day=day))


@router.get("/{conversation_id}/files/{file_id}")
def sent_along(at: InboxSeat, conversation_id: str, file_id: str, small: bool = False) -> Response:
    """What a colleague sent the resident; it stays to be seen when it was withdrawn."""
    found = held(at.session, at.who, conversation_id)
    file = at.session.get(Attachment, number_or_404(file_id))
    message = at.session.get(Message, file.message_id) if file else None
    if file is None or message is None or message.conversation_id != found.id:
        raise NotFound("没有这个文件。")
    at.saw("查看文件", found.id[:8])
    return file_response(file, is_small=small)


@router.get("/{conversation_id}/photos/{message_id}")
def photo(at: InboxSeat, conversation_id: str, message_id: str, small: bool = False) -> Response:
    """What the resident sent, as the thread shows it beside the words that it has come."""
    found = held(at.session, at.who, conversation_id)
    thread = Thread.of(at, found)
    message = next((m for m in thread.open if str(m.id) == message_id), None)
    sent = photos.told_of(message) if message else None
    if sent is None:
        raise NotFound("没有这张照片。")
    at.saw("查看照片", found.id[:8])
    return photo_response(photos.read(at.session, sent).jpeg, is_small=small)


@router.post("/{conversation_id}/{do}")
def act(file: Cleaned, at: InboxForm, conversation_id: str, do: str) -> Response:
    found = held(at.session, at.who, conversation_id)
    deed = DEEDS.get(do)
    if deed is None:
        raise NotFound
    if deed.label is not None:
        at.record(deed.label, found.id[:8])
    return deed.carry_out(Doing(at, found, datetime.now(UTC), file))


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
        return held(session, desk.who(request, session, "inbox"), conversation_id).id


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
