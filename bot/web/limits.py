"""So many in so long."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from fastapi import Request

from bot.shared.counting import SharedCount
from bot.shared.server import Shared
from bot.web.problems import ApiError

_MOST_KEYS = 20_000
_HOUSEHOLD = 64  # bits of an IPv6 address that its network is known by
_TOO_FAST = "您发得太快了，请歇一分钟再发。急事请拨打 12345；危险时拨打 110。"


class RateLimit:
    """Sliding minute, or another span: in the memory of this process, or where all apps count together. While that is
    away, each counts by itself, from what it has seen.
    """

    def __init__(
        self,
        *,
        span_s: float = 60,
        refusal: str = _TOO_FAST,
        together: Callable[[str, int], bool | None] = lambda _, __: None,
    ) -> None:
        """`together`: whether a key, counted at so many at most, has room with all apps; None: that can't be told."""
        self._span_s, self._refusal, self._together = span_s, refusal, together
        self._seen: dict[str, deque[float]] = {}
        self._turn = threading.Lock()  # endpoints ask from their threads

    def check(self, key: str, most: int) -> None:
        """Raises ApiError when `key` has been there `most` times in the span. It may ask over the network: not on the
        event loop.
        """
        has_room = self._together(key, most)
        with self._turn:
            if has_room is None:
                has_room = self._has_room(key, most)
            elif has_room:
                self._has_room(key, most)  # what this process has seen, should it have to go on alone
        if not has_room:
            raise ApiError(429, "too_many", self._refusal)

    def _has_room(self, key: str, most: int) -> bool:
        now, seen = time.monotonic(), self._seen.pop(key, deque())
        self._seen[key] = seen  # the last one heard stands last, also one that is refused
        while seen and seen[0] < now - self._span_s:
            seen.popleft()
        if len(seen) >= most:
            return False
        seen.append(now)
        if len(self._seen) > _MOST_KEYS:
            self._drop_old(now)
        return True

    def _drop_old(self, now: float) -> None:
        """Whose minute is over, then those heard longest ago: nobody's limit is lifted by others' coming."""
        for key in [key for key, seen in self._seen.items() if not seen or seen[-1] < now - self._span_s]:
            del self._seen[key]
        if len(self._seen) > _MOST_KEYS:
            for key in list(self._seen)[: _MOST_KEYS // 10]:
                del self._seen[key]


@dataclass(frozen=True)
class Limits:
    """What an app's limits are made of: where all apps count, if they do."""

    shared: Shared | None = None

    def of(self, name: str, *, span_s: float = 60, refusal: str = _TOO_FAST) -> RateLimit:
        if self.shared is None:
            return RateLimit(span_s=span_s, refusal=refusal)
        count = SharedCount(self.shared, name, span_s=span_s)
        return RateLimit(span_s=span_s, refusal=refusal, together=count.has_room)


ALONE = Limits()


def address_of(request: Request) -> str:
    """Whom limits hold for. With IPv6 a household has 2^64 addresses or more (RFC 6177), so it is their network."""
    host = request.client.host if request.client else "unknown"
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(found, IPv6Address):
        return host
    return str(found.ipv4_mapped or ip_network((found, _HOUSEHOLD), strict=False))


def is_own_machine(request: Request) -> bool:
    """Behind a proxy that is trusted the address is the visitor's."""
    try:
        return ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False


def is_https(request: Request, public_url: str) -> bool:
    """Whether the browser came by https: it says so itself, a trusted proxy does, or it came to the address that
    LINLI_PUBLIC_URL names with https.
    """
    public = urlsplit(public_url)
    is_public = public.scheme == "https" and request.headers.get("host", "") == public.netloc
    return request.url.scheme == "https" or is_public
