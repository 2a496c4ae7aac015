"""One message of a conversation at a time, in the order of their coming, also where several Rasas serve it.

With LINLI_REDIS Rasas queue there: one Lua script takes a place, keeps it and says whose turn it is. Rasa's own
RedisLockStore (3.6.21) reads the tickets, adds one and writes all back, so two processes that do so at once issue the
same number and both act; it asks with a blocking call, once a second, and whoever acts for more than a minute loses the
lock. While Redis is away each Rasa queues by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, LockStore
from rasa.utils.endpoints import EndpointConfig
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

LEASE_S = 8.0  # from the last sign of life; who is killed is waited for so long
RENEWED_EVERY_S = 2.0
_LOOK_EVERY_S = 0.05
_PATIENCE_S = 3.0  # it answers in a millisecond, but thirty turns may hold the loop for more than half a second
_LEFT_ALONE_S = 10.0  # after it was away, so that few turns wait for it

# KEYS: places, ends of leases, by ticket. ARGV: ticket, lease in ms, place ("0": none yet). By the clock of Redis. A
# place is later than all that are taken, whatever the clock does; a ticket whose lease has ended, or that an emptied
# Redis doesn't know any more, gets its old place back. -> {its place, whether nobody stands before it}
_STAND = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. now)) do
  redis.call('ZREM', KEYS[1], gone)
  redis.call('ZREM', KEYS[2], gone)
end
local place = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not place then
  place = tonumber(ARGV[3])
  if place == 0 then
    local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
    place = math.max(now, (tonumber(last[2]) or 0) + 1)
  end
  redis.call('ZADD', KEYS[1], string.format('%.0f', place), ARGV[1])
end
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[2] * 1000), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {string.format('%.0f', place), redis.call('ZRANGE', KEYS[1], 0, 0)[1] == ARGV[1] and 1 or 0}
"""
_LEAVE = """
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
"""

_T = TypeVar("_T")


class Away(Exception):
    """Redis doesn't answer."""


@dataclass
class _Place:
    """Of one message in the queue of its conversation."""

    keys: list[str]
    ticket: str = field(default_factory=lambda: uuid.uuid4().hex)
    number: str = "0"
    is_over: asyncio.Event = field(default_factory=asyncio.Event)


class SharedQueues:
    """On one Redis, for all Rasas."""

    def __init__(
        self, url: str, secret: str, *, lease_s: float = LEASE_S, renewed_every_s: float = RENEWED_EVERY_S
    ) -> None:
        """`secret`: without it nobody tells from what lies there which conversations go on."""
        patience = {"socket_timeout": _PATIENCE_S, "socket_connect_timeout": _PATIENCE_S}
        # A connection that ended with an earlier Redis says nothing of this one; what is asked may be asked twice.
        again = {"retry": Retry(NoBackoff(), 1), "retry_on_error": [RedisConnectionError]}
        self._redis = Redis.from_url(url, decode_responses=True, max_connections=200, **patience, **again)
        self._stand, self._gone = self._redis.register_script(_STAND), self._redis.register_script(_LEAVE)
        self._secret = hashlib.sha256(secret.encode()).digest()
        self._lease_ms, self._renewed_every_s = int(1000 * lease_s), renewed_every_s
        self._back_at, self._was_away = 0.0, False

    @asynccontextmanager
    async def turn(self, conversation_id: str) -> AsyncIterator[None]:
        """Entered when nobody stands before us, or when Redis is away."""
        of = hashlib.blake2b(conversation_id.encode(), key=self._secret, digest_size=16).hexdigest()
        place = _Place([f"linli:lock:{{{of}}}:{part}" for part in ("places", "ends")])
        renewing: asyncio.Task[None] | None = None
        try:
            with contextlib.suppress(Away):
                while not await self._is_first(place):
                    await asyncio.sleep(_LOOK_EVERY_S)
            renewing = asyncio.create_task(self._renewed(place))
            yield
        finally:
            await asyncio.shield(self._leave(place, renewing))  # also of a turn that is ended from outside

    async def _is_first(self, place: _Place) -> bool:
        about = [place.ticket, self._lease_ms, place.number]
        place.number, is_first = await self._ask(lambda: self._stand(keys=place.keys, args=about))
        return bool(is_first)

    async def _renewed(self, place: _Place) -> None:
        while place.number != "0" and not place.is_over.is_set():  # 0: taken while Redis was away
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(place.is_over.wait(), self._renewed_every_s)
                return
            with contextlib.suppress(Away):
                await self._is_first(place)

    async def _leave(self, place: _Place, renewing: asyncio.Task[None] | None) -> None:
        """A renewal that is on its way is waited for: it would stand there again. Where Redis is away the lease ends by
        itself.
        """
        place.is_over.set()
        if renewing is not None:
            await renewing
        with contextlib.suppress(Away):
            await self._ask(lambda: self._gone(keys=place.keys, args=[place.ticket]))

    async def _ask(self, work: Callable[[], Awaitable[_T]]) -> _T:
        """Raises Away, at once where it was away a moment ago."""
        if time.monotonic() < self._back_at:
            raise Away
        try:
            found = await work()
        except (TimeoutError, RedisError, OSError) as error:
            self._note(error)
            raise Away from error
        if self._was_away:
            self._note(None)
        return found

    def _note(self, error: Exception | None) -> None:
        if error is not None and not self._was_away:
            logger.error("redis away, this Rasa queues by itself: %s", type(error).__name__)
        elif error is None:
            logger.warning("redis is back")
        self._was_away = error is not None
        self._back_at = time.monotonic() + _LEFT_ALONE_S if error else 0.0


@dataclass
class _Here:
    """A lock that is forgotten when nobody wants it any more. asyncio's lets in who came first."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0


class Locks(LockStore):
    """What bot/endpoints.yml names."""

    def __init__(self, endpoint_config: EndpointConfig | None = None, *, shared: SharedQueues | None = None) -> None:
        url = os.environ.get("LINLI_REDIS", "")
        self._shared = shared or (SharedQueues(url, os.environ["LINLI_RASA_SECRET"]) if url else None)
        self._here: dict[str, _Here] = {}

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = LOCK_LIFETIME, wait_time_in_seconds: float = 1
    ) -> AsyncGenerator[TicketLock, None]:
        """Until the block ends, however long that takes; the times that Rasa names aren't asked."""
        shared = self._shared.turn(conversation_id) if self._shared else contextlib.nullcontext()
        async with shared, self._turn_here(conversation_id):  # here, too: for what began while Redis was away
            yield self.create_lock(conversation_id)

    @asynccontextmanager
    async def _turn_here(self, conversation_id: str) -> AsyncIterator[None]:
        here = self._here.setdefault(conversation_id, _Here())
        here.wanted += 1
        try:
            async with here.lock:
                yield
        finally:
            here.wanted -= 1
            if not here.wanted:
                del self._here[conversation_id]
