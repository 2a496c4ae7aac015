"""So many in so long, over all apps."""

import secrets

from bot.shared.server import Shared

# By the clock of Redis, so that the apps' own may differ. What is refused doesn't count.
_COUNT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
"""


class SharedCount:
    """Sliding span. `name`: what is counted; a key is kept no longer than its span."""

    def __init__(self, shared: Shared, name: str, *, span_s: float) -> None:
        self._shared, self._name, self._span_ms = shared, name, int(1000 * span_s)
        self._script = shared.client.register_script(_COUNT)

    def has_room(self, key: str, most: int) -> bool | None:
        """Whether it was counted; False: it has been there `most` times; None: Redis is away."""
        kept = self._shared.key(self._name, key)
        found = self._shared.ask(lambda _: self._script(keys=[kept], args=[self._span_ms, most, secrets.token_hex(8)]))
        return None if found is None else bool(found)
