"""News of conversations as they come: who listens in this process, and one look a second at the database for all."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation, ConversationStatus, Message
from bot.web.problems import ApiError

log = logging.getLogger("linli.web")
LOOK_EVERY_S = 1.0
# Behind one address of a telephone company sits a township; whoever finds no room asks every few seconds instead.
MOST, MOST_AN_ADDRESS = 400, 40
_TYPING_LASTS = timedelta(seconds=6)


@dataclass(frozen=True)
class Standing:
    """How a conversation stands, all that may make news: two that are equal have nothing new between them."""

    page_count: int
    status: ConversationStatus
    agent: str | None
    is_typing: bool
    newest: int | None
    degraded: str | None


@dataclass(eq=False)
class Stream:
    """One page that listens. `page_count`: of its token; once the conversation's is another, the page has no more
    right to it.
    """

    conversation_id: str
    page_count: int
    address: str
    is_over: bool = False
    standing: Standing | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, found: Standing | None) -> None:
        """`found`: None where the conversation was deleted."""
        if found is None or found.page_count != self.page_count:
            self.end()
        elif found != self.standing:
            self.standing = found
            self._changed.set()

    def end(self) -> None:
        self.is_over = True
        self._changed.set()

    async def wait(self, seconds: float) -> bool:
        """Whether anything changed meanwhile, or since the last time."""
        try:
            await asyncio.wait_for(self._changed.wait(), max(0.0, seconds))
        except TimeoutError:
            return False
        self._changed.clear()
        return True


class Live:
    """One an app. Its streams are touched on the event loop only."""

    def __init__(self, sessions: Callable[[], Session], degraded: Callable[[], str | None]) -> None:
        self._sessions, self._degraded = sessions, degraded
        self._streams: set[Stream] = set()
        self._beating: asyncio.Task[None] | None = None
        self._is_over = False

    def listen(self, conversation_id: str, page_count: int, *, address: str) -> Stream:
        """Until `leave`. Raises ApiError (503) where there is no room: the page then asks for its news."""
        near = sum(stream.address == address for stream in self._streams)
        if self._is_over or len(self._streams) >= MOST or near >= MOST_AN_ADDRESS:
            raise ApiError(503, "no_room", "现在开着的页面太多，新消息会慢几秒。")
        stream = Stream(conversation_id, page_count, address)
        self._streams.add(stream)
        if self._beating is None or self._beating.done():
            self._beating = asyncio.create_task(self._beat())
        return stream

    def leave(self, stream: Stream) -> None:
        self._streams.discard(stream)

    def end(self) -> None:
        """The process stops: an open stream would keep it from doing so."""
        self._is_over = True
        for stream in self._streams:
            stream.end()

    async def _beat(self) -> None:
        """While anybody listens."""
        while self._streams:
            asked = {stream.conversation_id for stream in self._streams}
            try:
                found = await run_in_threadpool(self._look, asked)
            except SQLAlchemyError as error:  # a database that is busy is asked again at the next beat
                log.warning("live %s", type(error).__name__)
            else:
                for stream in self._streams:
                    if stream.conversation_id in asked:
                        stream.hear(found.get(stream.conversation_id))
            await asyncio.sleep(LOOK_EVERY_S)

    def _look(self, conversation_ids: Iterable[str]) -> dict[str, Standing]:
        newest = select(func.max(Message.id)).where(Message.conversation_id == Conversation.id).scalar_subquery()
        asked = select(
            Conversation.id,
            Conversation.page_count,
            Conversation.status,
            Conversation.agent_name,
            Conversation.agent_typing_at,
            newest,
        ).where(Conversation.id.in_(conversation_ids))
        now, degraded = datetime.now(UTC), self._degraded()
        with self._sessions() as session:
            return {
                own: Standing(count, status, agent, is_typing(typing_at, now), last, degraded)
                for own, count, status, agent, typing_at, last in session.execute(asked)
            }


def is_typing(typing_at: datetime | None, now: datetime) -> bool:
    return typing_at is not None and now - typing_at < _TYPING_LASTS
