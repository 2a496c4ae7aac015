"""One message to its replies."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import Counter, Histogram
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.cases.green import green_reasons
from actions.outcomes import ActionOutcome
from bot.conversations import claims, handoff, messages
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.emergency.recognising import recognise
from bot.rasa_client import RasaClient, RasaUnavailable
from knowledge.normalise import normalise

log = logging.getLogger("linli.turns")
STAGE_SECONDS = Histogram("linli_stage_seconds", "Time of a turn by stage.", ["stage"])
TURNS = Counter("linli_turns_total", "Turns by how they ended.", ["status"])

_ACKNOWLEDGE_EVERY = timedelta(minutes=3)
# turns that Rasa is given at a time: more make each slower and none sooner, until they outlast its time limit
_AT_ONCE = 32
SESSION_TURNS = 25  # then Rasa starts a new session; slots are kept
WAITING_TEXT = (
    "助手正在重启，您的话我已经记下，好了马上回答，不用重发。有急事请直接打电话：报警 110，急救 120，火警 119，政务 "
    "12345，法律 12348。"
)
WAITING_LINKS = [{"label": f"拨打 {n}", "href": f"tel:{n}"} for n in ("110", "120", "119", "12345", "12348")]


@contextmanager
def stage(name: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        STAGE_SECONDS.labels(name).observe(time.perf_counter() - started)


class Turns:
    def __init__(
        self, *, sessions: Callable[[], Session], rasa: RasaClient, topic: Callable[[str], str] = lambda _: ""
    ) -> None:
        """topic: of a resident's words, for the team that gets the conversation; "" where it can't be told."""
        self._sessions = sessions
        self._rasa = rasa
        self._topic = topic
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def answer(self, message_id: int) -> list[Message]:
        """Replies to a stored message, once: [] while somebody else is at it or Rasa is away (the worker tries
        again).
        """
        with self._sessions() as session:
            message = session.get(Message, message_id)
            if message is None or message.answered_at is not None:
                return messages.replies_to(session, message_id)
            conversation, is_retry = session.get(Conversation, message.conversation_id), message.claimed_at is not None
            if conversation is None or not claims.claim(session, message_id):
                return []
            text = normalise(message.text)
            with stage("emergency"):
                danger = recognise(text)
            now = datetime.now(UTC)
            if danger and not danger.soft:
                conversation.emergency_kind, conversation.emergency_at = danger.kind.value, now
                log.warning(
                    "emergency conversation=%s message=%s kind=%s", conversation.id, message.id, danger.kind.value
                )
                TURNS.labels("emergency").inc()
                if conversation.status is ConversationStatus.waiting:
                    conversation.handoff_reason = "danger"  # to the front
                queued = handoff.request(session, conversation, reason="danger", now=now)
                return messages.store_replies(session, message, [_guidance(danger), *([queued] if queued else [])])
            if conversation.status is not ConversationStatus.bot:
                return messages.store_replies(session, message, self._while_waiting(session, conversation, text, now))
            done = session.get(ActionOutcome, message_id)
            place, conversation_id = conversation.place_id, conversation.id
            is_long = messages.turns_so_far(session, conversation_id) % SESSION_TURNS == 0
        if not text:
            replies: list[dict[str, Any]] = [{"kind": "asking", "text": "我没看到文字。您想问什么，打几个字就行。"}]
        else:
            had_to_wait = self._room.locked()
            try:
                async with self._room:
                    if had_to_wait and not self._is_still_ours(message_id):
                        return []
                    with stage("rasa"):
                        # An earlier try was cut short; Rasa may remember its turn, whose replies nobody has.
                        goes_on = is_retry and not await self._rasa.take_back(conversation_id, message_id)
                        if is_long and not goes_on and not await self._rasa.has_form(conversation_id):
                            await self._rasa.start_session(conversation_id)
                        if done and goes_on:
                            replies = done.replies
                        else:
                            replies = await self._rasa.talk(
                                conversation_id, text, metadata={"place": place, "message": message_id}
                            )
            except (RasaUnavailable, asyncio.CancelledError) as error:
                log.warning("rasa away conversation=%s message=%s reason=%s", conversation_id, message_id, error)
                with self._sessions() as session:
                    claims.release(session, message_id)
                    if isinstance(error, RasaUnavailable):
                        messages.notice_once(session, message, WAITING_TEXT, WAITING_LINKS)
                TURNS.labels("delayed").inc()
                if isinstance(error, asyncio.CancelledError):
                    raise
                return []
        if done and done.replies[0]["text"] not in {r.get("text") for r in replies}:
            replies = done.replies  # what was done is told, whatever the dialogue makes of the message now
        if danger:
            replies = [*replies, _guidance(danger)]
        with self._sessions() as session, stage("render"):
            held = session.get(Conversation, conversation_id)
            if held is None:
                return []  # deleted by the resident in between
            for reply in replies:
                if reply.get("place"):
                    held.place_id = reply["place"]
                held.is_green = held.is_green or bool(reply.get("green"))
            replies = self._hand_over(session, held, replies, text)
            TURNS.labels(replies[0].get("kind", "text")).inc()
            return messages.store_replies(session, message, replies)

    def _is_still_ours(self, message_id: int) -> bool:
        """The claim may have lapsed while Rasa had no room; it begins anew, unless the message was answered
        meanwhile.
        """
        with self._sessions() as session:
            return claims.renew(session, message_id)

    def _hand_over(
        self, session: Session, conversation: Conversation, replies: list[dict[str, Any]], text: str
    ) -> list[dict[str, Any]]:
        """The word `handoff` in a reply, the second abstention in a row, or a rule of the place puts the
        conversation into the queue.
        """
        reason = next((str(r["handoff"].get("reason", "asked")) for r in replies if r.get("handoff")), None)
        if (
            reason is None
            and replies
            and replies[-1].get("kind") == "abstention"
            and messages.in_a_row(session, conversation.id)[0] >= 1
        ):
            reason = "abstained"
        if reason is None and handoff.rule_for(session, text, place=conversation.place_id):
            reason = "rule"
        if reason is None:
            return replies
        told = messages.last_words(session, conversation.id)
        matter = "\n".join(line for line in told.splitlines() if len(line) >= 6)  # 转人工 alone has no topic
        # Only words said plainly count (绿色通道); a person confirms it.
        conversation.is_green = conversation.is_green or bool(green_reasons(told))
        queued = handoff.request(
            session,
            conversation,
            reason=reason,
            now=datetime.now(UTC),
            topic=self._topic(matter) if matter else "",
            words=told,
        )
        return [*[{k: v for k, v in r.items() if k != "handoff"} for r in replies], *([queued] if queued else [])]

    def _while_waiting(
        self, session: Session, conversation: Conversation, text: str, now: datetime
    ) -> list[dict[str, Any]]:
        """People answer here. While nobody has come yet, the resident hears now and then that the words arrived."""
        if conversation.status is not ConversationStatus.waiting:
            return []
        if text.startswith("不等了"):
            handoff.stop_waiting(session, conversation.id)
            return [{"kind": "smalltalk", "text": "好，那我接着答。还想找人，说“转人工”就行。"}]
        last = session.scalar(
            select(func.max(Message.created_at)).where(
                Message.conversation_id == conversation.id, Message.sender == Sender.bot
            )
        )
        if last and now - last < _ACKNOWLEDGE_EVERY:
            return []
        return [
            {
                **handoff.waiting_reply(session, conversation.id, now=now),
                "text": "您的话工作人员看得到。" + handoff.waiting_reply(session, conversation.id, now=now)["text"],
            }
        ]


def _guidance(danger: Any) -> dict[str, Any]:
    guidance = danger.guidance
    return {
        "kind": "emergency",
        "text": guidance.text,
        "next": guidance.next,
        "links": [{"label": label, "href": href} for label, href in guidance.links],
        "emergency": danger.kind.value,
        "soft": danger.soft,
    }
