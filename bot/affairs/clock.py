"""What falls due in the affairs of a village: one line a subject."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from actions.topics import clock as topics
from actions.topics.counting.keys import TopicKeys
from bot.settings import Settings

Tick = Callable[[Session, datetime], object]
"""Everything due at this time (UTC), each thing once however often it is called; it commits itself."""


def _topics(session: Session, now: datetime) -> None:
    topics.tick(session, now, keys=TopicKeys(Settings().topic_keys))


CLOCKS: tuple[Tick, ...] = (_topics,)


def tick(session: Session, now: datetime) -> None:
    for each in CLOCKS:
        each(session, now)
