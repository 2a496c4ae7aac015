"""Replies and notices within their windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels.wechat.ledger import Part
from bot.channels.wechat.models import WechatReceipt
from bot.channels.wechat.text import MOST_BYTES

# of the five seconds; the rest is for the way, the database, and the queue before us when many write at once
PATIENCE_S = 3.2
_GAVE_UP = timedelta(seconds=4.5)  # a delivery this long after the first comes because WeChat didn't get our answer
_LOOK_AGAIN_S = 0.2
_SETTLED = timedelta(seconds=2)
_NOT_ASKED_AGAIN = timedelta(seconds=20)  # after the first delivery: three of five seconds each are over

_AGAIN = "（补发，收到过就不用再看）\n"
_FETCH = 4  # so few characters, once we have asked for them ("回复任意文字"), are no message of their own
_MORE = "\n（还有，回复任意文字接着看）"
_ROOM = MOST_BYTES - len((_AGAIN + _MORE).encode())
_NOTICE = "您的事有了新消息，点开查看。"
_NOT_FOLLOWING = 43004  # 全局返回码

_LEARN_AGAIN = timedelta(minutes=10)
_PENDING = "这个问题我还在查。过几秒回复任意一个字，我就把结果给您。"


@dataclass(frozen=True)
class Taken:
    """One delivery, stored.

    `message_id`: what is to be answered, None where there is nothing; `delivery`: which one of its message, from 1.
    """

    contact_id: int
    conversation_id: str
    key: str
    message_id: int | None
    delivery: int
    arrived_at: datetime


def _once_more(receipt: WechatReceipt) -> str:
    return _AGAIN + (receipt.reply or "").removeprefix(_AGAIN).removesuffix(_MORE)


def _merged(parts: Sequence[Part], *, room: int, text: str = "") -> tuple[str, list[Part]]:
    """`text` and the first parts in one text of at most `room` bytes, and those parts."""
    taken = []
    for part in parts:
        longer = f"{text}\n\n{part.text}" if text else (_AGAIN if part.is_cut else "") + part.text
        if len(longer.encode()) > room and text:
            break
        text, taken = longer, [*taken, part]
    return text, taken
