"""One resident turn: receive -> emergency? -> whose turn? -> Rasa -> reply."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from prometheus_client import Counter, Histogram
from sqlalchemy.orm import Session

from bot.conversations import service
from bot.conversations.models import Conversation, ConversationStatus, Message
from bot.emergency import recognise
from bot.rasa_client import RasaClient, RasaUnavailable
from knowledge.normalise import normalise

log = logging.getLogger("linli.turns")
STAGE_SECONDS = Histogram("linli_stage_seconds", "Time of a turn by stage.", ["stage"])
TURNS = Counter("linli_turns_total", "Turns by how they ended.", ["status"])

SESSION_TURNS = 25  # then Rasa starts a new session; slots are kept
WAITING_TEXT = "助手正在重启，您的话我已经记下，好了马上回答，不用重发。有急事请直接打电话：报警 110，急救 120，火警 119，政务 12345，法律 12348。"
WAITING_LINKS = [{"label": f"拨打 {n}", "href": f"tel:{n}"} for n in ("110", "120", "119", "12345", "12348")]


@contextmanager
def stage(name: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        STAGE_SECONDS.labels(name).observe(time.perf_counter() - started)


class Turns:
    def __init__(self, *, sessions: Callable[[], Session], rasa: RasaClient) -> None:
        self._sessions = sessions
        self._rasa = rasa

    async def answer(self, message_id: int) -> list[Message]:
        """Replies to a stored message, once: [] while somebody else is at it or Rasa is away (the worker tries again)."""
        with self._sessions() as session:
            message = session.get(Message, message_id)
            if message is None or message.answered_at is not None:
                return service.replies_to(session, message_id)
            conversation = session.get(Conversation, message.conversation_id)
            if conversation is None or not service.claim(session, message_id):
                return []
            text = normalise(message.text)
            with stage("emergency"):
                danger = recognise(text)
            if danger and not danger.soft:
                conversation.emergency_kind, conversation.emergency_at = danger.kind.value, datetime.now(UTC)
                log.warning("emergency conversation=%s message=%s kind=%s", conversation.id, message.id, danger.kind.value)
                TURNS.labels("emergency").inc()
                return service.store_replies(session, message, [_guidance(danger)])
            if conversation.status is not ConversationStatus.bot:
                return service.store_replies(session, message, [])
            place, conversation_id = conversation.place_id, conversation.id
            is_long = service.turns_so_far(session, conversation_id) % SESSION_TURNS == 0
        if not text:
            replies: list[dict[str, Any]] = [{"kind": "asking", "text": "我没看到文字。您想问什么，打几个字就行。"}]
        else:
            try:
                with stage("rasa"):
                    if is_long:
                        await self._rasa.start_session(conversation_id)
                    replies = await self._rasa.talk(conversation_id, text, metadata={"place": place, "message": message_id})
            except (RasaUnavailable, asyncio.CancelledError) as error:
                log.warning("rasa away conversation=%s message=%s reason=%s", conversation_id, message_id, error)
                with self._sessions() as session:
                    service.release(session, message_id)
                    if isinstance(error, RasaUnavailable):
                        service.notice_once(session, message, WAITING_TEXT, WAITING_LINKS)
                TURNS.labels("delayed").inc()
                if isinstance(error, asyncio.CancelledError):
                    raise
                return []
        if danger:
            replies = [*replies, _guidance(danger)]
        with self._sessions() as session, stage("render"):
            for reply in replies:
                if reply.get("place") and (held := session.get(Conversation, conversation_id)):
                    held.place_id = reply["place"]
            TURNS.labels(replies[0].get("kind", "text")).inc()
            return service.store_replies(session, message, replies)


def _guidance(danger: Any) -> dict[str, Any]:
    guidance = danger.guidance
    return {"kind": "emergency", "text": guidance.text, "next": guidance.next, "links": [{"label": label, "href": href} for label, href in guidance.links], "emergency": danger.kind.value, "soft": danger.soft}
