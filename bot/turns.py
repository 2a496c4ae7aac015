"""One message to its replies."""

import asyncio
import contextlib
import logging
import re
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ParamSpec, TypeVar

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.cases import finding, moves, numbers
from actions.cases.green import green_reasons
from actions.dialogue import case
from actions.dialogue.hearing import phrases
from actions.errors import ActionError
from actions.outcomes import ActionOutcome
from actions.replies import Reply, ReplyKind, phone_links
from bot.conversations import claims, delivery, messages, queue
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.emergency import card
from bot.emergency.guidance import MAYBE, Emergency, EmergencyKind
from bot.emergency.recognising import recognise
from bot.emergency.second_opinion import NEVER_DOUBTED
from bot.rasa_client import RasaClient, RasaFailed, RasaUnavailable
from bot.shared.holding import Holding
from bot.staff import signing_in
from knowledge.normalise import normalise

log = logging.getLogger("linli.turns")
STAGE_SECONDS = Histogram("linli_stage_seconds", "Time of a turn by stage.", ["stage"])
TURNS = Counter("linli_turns_total", "Turns by how they ended.", ["status"])
UNDER_WAY = Gauge("linli_turns_under_way", "Messages that are being answered.")

_P = ParamSpec("_P")
_T = TypeVar("_T")

_A_DAY = timedelta(days=1)
_ACKNOWLEDGE_EVERY, _IN_DANGER_EVERY = timedelta(minutes=3), timedelta(minutes=1)
# turns that Rasa is given at a time: more make each slower and none sooner, until they outlast its time limit
_AT_ONCE = 32
# for the database, and for turns alone: the loop's own threads may all be out sending to WeChat
_THREADS = 8
SESSION_TURNS = 25  # then Rasa starts a new session; slots are kept
_WAIT = Reply(
    ReplyKind.text,
    "助手正在重启，您的话我已经记下，好了马上回答，不用重发。有急事请直接打电话：报警 110，急救 120，火警 119，政务 "
    "12345，法律 12348。",
    links=phone_links("110", "120", "119", "12345", "12348"),
)
_FAILED = Reply(
    ReplyKind.text,
    "对不住，这句话我试了几次都没处理成，是我这边出了毛病，不是您说错了。您的话都存着，我请工作人员来看。"
    "等不及的话请直接打"
    "电话：报警 110，急救 120，火警 119，政务 12345，法律 12348。换个说法再问也行。",
    links=phone_links("110", "120", "119", "12345", "12348"),
)
MOST_TRIES = 3  # of a message that fails in Rasa or in an action, while they are there
_HELPING = {
    ReplyKind.answer,
    ReplyKind.case,
    ReplyKind.booking,
    ReplyKind.deadline,
    ReplyKind.legal_aid,
    ReplyKind.handoff,
}
_TOLD, _TALE = 30, 40  # characters
_SURE = 0.65  # confidence of an answer behind which a mere guess at danger isn't told
_ENOUGH = "不等了"
_LEAVING = (_ENOUGH, normalise(queue.SAFE))
_THANKS = re.compile("谢|感激|好人一生平安")
_CALLS = re.compile(f"转?人工|客服|怎么还没人|^{queue.WAIT_ON}")  # whoever calls again is never met with silence
# Asks after the people who are to come, where nothing else is left: 申请低保要多久 names a matter. Any other question
# is answered meanwhile: 那就一点不赔啦 met silence.
_OF_PEOPLE = re.compile(
    "有没有|啥时候|什么时候|几时|几点|多久|多长时间|到底|前面|排队|轮到|怎么|几个|多少|一会|马上|赶紧|快点?"
    "|你们|我们|他们|咱们?"
    r"|[你您我人在有没不来了到排还要得等才能会吗么呢啊呀哦嘛吧的理接回话位谁]|[^\w]"
)
_HOW_MANY = re.compile("几个|几位|多少人|有人|多久|时候")
_MATTER = 2  # characters that are left
_WHERE = re.compile("往哪|去哪|上哪|到哪|找谁|谁管|谁赔|谁出|如何")
_OF_CASE = re.compile("催|补充|链接|网址|进度|编号|撤回|[办走]到哪|我(?:那|的|报的|登记的)(?:个|件)?事|咋样了|怎么样了")
_ON_CASE = 30  # characters; who has a case and says no more may speak of it
_LEAST_ASKED = 6  # characters
_NO_WORDS = Reply(ReplyKind.asking, "我没看到文字。您想问什么，打几个字就行。")
_NOT_WAITING = Reply(ReplyKind.smalltalk, "好，那我接着答。还想找人，说“转人工”就行。")


@contextlib.contextmanager
def stage(name: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        STAGE_SECONDS.labels(name).observe(time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that is ours to answer, and what was so when we took it.

    `text`: normalised; `is_retry`: an earlier try was cut short; `done`: what that one carried out and would have said;
    `is_long`: Rasa's session has grown and a new one is due; `is_asked`: our last words asked for it, in a form or
    about a case; `is_alone`: a person was asked for, and the bot goes on meanwhile, since none is at work or since
    something else is asked; `is_told`: the same, since something is told, so that only what helps is said; `before`:
    the words before
    these that were answered with a card of danger, "" if none were.
    """

    message: Message
    text: str
    danger: Emergency | None
    status: ConversationStatus
    place: str | None
    is_retry: bool
    done: tuple[Reply, ...]
    is_long: bool
    is_asked: bool
    is_alone: bool = False
    is_told: bool = False
    before: str = ""

    @property
    def id(self) -> int:
        return self.message.id

    @property
    def conversation_id(self) -> str:
        return self.message.conversation_id

    @property
    def is_feared(self) -> bool:
        return self.danger is not None and self.danger.is_feared

    @property
    def is_likely(self) -> bool:
        return self.danger is not None and self.danger.is_likely

    @property
    def calls_at_once(self) -> bool:
        """Whether people are called before anything else is looked at."""
        is_waiting = self.status is ConversationStatus.waiting
        return self.danger is not None and (not self.danger.soft or (self.is_likely and is_waiting))


class Turns:
    def __init__(
        self,
        *,
        sessions: Callable[[], Session],
        rasa: RasaClient,
        topic: Callable[[str], str] = lambda _: "",
        second_opinion: Callable[[str, Emergency | None, bool], Emergency | None] = lambda _, ruled, __: ruled,
        voices: Callable[[Message, str], list[Message] | None] = lambda _, __: None,
        afterwards: Callable[[str, Sequence[Reply]], object] = lambda _, __: None,
    ) -> None:
        """topic: of a resident's words, for the team that gets the conversation; "" where it can't be told;
        second_opinion: on a text, on what the rules hold of it, and whether it answers a question of ours; voices:
        takes a choice or the code of a slip, which Rasa never sees, and says what was stored in reply; None for other
        words; afterwards: once the replies to a conversation are kept, where nobody is in danger.
        """
        self._sessions = sessions
        self._rasa = rasa
        self._topic = topic
        self._second_opinion = second_opinion
        self._voices, self._afterwards = voices, afterwards
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._threads, self._opinions = ThreadPoolExecutor(_THREADS, "turns"), ThreadPoolExecutor(1, "alarm")
        self._asides = set[asyncio.Task[None]]()
        self.under_way = 0  # messages that are being answered
        self._held = Holding(lambda ids: self._in_thread(self._renewed, ids), every=claims.RENEWED_EVERY)

    async def answer(self, message_id: int) -> list[Message]:
        """Replies to a stored message, once: [] while somebody else is at it or Rasa is away (the worker tries
        again).
        """
        self.under_way += 1
        UNDER_WAY.inc()
        try:
            return await self._answer_once(message_id)
        finally:
            self.under_way -= 1
            UNDER_WAY.dec()

    async def _answer_once(self, message_id: int) -> list[Message]:
        taken = await self._take(message_id)
        if taken is None:
            return await self._in_thread(self._replies_to, message_id)
        with self._held.of(message_id):
            return await self._answer_taken(taken)

    async def _answer_taken(self, taken: Taken) -> list[Message]:
        if taken.danger and taken.calls_at_once:
            helped = await self._in_thread(self._call_for_help, taken, taken.danger)
            if taken.danger.kind is EmergencyKind.self_harm:
                aside = asyncio.create_task(self._put_form_aside(taken.conversation_id))
                self._asides.add(aside)  # a task that nobody holds may be dropped
                aside.add_done_callback(self._asides.discard)
            return helped
        if taken.status is not ConversationStatus.bot and not (taken.is_alone or taken.is_told):
            return await self._in_thread(self._with_people, taken)
        if (
            taken.danger is None
            and (voiced := await self._in_thread(self._voices, taken.message, taken.text)) is not None
        ):
            TURNS.labels("voice").inc()
            return voiced
        try:
            replies = await self._from_bot(taken)
        except (RasaUnavailable, asyncio.CancelledError) as error:
            if taken.danger and taken.is_likely and isinstance(error, RasaUnavailable):
                return await self._in_thread(self._call_for_help, taken, taken.danger)
            if isinstance(error, RasaFailed) and await self._in_thread(self._has_failed_enough, taken):
                await self._forgotten_by_rasa(taken)
                return await self._in_thread(self._give_up, taken, error)
            await self._in_thread(self._put_off, taken, error)
            if isinstance(error, asyncio.CancelledError):
                raise
            return []
        if taken.danger and _is_unhelped(taken, replies):
            return await self._in_thread(self._call_for_help, taken, taken.danger)
        kept = await self._in_thread(self._keep, taken, replies) if replies else []
        if kept and taken.danger is None and taken.status is ConversationStatus.bot:
            await self._in_thread(self._afterwards, taken.conversation_id, [row.reply for row in kept])
        return kept

    async def _put_form_aside(self, conversation_id: str) -> None:
        """Beside the card, which waits for nothing."""
        with contextlib.suppress(RasaUnavailable):
            await self._rasa.put_form_aside(conversation_id)

    async def rehearse(
        self, text: str, *, place: str | None, supposed: Mapping[str, Any], unkept: Callable[[], Session]
    ) -> list[Reply]:
        """What `answer` would say to these words, as the first of a conversation, by the same steps. Nothing is stored,
        nobody is called: sessions of `unkept` take back what they write, and Rasa forgets. `supposed`: told to our
        actions beside the message. Raises RasaUnavailable.
        """
        taken = await self._in_thread(self._imagined, text, place)
        if taken.danger and taken.calls_at_once:
            return await self._in_thread(self._rehearsed, taken, [], unkept)
        about = {"place": place, "message": taken.id, **supposed}
        try:
            async with self._room:
                said = await self._rasa.talk(taken.conversation_id, taken.text, metadata=about)
        finally:
            await self._rasa.forget(taken.conversation_id)
        replies = _with_card(taken, said)
        return await self._in_thread(self._rehearsed, taken, replies, unkept)

    def _imagined(self, text: str, place: str | None) -> Taken:
        message = Message(id=0, conversation_id=f"try-{secrets.token_hex(8)}", sender=Sender.resident, text=text)
        said = normalise(text) or "。"
        danger = self.danger_in(numbers.after(said))
        return Taken(message, said, danger, ConversationStatus.bot, place, False, (), False, False)

    def _rehearsed(self, taken: Taken, replies: Sequence[Reply], unkept: Callable[[], Session]) -> list[Reply]:
        """As they would be stored, with what is added for the queue; taken back at once."""
        with unkept() as session:
            session.add(Conversation(id=taken.conversation_id, channel="widget", place_id=taken.place))
            session.flush()
            message = Message(conversation_id=taken.conversation_id, sender=Sender.resident, text=taken.message.text)
            session.add(message)
            session.flush()
            held = replace(taken, message=message)
            if held.danger and (held.calls_at_once or _is_unhelped(held, replies)):
                return [row.reply for row in self._helped(session, held, held.danger)]
            return [row.reply for row in self._kept(session, held, replies)]

    async def _in_thread(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Database work off the event loop: it may wait for another writer. It comes to its end even where the caller
        is cancelled meanwhile, so that nothing is half known.
        """
        return await asyncio.shield(self._started(partial(work, *args, **kwargs)))

    def _started(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    # --- taken

    async def _take(self, message_id: int) -> Taken | None:
        """None: it is answered, or somebody else is at it. A caller who is cancelled while the claim is made gives it
        up again.
        """
        taking = self._started(partial(self._taken, message_id))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError as error:
            if taken := await taking:
                await self._in_thread(self._put_off, taken, error)
            raise

    def _taken(self, message_id: int) -> Taken | None:
        with self._sessions() as session:
            message = session.get(Message, message_id)
            if message is None or message.answered_at is not None:
                return None
            conversation = session.get(Conversation, message.conversation_id)
            is_retry = message.claimed_at is not None
            if conversation is None or not claims.claim(session, message_id):
                return None
            text = normalise(message.text)
            is_asked = messages.is_asked(session, message)
            is_alone = _is_alone(session, conversation, text, is_asked=is_asked)
            outcome = session.get(ActionOutcome, message_id)
            taken = Taken(
                message,
                text=text,
                danger=None,
                status=conversation.status,
                place=conversation.place_id,
                is_retry=is_retry,
                done=tuple(Reply.from_custom(reply) for reply in outcome.replies) if outcome else (),
                is_long=messages.turns_so_far(session, conversation.id) % SESSION_TURNS == 0,
                is_asked=is_asked,
                is_alone=is_alone,
                is_told=not is_alone and _is_told(session, conversation, text),
                before=messages.told_in_danger(session, message) if conversation.emergency_at else "",
            )
        # a number before the words made the second opinion hear a threat in 他今天又砌高了一截
        return replace(taken, danger=self.danger_in(numbers.after(text), is_asked=taken.is_asked))

    def danger_in(self, text: str, *, is_asked: bool = False) -> Emergency | None:
        """By the rules, and by the second opinion on what they hold of it."""
        with stage("emergency"):
            return self._second_opinion(text, recognise(text), is_asked) if text else None

    async def alarm(self, words: str) -> Reply | None:
        """The card for words that can't be stored now, if they are danger, also where no rule says so. Whether they
        answer a question of ours isn't known. In a thread that no writer holds.
        """
        said = normalise(words)
        work = partial(self.danger_in, numbers.after(said))
        danger = await asyncio.get_running_loop().run_in_executor(self._opinions, work)
        is_alarm = danger and not danger.soft and danger.kind is not EmergencyKind.legal_deadline
        return card.reply(danger, said) if danger and is_alarm else None

    def _replies_to(self, message_id: int) -> list[Message]:
        with self._sessions() as session:
            return messages.replies_to(session, message_id)

    def _put_off(self, taken: Taken, error: BaseException) -> None:
        """Nobody is at it any more; where Rasa is away, the resident hears so, once."""
        log.warning("rasa away conversation=%s message=%s reason=%s", taken.conversation_id, taken.id, error)
        with self._sessions() as session:
            claims.release(session, taken.id)
            if isinstance(error, RasaUnavailable):
                messages.notice_once(session, taken.message, _WAIT)
        TURNS.labels("delayed").inc()

    # --- given up

    def _has_failed_enough(self, taken: Taken) -> bool:
        with self._sessions() as session:
            return claims.failed(session, taken.id) >= MOST_TRIES

    async def _forgotten_by_rasa(self, taken: Taken) -> None:
        """The next message finds the dialogue as this one found it."""
        with contextlib.suppress(RasaUnavailable):
            await self._rasa.take_back(taken.conversation_id, taken.id)

    def _give_up(self, taken: Taken, error: BaseException) -> list[Message]:
        """It would fail for ever, and the resident would wait: they hear so, and a person is called."""
        log.error("given up conversation=%s message=%s reason=%s", taken.conversation_id, taken.id, error)
        TURNS.labels("failed").inc()
        with self._sessions() as session:
            conversation = session.get(Conversation, taken.conversation_id)
            if conversation is None:
                return []  # deleted by the resident in between
            # What an earlier try did carry out is told all the same.
            replies = taken.done or (_FAILED,)
            if taken.danger:
                replies = (*replies, card.reply(taken.danger, taken.text))
            queued = self._queued(session, conversation, "failed")
            return messages.store_replies(session, taken.message, _together(*replies, queued))

    # --- in danger

    def _call_for_help(self, taken: Taken, danger: Emergency) -> list[Message]:
        """What to do at once, and people, who see this one first."""
        kind = danger.kind.value
        log.warning("emergency conversation=%s message=%s kind=%s", taken.conversation_id, taken.id, kind)
        TURNS.labels("emergency").inc()
        with self._sessions() as session:
            return self._helped(session, taken, danger)

    def _helped(self, session: Session, taken: Taken, danger: Emergency) -> list[Message]:
        danger = replace(danger, soft=False, is_feared=False)
        now = datetime.now(UTC)
        conversation = session.get(Conversation, taken.conversation_id)
        if conversation is None:
            return []  # deleted by the resident in between
        conversation.emergency_kind, conversation.emergency_at = danger.kind.value, now
        if conversation.status is ConversationStatus.waiting:
            conversation.handoff_reason = "danger"  # to the front
        is_manned = bool(signing_in.present(session, now=now))
        queued = queue.request(session, conversation, reason="danger", now=now, is_manned=is_manned)
        queue.raise_alarm(session, taken.conversation_id, now=now)
        replies = messages.store_replies(session, taken.message, _together(card.reply(danger, taken.text), queued))
        _add_to_case(session, taken, now)
        return replies

    # --- with people

    def _with_people(self, taken: Taken) -> list[Message]:
        with self._sessions() as session:
            return messages.store_replies(session, taken.message, self._while_waiting(session, taken))

    def _while_waiting(self, session: Session, taken: Taken) -> list[Reply]:
        """People answer here. While nobody has come yet, the resident hears now and then that the words arrived."""
        if taken.status is not ConversationStatus.waiting:
            return []
        if taken.text.startswith(_LEAVING):
            if taken.text.startswith(_ENOUGH) and queue.is_for_danger(session, taken.conversation_id):
                return [queue.ARE_THEY_SAFE]
            queue.stop_waiting(session, taken.conversation_id)
            return [_NOT_WAITING]
        if (safe := _over(session, taken)) is not None:
            return [safe]
        now = datetime.now(UTC)
        last = session.scalar(
            select(func.max(Message.created_at)).where(
                Message.conversation_id == taken.conversation_id, Message.sender == Sender.bot
            )
        )
        is_danger = queue.is_for_danger(session, taken.conversation_id)
        every = _IN_DANGER_EVERY if is_danger else _ACKNOWLEDGE_EVERY
        if last and now - last < every and not (_CALLS.search(taken.text) or _asks_after_people(taken.text)):
            return []
        is_manned = bool(signing_in.present(session, now=now))
        waiting = queue.waiting_reply(session, taken.conversation_id, now=now, is_manned=is_manned)
        return [replace(waiting, text=f"您的话工作人员看得到。{waiting.text}")]

    # --- from the bot

    async def _from_bot(self, taken: Taken) -> list[Reply]:
        """[]: somebody else has answered while Rasa had no room. Raises RasaUnavailable."""
        replies = await self._from_rasa(taken) if taken.text else [_NO_WORDS]
        if not replies:
            return []
        if taken.done and taken.done[0].text not in {reply.text for reply in replies}:
            replies = list(taken.done)  # what was done is told, whatever the dialogue makes of the message now
        return _with_card(taken, replies)

    async def _from_rasa(self, taken: Taken) -> list[Reply]:
        had_to_wait = self._room.locked()
        async with self._room:
            if had_to_wait and not await self._in_thread(self._is_still_ours, taken.id):
                return []
            with stage("rasa"):
                # An earlier try was cut short; Rasa may remember its turn, whose replies nobody has.
                goes_on = taken.is_retry and not await self._rasa.take_back(taken.conversation_id, taken.id)
                # Nor is a session begun on a retry: Rasa may be at the first try still, and knows it by its session.
                if taken.is_long and not taken.is_retry and not await self._rasa.has_form(taken.conversation_id):
                    await self._rasa.start_session(taken.conversation_id)
                if taken.done and goes_on:
                    return list(taken.done)
                about = {"place": taken.place, "message": taken.id, "before": normalise(taken.before)}
                return await self._rasa.talk(taken.conversation_id, taken.text, metadata=about)

    def _is_still_ours(self, message_id: int) -> bool:
        """The claim may have lapsed while Rasa had no room, where the database could not be written."""
        return bool(self._renewed([message_id]))

    def _renewed(self, message_ids: Collection[int]) -> int:
        with self._sessions() as session:
            return claims.renew(session, message_ids)

    # --- kept

    def _keep(self, taken: Taken, replies: Sequence[Reply]) -> list[Message]:
        """The replies, and what they do to the conversation, in one transaction."""
        with self._sessions() as session, stage("render"):
            kept = self._kept(session, taken, replies)
            TURNS.labels(replies[0].kind.value).inc()
            return kept

    def _kept(self, session: Session, taken: Taken, replies: Sequence[Reply]) -> list[Message]:
        conversation = session.get(Conversation, taken.conversation_id)
        if conversation is None:
            return []  # deleted by the resident in between
        if taken.is_told and not (replies := [reply for reply in replies if _helps(reply)]):
            return messages.store_replies(session, taken.message, self._while_waiting(session, taken))
        for reply in replies:
            conversation.place_id = reply.effects.place or conversation.place_id
            conversation.is_green = conversation.is_green or reply.effects.is_green
        if not any(map(_helps, replies)) and (safe := _over(session, taken)) is not None:
            replies = [safe]
        reason = self._why_a_person(session, conversation, replies, taken.text)
        queued = self._queued(session, conversation, reason) if reason else None
        return messages.store_replies(session, taken.message, _together(*replies, queued))

    def _why_a_person(
        self, session: Session, conversation: Conversation, replies: Sequence[Reply], text: str
    ) -> str | None:
        """A reply calls for one, the second abstention in a row, or a rule of the place."""
        called = next((reply.effects.handoff for reply in replies if reply.effects.handoff), None)
        if called:
            return called
        is_stuck = replies[-1].kind is ReplyKind.abstention and messages.in_a_row(session, conversation.id)[0] >= 1
        if is_stuck and queue.is_open(session, datetime.now(UTC), conversation.place_id):
            return "abstained"
        return "rule" if queue.rule_for(session, text, place=conversation.place_id) else None

    def _queued(self, session: Session, conversation: Conversation, reason: str) -> Reply | None:
        told = messages.last_words(session, conversation.id)
        matter = "\n".join(line for line in told.splitlines() if len(line) >= 6)  # 转人工 alone has no topic
        # Only words said plainly count (绿色通道); a person confirms it.
        conversation.is_green = conversation.is_green or bool(green_reasons(told))
        topic = self._topic(matter) if matter else ""
        now = datetime.now(UTC)
        there = bool(signing_in.present(session, now=now))
        queued = queue.request(session, conversation, reason=reason, now=now, topic=topic, words=told, is_manned=there)
        if queued is None and conversation.status is ConversationStatus.waiting:  # asked for again
            return queue.waiting_reply(session, conversation.id, now=now, is_manned=there)
        return queued


def _is_alone(session: Session, conversation: Conversation, text: str, *, is_asked: bool) -> bool:
    if conversation.status is not ConversationStatus.waiting or text.startswith((*_LEAVING, queue.WAIT_ON)):
        return False
    if is_asked or _is_of_case(session, conversation, text) or _asks_meanwhile(text):
        return True
    if _asks_after_people(text):
        return False  # 前面还有几个人 is no question of law, at night neither
    now = datetime.now(UTC)
    return not (queue.is_open(session, now, conversation.place_id) and signing_in.present(session, now=now))


def _asks_meanwhile(text: str) -> bool:
    is_asked = phrases.is_question(text) or bool(_WHERE.search(text))
    return is_asked and _names_a_matter(text)


def _asks_after_people(text: str) -> bool:
    is_asked = phrases.is_question(text) or bool(_HOW_MANY.search(text))
    return is_asked and len(_OF_PEOPLE.sub("", text)) < _MATTER


def _names_a_matter(text: str) -> bool:
    return len(text) >= _LEAST_ASKED and not _CALLS.search(text) and len(_OF_PEOPLE.sub("", text)) >= _MATTER


def _is_of_case(session: Session, conversation: Conversation, text: str) -> bool:
    """A card's button, or words about a case of theirs: 催一下 met silence while a person was on the way."""
    if numbers.find(text)[0]:
        return True
    is_meant = bool(_OF_CASE.search(text)) or (case.verdict(text) is not None and not _CALLS.search(text))
    return len(text) <= _ON_CASE and is_meant and bool(finding.of_person(session, conversation.id))


def _is_told(session: Session, conversation: Conversation, text: str) -> bool:
    """A trouble told to the people who are to come: it is answered, unless they come for danger."""
    is_waiting = conversation.status is ConversationStatus.waiting and not text.startswith((*_LEAVING, queue.WAIT_ON))
    return is_waiting and _names_a_matter(text) and not queue.is_for_danger(session, conversation.id)


def _add_to_case(session: Session, taken: Taken, now: datetime) -> None:
    """What was meant for a case gets there too, for the dialogue doesn't hear who is in danger; after the card."""
    key = f"m{taken.id}-supplement"
    with suppress(ActionError):
        case = moves.supplement_by_number(session, taken.conversation_id, taken.message.text, key=key, now=now)
        if case:
            told = Reply(ReplyKind.text, f"您写的也补充进 {numbers.spoken(case.number)} 了，办事的人看得到。")
            delivery.tell(session, taken.conversation_id, told, key=key)
            session.commit()


def _over(session: Session, taken: Taken) -> Reply | None:
    """What somebody hears who was in danger today and says that it is over; None for other words."""
    conversation = session.get(Conversation, taken.conversation_id)
    since = conversation.emergency_at if conversation else None
    if conversation is None or since is None or taken.danger or datetime.now(UTC) - since > _A_DAY:
        return None
    return card.safe_reply(taken.text, conversation.emergency_kind or "")


def _together(*replies: Reply | None) -> list[Reply]:
    return [reply for reply in replies if reply is not None]


def _with_card(taken: Taken, replies: list[Reply]) -> list[Reply]:
    """With what to do in danger behind them, where there may be one."""
    # A long message that begins a form tells the trouble; what is said within one is an answer to it.
    in_form = (taken.is_asked or any(reply.form for reply in replies)) and len(taken.text) < _TOLD
    if taken.danger is None or (taken.is_feared and in_form) or _is_far_fetched(taken, replies):
        return replies
    told = card.reply(taken.danger, taken.text)
    return [told, *replies] if _is_tale_with_choices(taken, replies) else [*replies, told]


def _is_unhelped(taken: Taken, replies: Sequence[Reply]) -> bool:
    """In likely danger, and nothing that was said is of use."""
    if _is_tale_with_choices(taken, replies):
        return False
    return taken.is_likely and bool(replies) and not any(map(_helps, replies))


def _is_tale_with_choices(taken: Taken, replies: Sequence[Reply]) -> bool:
    """A long told trouble in which there is likely danger, and in which questions of ours were found: the card comes
    first, and what was found isn't lost. A tofu maker whose helper had been in hospital for two days heard nothing but
    to call an ambulance. Who may want to die is never left to a list.
    """
    if taken.danger is None or taken.danger.kind is EmergencyKind.self_harm:
        return False
    return taken.is_likely and len(taken.text) >= _TALE and any(map(_is_choice, replies))


def _is_choice(reply: Reply) -> bool:
    return reply.kind is ReplyKind.asking and bool(reply.buttons) and not reply.form


def _is_far_fetched(taken: Taken, replies: Sequence[Reply]) -> bool:
    """Hardly feared: of somebody who says thanks, and is answered in kind, or whose question found its sure answer.
    房贷水电把我勒得喘不过气，公积金能提吗 is asked of money; where life hangs on minutes the line stays.
    """
    if taken.danger is None or not taken.is_feared or taken.is_likely:
        return False
    is_chat = all(reply.kind is ReplyKind.smalltalk for reply in replies)
    is_answered = any(reply.kind is ReplyKind.answer and (reply.confidence or 0) >= _SURE for reply in replies)
    if is_answered and taken.danger.guidance == MAYBE and taken.danger.kind not in NEVER_DOUBTED:
        return True
    return is_chat and bool(_THANKS.search(taken.text))


def _helps(reply: Reply) -> bool:
    """What an alarm that is only a guess gives way to: something found, done or asked for; no small talk, no abstention
    and no questions to choose from.
    """
    return bool(reply.form) or reply.kind in _HELPING
