"""The chat on a page."""

import asyncio
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from actions.cases.filing import attach_photo
from actions.cases.photos import MAX_BYTES, clean_photo
from actions.errors import InvalidInput
from actions.storable import storable
from bot.conversations import delivery, handoff, service
from bot.conversations import messages as conversations_messages
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.rasa_client import erase_trackers
from bot.settings import Settings
from bot.turns import Turns
from bot.web.limits import RateLimit, address_of
from bot.web.problems import ApiError
from bot.web.resident.shown import message_json
from bot.web.resident.tokens import COOKIE, Tokens
from knowledge.places import Level, Place, village_labels

GREETING = "您好，我是邻里，村里的法律和办事助手。我是电脑程序，不是真人。您用平常话问就行，我会告诉您依据在哪一条。"
SUGGESTIONS = ["彩礼能退吗", "承包地被占了找谁", "低保怎么申请", "老板拖欠工资怎么办", "我们村酒席有什么规定"]
_WAIT_S = 25.0


def notice(settings: Settings) -> str:
    return (
        f"聊之前请您知道：您说的话会存在本地的服务器上，只用来回答您和改进答案，最多保存 {settings.retention_days} 天；"
        "只有处理您这件事的工作人员能看到，不会给其他居民看，也不会传到外面。不用写身份证号、银行卡号。"
        "您随时可以删除这段对话。遇到危险请直接拨打 110、120、119。"
    )


class StartBody(BaseModel):
    village: str | None = Field(None, max_length=40)
    embedded: bool = False


class MessageBody(BaseModel):
    client_id: str = Field(min_length=8, max_length=60, pattern=r"^[A-Za-z0-9_-]+$")
    text: str = Field(max_length=20_000)
    payload: str | None = Field(None, max_length=200)


class RatingBody(BaseModel):
    value: Literal["up", "down"]


class VillageBody(BaseModel):
    village: str = Field(max_length=40)


def router(
    *, settings: Settings, sessions: Callable[[], Session], turns: Turns, degraded: Callable[[], str | None]
) -> APIRouter:
    api = APIRouter(prefix="/api/widget")
    tokens = Tokens(settings.secret("tokens"))
    limit = RateLimit()
    origins = {o.strip().rstrip("/") for o in settings.origins.split(",") if o.strip()}

    def check_origin(request: Request) -> None:
        origin = request.headers.get("origin")
        own = f"{request.url.scheme}://{request.headers.get('host')}"
        if (
            origin
            and origin != own
            and origin.split("://")[-1] != request.headers.get("host")
            and origin not in origins
        ):
            raise ApiError(403, "origin", "这个网页没有登记，不能使用聊天窗口。")

    own_secret = settings.secret("internal").encode()

    def is_own_command(request: Request) -> bool:
        """`linli ask --batch` asks hundreds of questions from one address; it knows the installation's secret."""
        return hmac.compare_digest(request.headers.get("x-linli-secret", "").encode(), own_secret)

    def held(request: Request, session: Session) -> Conversation:
        check_origin(request)
        header = request.headers.get("authorization", "")
        token = header.removeprefix("Bearer ") if header.startswith("Bearer ") else request.cookies.get(COOKIE, "")
        conversation = tokens.read(session, token)
        if conversation is None:
            raise ApiError(404, "no_conversation", "这段对话不在了，请刷新页面重新开始。")
        return conversation

    def known_village(session: Session, village: str | None) -> str | None:
        place = session.get(Place, storable(village)) if village else None
        return place.id if place and place.level is Level.village else None

    def shape(session: Session, conversation: Conversation) -> dict[str, Any]:
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

    @api.post("/conversations", status_code=201)
    async def start(body: StartBody, request: Request, response: Response) -> dict[str, Any]:
        check_origin(request)
        if not is_own_command(request):
            limit.check(f"start {address_of(request)}", 30)
        with sessions() as session:
            conversation = service.start(session, channel="widget", place=known_village(session, body.village))
            token = tokens.make(conversation)
            found = shape(session, conversation)
        if body.embedded:
            return {**found, "token": token}
        response.set_cookie(
            COOKIE,
            token,
            max_age=settings.retention_days * 86400,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return found

    @api.get("/conversations/current")
    async def current(request: Request) -> dict[str, Any]:
        with sessions() as session:
            conversation = held(request, session)
            return {
                **shape(session, conversation),
                "messages": [
                    message_json(m) for m in conversations_messages.messages_after(session, conversation.id, 0)
                ],
            }

    @api.delete("/conversations/current", status_code=204)
    async def forget(request: Request, response: Response) -> None:
        with sessions() as session:
            conversation_id = held(request, session).id
            await run_in_threadpool(erase_trackers, settings.rasa_trackers, [conversation_id])
            service.forget(session, conversation_id)
        response.delete_cookie(COOKIE)

    @api.post("/messages")
    async def say(body: MessageBody, request: Request) -> dict[str, Any]:
        text = storable(body.payload or body.text).strip()
        if len(text) > conversations_messages.MAX_CHARACTERS:
            raise ApiError(
                422, "too_long", f"这条太长了，请分成几条发，每条不超过 {conversations_messages.MAX_CHARACTERS} 个字。"
            )
        if not text:
            raise ApiError(422, "empty", "还没写字呢。您想问什么，打几个字就行。")
        with sessions() as session:
            conversation = held(request, session)
            if not is_own_command(request):
                limit.check(f"say {conversation.id}", settings.messages_per_minute)
                limit.check(f"say {address_of(request)}", 3 * settings.messages_per_minute)
            message = conversations_messages.receive(session, conversation, client_id=body.client_id, text=text)
        # Shielded: a resident who closes the page doesn't stop the answer half way.
        task = asyncio.create_task(turns.answer(message.id))
        try:
            replies = await asyncio.wait_for(asyncio.shield(task), _WAIT_S)
        except TimeoutError:
            replies = []
        with sessions() as session:
            fresh = session.get(Message, message.id)
            status = session.get(Conversation, message.conversation_id)
            return {
                "message": message_json(fresh or message),
                "replies": [message_json(m) for m in replies],
                "status": status.status.value if status else "bot",
                "pending": fresh is not None and fresh.answered_at is None,
            }

    @api.get("/messages")
    async def messages(request: Request, after: int = 0, seen: bool = False) -> dict[str, Any]:
        with sessions() as session:
            conversation = held(request, session)
            found = conversations_messages.messages_after(session, conversation.id, max(0, min(after, 2**31 - 1)))
            if (
                seen
                and conversation.resident_seen < min(after, 2**31 - 1)
                and conversation.status is ConversationStatus.open
            ):
                conversation.resident_seen = min(after, 2**31 - 1)  # what the page had on screen when it asked
                session.commit()
            typing = conversation.agent_typing_at is not None and datetime.now(
                UTC
            ) - conversation.agent_typing_at < timedelta(seconds=6)
            return {
                "messages": [message_json(m) for m in found],
                "status": conversation.status.value,
                "agent": conversation.agent_name,
                "typing": typing,
                "degraded": degraded(),
            }

    @api.post("/messages/{message_id}/rating", status_code=204)
    async def rate(message_id: int, body: RatingBody, request: Request) -> None:
        with sessions() as session:
            conversation = held(request, session)
            message = session.get(Message, message_id) if 0 < message_id < 2**31 else None
            if message is None or message.conversation_id != conversation.id or message.sender is not Sender.bot:
                raise ApiError(404, "no_message", "没有找到这条消息。")
            service.rate(session, message, body.value)
            if (
                conversation.status is ConversationStatus.bot
                and body.value == "down"
                and conversations_messages.in_a_row(session, conversation.id)[1] >= 2
            ):
                now = datetime.now(UTC)
                queued = handoff.request(session, conversation, reason="rated_down", now=now)
                if queued:
                    delivery.tell(session, conversation.id, queued, key=f"rated-down-{message.id}")
                session.commit()

    @api.post("/photos", status_code=201)
    async def add_photo(request: Request) -> dict[str, Any]:
        """A picture for the report under way.

        Its kind is found from its content; it is stored anew, without place or camera data.
        """
        with sessions() as session:
            conversation = held(request, session)
            limit.check(f"photo {conversation.id}", 12)
            limit.check(f"photo {address_of(request)}", 40)
            form = await request.form(max_files=1, max_fields=2, max_part_size=11_000_000)
            sent = form.get("photo")
            if not isinstance(sent, UploadFile):
                raise InvalidInput("没有收到照片，请重新选一张。")
            clean = await run_in_threadpool(clean_photo, await sent.read(MAX_BYTES + 1))
            number = attach_photo(session, conversation.id, clean)
            conversations_messages.touch(
                session, conversation.id, f"收到照片 {number} 张，登记时一起交上去。", key=f"photo-{clean.sha256[:40]}"
            )
        return {"photos": number}

    @api.post("/typing", status_code=204)
    async def typing(request: Request) -> None:
        with sessions() as session:
            conversation = held(request, session)
            if conversation.status is ConversationStatus.open:
                conversation.resident_typing_at = datetime.now(UTC)
                session.commit()

    @api.put("/village", status_code=204)
    async def village(body: VillageBody, request: Request) -> None:
        with sessions() as session:
            conversation = held(request, session)
            found = known_village(session, body.village)
            if found is None:
                raise ApiError(404, "no_village", "没有找到这个村。")
            conversation.place_id = found
            session.commit()

    return api
