"""The chat on a page."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from actions.cases.filing import attach_photo
from actions.cases.photos import MAX_BYTES, CleanPhoto, PhotosBusy, clean_photo
from actions.errors import InvalidInput
from actions.replies import Reply
from actions.storable import MOST_NUMBER, storable
from bot import disk, sqlite_files
from bot.channels.greeting import GREETING, notice
from bot.conversations import delivery, messages, queue, service
from bot.conversations.agents import photos
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.emergency import card
from bot.rasa_client import erase_trackers
from bot.settings import Settings
from bot.web.limits import address_of, is_https
from bot.web.problems import ApiError
from bot.web.resident.chat import At, Chat, Held, Mine
from bot.web.resident.shown import message_json, news_json, reply_json
from bot.web.resident.tokens import COOKIE
from knowledge.places import Level, Place, village_labels

SUGGESTIONS = ["彩礼能退吗", "承包地被占了找谁", "低保怎么申请", "老板拖欠工资怎么办", "我们村酒席有什么规定"]
_WAIT_S = 25.0
_STORED_S = 2.0  # how long storing may take; then it is asked whether anybody is in danger
_NOT_STORED = "系统正忙，您的话还没有存上，正在重发。先照下面说的做，人先安全。"
# a whole village may stand behind one address of its provider (CGNAT)
_STARTS, _AN_ADDRESS, _PHOTOS_A_DAY = 60, 10, 300
_MOST_WAITING = 8  # pictures; each may be 10 MB
_LONG, _LONG_READS = 100, 12  # messages in an answer; such answers a minute

router = APIRouter(prefix="/api/widget")


class StartBody(BaseModel):
    village: str | None = Field(None, max_length=40)
    embedded: bool = False


class MessageBody(BaseModel):
    client_id: str = Field(min_length=8, max_length=60, pattern=r"^[A-Za-z0-9_-]+$")
    text: str = Field(max_length=20_000)
    payload: str | None = Field(None, max_length=200)


class RatingBody(BaseModel):
    value: Literal["up", "down"]
    why: Literal["", "other", "vague", "doubted"] = ""


class VillageBody(BaseModel):
    village: str = Field(max_length=40)


@router.post("/conversations", status_code=201)
def start(body: StartBody, request: Request, response: Response, chat: At) -> dict[str, Any]:
    chat.check_origin(request)
    if not chat.is_own_command(request):
        chat.limit.check(f"start {address_of(request)}", _STARTS)
    with chat.sessions() as session:
        conversation = service.start(session, channel="widget", place=_known_village(session, body.village))
        token = chat.tokens.make(conversation)
        found = _conversation_json(session, conversation, chat.settings)
    if body.embedded:
        return {**found, "token": token}
    response.set_cookie(
        COOKIE,
        token,
        max_age=chat.settings.retention_days * 86400,
        httponly=True,
        samesite="lax",
        secure=is_https(request, chat.settings.public_url),
    )
    return found


@router.get("/conversations/current")
def current(request: Request, held: Mine) -> dict[str, Any]:
    said = messages.newest(held.session, held.conversation.id)
    _check_long(request, held, said)
    return {
        **_conversation_json(held.session, held.conversation, held.chat.settings),
        "messages": [message_json(m, held.chat.files) for m in said],
    }


@router.delete("/conversations/current", status_code=204)
def forget(held: Mine, response: Response) -> None:
    erase_trackers(held.chat.settings.trackers, [held.conversation.id])
    service.forget(held.session, held.conversation.id)
    held.session.close()  # a reader of ours would be in the way
    sqlite_files.empty_wal(sqlite_files.file_of(held.chat.settings.url))
    response.delete_cookie(COOKIE)


@router.post("/messages")
async def say(body: MessageBody, request: Request, chat: At) -> dict[str, Any]:
    """Stored, then answered. What to do in danger is told even where neither is possible: the page goes on sending; and
    beside every refusal (too long, too many).
    """
    is_stored = asyncio.Event()
    saying = asyncio.create_task(_said(body, request, chat, is_stored))
    words = body.payload or body.text
    reply: Reply | None
    if urgent := card.by_rules(words):
        reply, due_s = urgent
        await asyncio.wait({saying}, timeout=due_s)
    else:
        await _stored_or_late(saying, is_stored)
        reply = await chat.turns.alarm(words) if _is_unsaid(saying) else None
    if reply is None:
        return await saying
    if _is_unsaid(saying):
        saying.add_done_callback(lambda task: task.cancelled() or task.exception())
        raise ApiError(503, "busy", _NOT_STORED, guidance=reply_json(reply))
    try:
        return await saying
    except ApiError as error:
        error.more.setdefault("guidance", reply_json(reply))
        raise


async def _stored_or_late(saying: asyncio.Task[dict[str, Any]], is_stored: asyncio.Event) -> None:
    """Until an answer is there, also a late one to words that are stored; or until storing them has taken too long."""
    storing = asyncio.create_task(is_stored.wait())
    await asyncio.wait({saying, storing}, timeout=_STORED_S, return_when=asyncio.FIRST_COMPLETED)
    storing.cancel()
    if is_stored.is_set():
        await asyncio.wait({saying})


def _is_unsaid(saying: asyncio.Task[dict[str, Any]]) -> bool:
    """Nothing is known of the words yet, or they couldn't be stored or answered."""
    return not saying.done() or isinstance(saying.exception(), (SQLAlchemyError, OSError))


async def _said(body: MessageBody, request: Request, chat: Chat, is_stored: asyncio.Event) -> dict[str, Any]:
    message = await run_in_threadpool(_received, body, request, chat)
    is_stored.set()
    # Shielded: a resident who closes the page doesn't stop the answer half way.
    turn = asyncio.create_task(chat.turns.answer(message.id))
    try:
        replies = await asyncio.wait_for(asyncio.shield(turn), _WAIT_S)
    except TimeoutError:
        replies = []
    return await run_in_threadpool(_turn_json, chat, message, replies)


@router.get("/messages")
def news(request: Request, held: Mine, after: int = 0, seen: bool = False) -> dict[str, Any]:
    """`after`: the last message the page has; `seen`: and it is on the screen."""
    after, conversation = max(0, min(after, MOST_NUMBER)), held.conversation
    found = messages.messages_after(held.session, conversation.id, after)
    _check_long(request, held, found)
    if seen and conversation.resident_seen < after and conversation.status is ConversationStatus.open:
        conversation.resident_seen = after
        held.session.commit()
    if found:
        held.session.refresh(conversation)  # as it stands with these messages, not as it stood before them
    return news_json(conversation, found, degraded=held.chat.degraded(), files=held.chat.files)


@router.post("/messages/{message_id}/rating", status_code=204)
def rate(message_id: int, body: RatingBody, held: Mine) -> None:
    session, conversation = held.session, held.conversation
    message = session.get(Message, message_id) if 0 < message_id <= MOST_NUMBER else None
    if message is None or message.conversation_id != conversation.id or message.sender is not Sender.bot:
        raise ApiError(404, "no_message", "没有找到这条消息。")
    service.rate(session, message, body.value, why=body.why)
    if (
        conversation.status is ConversationStatus.bot
        and body.value == "down"
        and not body.why  # the same 没用, said more exactly
        and messages.in_a_row(session, conversation.id)[1] >= 2
        and queue.is_open(session, datetime.now(UTC), conversation.place_id)
    ):
        queued = queue.request(session, conversation, reason="rated_down", now=datetime.now(UTC))
        if queued:
            delivery.tell(session, conversation.id, queued, key=f"rated-down-{message.id}")
        session.commit()


def _check_long(request: Request, held: Held, said: Sequence[Message]) -> None:
    """A long conversation is three megabytes: read two hundred times at once it kept everybody else waiting 11 s.
    Raises ApiError.
    """
    if len(said) > _LONG:
        held.chat.limit.check(f"long {held.conversation.id}", _LONG_READS)
        held.chat.limit.check(f"long {address_of(request)}", _AN_ADDRESS * _LONG_READS)


def _may_send_photo(request: Request, chat: At) -> None:
    """Asked before the picture is read."""
    with chat.sessions() as session:
        conversation = chat.conversation(request, session)
    chat.limit.check(f"photo {conversation.id}", 12)
    chat.limit.check(f"photo {address_of(request)}", 40)
    chat.photo_days.check(address_of(request), _PHOTOS_A_DAY)
    if disk.free(chat.settings.home) < disk.LOW:
        raise ApiError(507, "full", "服务器快存满了，这会儿收不了照片，请过后再发。文字可以照常发。")


async def _clean_photo(request: Request, _: Annotated[None, Depends(_may_send_photo)]) -> CleanPhoto:
    """Few at a time, and the others wait without a thread: whoever writes meanwhile needs one."""
    form = await request.form(max_files=1, max_fields=2, max_part_size=11_000_000)
    sent = form.get("photo")
    if not isinstance(sent, UploadFile):
        raise InvalidInput("没有收到照片，请重新选一张。")
    room = request.app.state.chat.photo_room
    if room.statistics().tasks_waiting >= _MOST_WAITING:
        raise PhotosBusy
    async with room:
        # not of the room's own threads: `room` is held by this request already
        return await run_in_threadpool(clean_photo, await sent.read(MAX_BYTES + 1))


@router.post("/photos", status_code=201)
def add_photo(clean: Annotated[CleanPhoto, Depends(_clean_photo)], held: Mine) -> dict[str, Any]:
    """A picture for the report under way, and for the person who is there or comes.

    Its kind is found from its content; it is stored anew, without place or camera data.
    """
    number = attach_photo(held.session, held.conversation.id, clean)
    is_new = photos.tell(held.session, held.conversation, clean.sha256, number)
    return {"photos": number, "is_new": is_new}


@router.post("/typing", status_code=204)
def typing(held: Mine) -> None:
    if held.conversation.status is ConversationStatus.open:
        held.conversation.resident_typing_at = datetime.now(UTC)
        held.session.commit()


@router.put("/village", status_code=204)
def village(body: VillageBody, held: Mine) -> None:
    found = _known_village(held.session, body.village)
    if found is None:
        raise ApiError(404, "no_village", "没有找到这个村。")
    held.conversation.place_id = found
    held.session.commit()


def _known_village(session: Session, village: str | None) -> str | None:
    place = session.get(Place, storable(village)) if village else None
    return place.id if place and place.level is Level.village else None


def _received(body: MessageBody, request: Request, chat: Chat) -> Message:
    """The words, stored before anything is done with them. Raises ApiError."""
    text = storable(body.payload or body.text).strip()
    if len(text) > messages.MAX_CHARACTERS:
        raise ApiError(422, "too_long", f"这条太长了，请分成几条发，每条不超过 {messages.MAX_CHARACTERS} 个字。")
    if not text:
        raise ApiError(422, "empty", "还没写字呢。您想问什么，打几个字就行。")
    with chat.sessions() as session:
        conversation = chat.conversation(request, session)
        if not chat.is_own_command(request):
            chat.limit.check(f"say {conversation.id}", chat.settings.messages_per_minute)
            chat.limit.check(f"say {address_of(request)}", _AN_ADDRESS * chat.settings.messages_per_minute)
        return messages.receive(
            session, conversation, client_id=body.client_id, text=text, button=body.text.strip() if body.payload else ""
        )


def _turn_json(chat: Chat, message: Message, replies: Sequence[Message]) -> dict[str, Any]:
    with chat.sessions() as session:
        fresh = session.get(Message, message.id)
        conversation = session.get(Conversation, message.conversation_id)
        return {
            "message": message_json(fresh or message),
            "replies": [message_json(m, chat.files) for m in replies],
            "status": conversation.status.value if conversation else "bot",
            "pending": fresh is not None and fresh.answered_at is None,
        }


def _conversation_json(session: Session, conversation: Conversation, settings: Settings) -> dict[str, Any]:
    return {
        "conversation": conversation.id[:8],
        "token": None,
        "status": conversation.status.value,
        "agent": conversation.agent_name,
        "notice": notice(settings),
        "greeting": GREETING,
        "suggestions": SUGGESTIONS,
        "places": [{"id": place.id, "name": label} for place, label, _ in village_labels(session)],
        "village": conversation.place_id,
    }
