"""So many in so long."""

import time
from collections import defaultdict, deque

from fastapi import Request

from bot.web.problems import ApiError


class RateLimit:
    """Sliding minute in memory; one app process holds it."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = defaultdict(deque)

    def check(self, key: str, most: int) -> None:
        now, seen = time.monotonic(), self._seen[key]
        while seen and seen[0] < now - 60:
            seen.popleft()
        if len(seen) >= most:
            raise ApiError(429, "too_many", "您发得太快了，请歇一分钟再发。急事请拨打 12345；危险时拨打 110。")
        seen.append(now)
        if len(self._seen) > 20_000:
            self._seen.clear()


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"
