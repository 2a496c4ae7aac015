"""What falls due in the affairs of a village: one line a subject."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from actions.disclosure import schedule as disclosure
from actions.roster import retention as roster

Tick = Callable[[Session, datetime], object]
"""Everything due at this time (UTC), each thing once however often it is called; it commits itself."""

CLOCKS: tuple[Tick, ...] = (
    roster.tick,
    disclosure.tick,
)


def tick(session: Session, now: datetime) -> None:
    for each in CLOCKS:
        each(session, now)
