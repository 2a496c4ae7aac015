"""How the contract tests speak on a channel. Each kind brings its lines in `tests/bot/channels/<kind>/lines.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from bot.channels.base import Channel

ANSWER = "可以先找村委会调解。"  # to whatever a resident says


@dataclass(frozen=True)
class Bench:
    """One resident on one line.

    `say`: (text, key), delivered as the channel does; with the same key it is the same word delivered once more.
    `heard`: our texts, as they reached the resident. `later`: so much time goes by.
    """

    channel: Channel
    sessions: sessionmaker[Session]
    say: Callable[[str, int], None]
    heard: Callable[[], list[str]]
    later: Callable[[timedelta], None]


Makes = Callable[[sessionmaker[Session], Path], Bench]
