"""Alarms as rows: of danger `queue.raise_alarm` makes them with the conversation's own change, of those who wait too
long `raise_for_waiting`. Due while nobody has taken the resident, tried again until told.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.conversations import queue
from bot.conversations.models import Alarm, Conversation
from bot.conversations.status import Status
from knowledge.tables import changed

_RAISING = 733_205  # of PostgreSQL's advisory locks
_GIVEN_UP_AFTER = timedelta(days=1)
_AGAIN_AFTER = timedelta(minutes=30)  # one alarm for all who wait
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=5)


def raise_for_waiting(session: Session, *, after: timedelta, now: datetime) -> None:
    """For all who have waited so long at an hour at which their office works: one alarm, and no second one soon."""
    if session.get_bind().dialect.name == "postgresql":  # several apps look at once; until the end of the transaction
        session.execute(select(func.pg_advisory_xact_lock(_RAISING)))
    recent = (
        select(Alarm.id)
        .join(Conversation, Conversation.id == Alarm.conversation_id)
        .where(Conversation.emergency_at.is_(None), Alarm.made_at > now - _AGAIN_AFTER)
    )
    if session.scalar(recent.limit(1)) is not None:
        return
    late = select(Conversation.place_id, func.min(Conversation.id)).where(
        Conversation.status == Status.waiting,
        Conversation.emergency_at.is_(None),
        Conversation.is_demo.is_(False),
        Conversation.waiting_since <= now - after,
    )
    for place, conversation_id in session.execute(late.group_by(Conversation.place_id)).all():
        if queue.is_open(session, now, place):
            session.add(Alarm(conversation_id=conversation_id, made_at=now, next_try_at=now))
            session.commit()
            return


def is_danger(session: Session, alarm: Alarm) -> bool:
    """Else somebody waits, and nothing more."""
    conversation = session.get(Conversation, alarm.conversation_id)
    return conversation is not None and conversation.emergency_at is not None


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
