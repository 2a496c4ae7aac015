"""A push taken once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from bot.channels.base import Answer
from bot.channels.wechat import events, ledger
from bot.channels.wechat.accounts import Account
from bot.channels.wechat.line import Line
from bot.channels.wechat.models import WechatReceipt
from bot.channels.wechat.outbound import Outbound, Taken
from bot.channels.wechat.wire.replay import SeenBodies
from bot.channels.wechat.wire.text import shown
from bot.channels.wechat.wire.xml import Incoming
from bot.conversations.models import Conversation, Message
from bot.emergency import card

log = logging.getLogger("linli.wechat")

_CARD_DUE_S = 3.5  # WeChat waits for five

P = ParamSpec("P")
T = TypeVar("T")


class Inbound:
    """Of one official account."""

    def __init__(self, line: Line, outbound: Outbound, *, answer: Answer) -> None:
        self.line, self._outbound, self._answer = line, outbound, answer
        self.seen = SeenBodies(started=line.now().timestamp())
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by message: what is being answered here
        # One for the books: SQLite has one writer, and threads that wait for each other there sleep up to 0.1 s a time.
        self._books = ThreadPoolExecutor(1, "wechat-books")

    @property
    def account(self) -> Account:
        return self.line.account

    async def receive(self, incoming: Incoming, *, is_gone: Callable[[], Awaitable[bool]]) -> str:
        """The text of the passive reply, "" for `success`. Each delivery of a message comes here; one of them carries
        the reply.

        `is_gone`: whether WeChat has hung up, so that nobody would hear it. What to do in danger is told even where the
        words can't be stored or answered.
        """
        receiving = asyncio.create_task(self._received(incoming, is_gone))
        urgent = card.by_rules(_words(incoming))
        if urgent:
            reply, _ = urgent
            await asyncio.wait({receiving}, timeout=_CARD_DUE_S)
            if not receiving.done() or isinstance(receiving.exception(), (SQLAlchemyError, OSError)):
                # It goes on; what becomes of it is heard with the next word, or by the customer-service API.
                receiving.add_done_callback(lambda task: task.cancelled() or task.exception())
                return shown(reply, sources=None)
        return await receiving

    async def _received(self, incoming: Incoming, is_gone: Callable[[], Awaitable[bool]]) -> str:
        loop, arrived_at = asyncio.get_running_loop(), self.line.now()
        deadline = loop.time() + self.line.patience.reply_s
        taken = await self._in_thread(self._take, incoming, arrived_at)
        is_answered = taken.message_id is None or await self._waited(taken.message_id, deadline)
        # hundreds may be at it still in the same moment: they cost next to nothing
        text, is_sure = "", taken.message_id in self._tasks
        while not is_sure and not await is_gone():
            text, is_sure = await self._in_thread(self._outbound.reply, taken)
            if is_sure or loop.time() >= deadline:
                break
            await asyncio.sleep(self.line.patience.look_again_s)
        if not text and not is_answered and not self.account.has_customer_service:
            text = await self._in_thread(self._outbound.later, taken)
        return text

    async def left_us(self, incoming: Incoming) -> None:
        """The reply to a delivery was handed to the network. Until then a killed process has said nothing."""
        await self._in_thread(self._outbound.note_left, incoming)

    async def _waited(self, message_id: int, deadline: float) -> bool:
        """Until the message is answered, here or elsewhere, or the deadline on the loop's clock. Whether it is."""
        loop = asyncio.get_running_loop()
        await asyncio.wait({self._answering(message_id)}, timeout=max(0.0, deadline - loop.time()))
        is_answered = False
        while not is_answered and loop.time() < deadline:
            is_answered = await self._in_thread(self._is_answered, message_id)
            if not is_answered:
                await asyncio.sleep(self.line.patience.look_again_s)  # Rasa is away, or another process is at it
        return is_answered

    async def _in_thread(self, work: Callable[P, T], *arguments: P.args, **more: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._books, lambda: work(*arguments, **more))

    def _answering(self, message_id: int) -> asyncio.Task[None]:
        """One task for all deliveries of a message. Kept here, so an answer goes on when WeChat has hung up."""
        task = self._tasks.get(message_id)
        if task is None:
            task = self._tasks[message_id] = asyncio.create_task(self._quietly(message_id))
            task.add_done_callback(lambda _: self._tasks.pop(message_id))
        return task

    async def _quietly(self, message_id: int) -> None:
        try:
            await self._answer(message_id)
        except Exception as error:  # the message stays unanswered and is taken up again by the app's watch
            log.error("wechat message=%s %s", message_id, type(error).__name__)

    def _take(self, incoming: Incoming, arrived_at: datetime) -> Taken:
        """Stored before anything is done with it."""
        with self.line.sessions() as session:
            contact = ledger.contact_of(session, self.account.appid, incoming.openid, place=self.account.place)
            known = session.get(WechatReceipt, (contact.id, incoming.key))
            if known is not None:
                message_id = known.message_id
            else:
                conversation = session.get_one(Conversation, contact.conversation_id)
                arrival = events.Arrival(self.line, session, contact, conversation, incoming, arrived_at)
                message_id = events.take(arrival)
            delivery_number = ledger.arrive(
                session,
                contact,
                incoming.key,
                message_id=message_id,
                is_known=known is not None,
                is_word=incoming.kind != "event",
                now=arrived_at,
            )
            return Taken(contact.id, contact.conversation_id, incoming.key, message_id, delivery_number, arrived_at)

    def _is_answered(self, message_id: int) -> bool:
        with self.line.sessions() as session:
            message = session.get(Message, message_id)
            return message is None or message.answered_at is not None


def _words(incoming: Incoming) -> str:
    """Typed, or what WeChat heard in a voice message."""
    return incoming.fields.get("Content") or incoming.fields.get("Recognition") or ""
