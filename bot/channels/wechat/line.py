"""An official account at work: what taking, answering and sending share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.channels.base import Sessions
from bot.channels.wechat.accounts import Account
from bot.channels.wechat.links import Links


@dataclass(frozen=True)
class Patience:
    """How long is waited for what; tests shorten all of it, in the same order."""

    # of WeChat's five seconds; the rest is for the way, the database, and the queue before us when many write at once
    reply_s: float = 3.2
    look_again_s: float = 0.2
    # a delivery this long after the first comes because WeChat didn't get our answer
    gave_up: timedelta = timedelta(seconds=4.5)
    settled: timedelta = timedelta(seconds=2)  # until something lying is sent: a passive reply would have taken it
    not_asked_again: timedelta = timedelta(seconds=20)  # after the first delivery: three of five seconds each are over
    sending_lapses: timedelta = timedelta(seconds=30)  # somebody's turn to send, where they were killed


USUAL = Patience()


@dataclass(frozen=True)
class Line:
    """`greeting`: of somebody who follows, from this village; `others`: the installation's other accounts, by appid, as
    residents know them.
    """

    account: Account
    sessions: Sessions
    links: Links
    greeting: Callable[[str | None], str]
    others: Mapping[str, str] = field(default_factory=dict)
    patience: Patience = USUAL
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
