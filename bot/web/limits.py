"""So many in so long."""

import threading
import time
from collections import defaultdict, deque

from fastapi import Request

from bot.web.problems import ApiError

_MOST_KEYS = 20_000


class RateLimit:
    """Sliding minute in memory; one app process holds it."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = defaultdict(deque)
        self._turn = threading.Lock()  # endpoints ask from their threads

    def check(self, key: str, most: int) -> None:
        """Raises ApiError when `key` has been there `most` times in the last minute."""
        with self._turn:
            if not self._has_room(key, most):
                raise ApiError(429, "too_many", "您发得太快了，请歇一分钟再发。急事请拨打 12345；危险时拨打 110。")

    def _has_room(self, key: str, most: int) -> bool:
        now, seen = time.monotonic(), self._seen[key]
        while seen and seen[0] < now - 60:
            seen.popleft()
        if len(seen) >= most:
            return False
        seen.append(now)
        if len(self._seen) > _MOST_KEYS:
            self._seen.clear()
        return True


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"
