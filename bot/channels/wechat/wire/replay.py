"""Outside safe mode WeChat signs token, time and nonce, and not the body: who has seen one address line, in a proxy's
log, could put other words under it (消息加解密说明). So a signature goes with the first body that came under it.
"""

import hashlib
import threading
from collections import OrderedDict

from bot.channels.wechat.wire.crypto import WechatRefused

_LASTS_S = 300  # what a request's own time may differ from ours: older ones are refused anyway
_AGAIN_S = 30.0  # WeChat delivers three times within 15 s
_MOST = 100_000


class SeenBodies:
    """Of one account, since `started`: what was signed before that may have been seen and is forgotten here."""

    def __init__(self, *, started: float) -> None:
        self._started = started
        self._seen: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._turn = threading.Lock()

    def check(self, signature: str, body: bytes, *, stamp: str, now: float) -> None:
        """Raises WechatRefused."""
        if int(stamp) < self._started - _AGAIN_S:
            raise WechatRefused("signed before we started")
        digest = hashlib.sha256(body).digest()
        with self._turn:
            while self._seen and (len(self._seen) > _MOST or next(iter(self._seen.values()))[0] < now - 2 * _LASTS_S):
                self._seen.popitem(last=False)
            at, first = self._seen.setdefault(signature, (now, digest))
        if first != digest:
            raise WechatRefused("another body under this signature")
        if abs(now - at) > _AGAIN_S:
            raise WechatRefused("said again too late")
