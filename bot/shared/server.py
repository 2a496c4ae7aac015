"""Redis, where several apps share one: what is asked of it is answered soon, or not at all."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger("linli.redis")
_PATIENCE_S = 0.5  # a resident waits; in a house's network an answer takes a millisecond
_LEFT_ALONE_S = 5.0  # after it was away, so that no turn but one waits for it

_T = TypeVar("_T")


class RedisUnfit(Exception):
    """The setting can't be read; one sentence in Chinese."""


class Shared:
    """What is asked is done, or `None` comes back: Redis is away, and this process goes on by itself."""

    def __init__(self, url: str, *, secret: str, name: str = "linli") -> None:
        """`secret`: without it nobody tells from what lies there who it was about; `name`: before every key. Raises
        RedisUnfit.
        """
        try:
            self.client = Redis.from_url(
                url,
                socket_connect_timeout=_PATIENCE_S,
                socket_timeout=_PATIENCE_S,
                decode_responses=True,
                retry=Retry(NoBackoff(), 1),  # a connection that Redis closed while nothing was asked
                max_connections=50,
            )
        except ValueError as error:
            raise RedisUnfit("LINLI_REDIS 应当像 redis://:密码@主机:6379/0 这样写") from error
        self.name, self._secret = name, hashlib.sha256(secret.encode()).digest()
        self._back_at, self._was_away, self._lock = 0.0, False, threading.Lock()

    @property
    def is_away(self) -> bool:
        """As the last call found it."""
        return self._was_away

    def key(self, *of: str) -> str:
        """Of what nobody may read there."""
        said = hashlib.blake2b("\0".join(of).encode(errors="surrogatepass"), key=self._secret, digest_size=16)
        return f"{self.name}:{of[0]}:{said.hexdigest()}"

    def ask(self, work: Callable[["Redis"], _T]) -> _T | None:
        if time.monotonic() < self._back_at:
            return None
        try:
            found = work(self.client)
        except (RedisError, OSError) as error:
            self._note(error)
            return None
        if self._was_away:
            self._note(None)
        return found

    def _note(self, error: Exception | None) -> None:
        with self._lock:
            if error is not None and not self._was_away:
                log.error("redis away, each app counts by itself: %s", type(error).__name__)
            elif error is None and self._was_away:
                log.warning("redis is back")
            self._was_away = error is not None
            self._back_at = time.monotonic() + _LEFT_ALONE_S if error else 0.0

    def look(self) -> str | None:
        """What is wrong with it now, in one sentence; None: nothing."""
        try:
            self.client.ping()
        except RedisError as error:
            return f"连不上（{type(error).__name__}）"
        return None

    def close(self) -> None:
        self.client.close()
