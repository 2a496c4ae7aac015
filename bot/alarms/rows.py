"""Alarms as rows, which `queue.raise_alarm` makes with the conversation's own change: due while its resident waits,
tried again until told.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.conversations.models import Alarm, Conversation
from bot.conversations.status import Status
from knowledge.tables import changed

_GIVEN_UP_AFTER = timedelta(days=1)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=5)


def due(session: Session, *, now: datetime) -> list[int]:
    """Of residents whom nobody has taken yet, oldest first. What is a day old is no alarm any more."""
    return list(
        session.scalars(
            select(Alarm.id)
            .join(Conversation, Conversation.id == Alarm.conversation_id)
            .where(
                Alarm.told_at.is_(None),
                Alarm.next_try_at <= now,
                Alarm.made_at > now - _GIVEN_UP_AFTER,
                (Conversation.status == Status.waiting)
                | ((Conversation.status == Status.bot) & Conversation.emergency_at.is_not(None)),
            )
            .order_by(Alarm.id)
        )
    )


def claim(session: Session, alarm_id: int, *, now: datetime) -> Alarm | None:
    """This try of it is ours, and when the next would be is settled; None: another process has it."""
    alarm = session.get(Alarm, alarm_id)
    if alarm is None:
        return None
    wait = min(_FIRST_WAIT * 2 ** min(alarm.tries, 10), _LONGEST_WAIT)
    ours = changed(
        session,
        update(Alarm)
        .where(Alarm.id == alarm_id, Alarm.next_try_at <= now, Alarm.told_at.is_(None))
        .values(tries=alarm.tries + 1, next_try_at=now + wait),
    )
    session.commit()
    session.refresh(alarm)
    return alarm if ours else None


def note_told(session: Session, alarm: Alarm, told: Sequence[str], *, is_done: bool, now: datetime) -> None:
    alarm.told = [*alarm.told, *told]
    alarm.told_at = now if is_done else None
    session.commit()
