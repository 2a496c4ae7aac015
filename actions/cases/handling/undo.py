"""Ten seconds to take back a step: what residents would hear of it waits so long, or until it is sent on at once.

The step itself is done and kept, so whoever is killed in between leaves it as it stands, and it is told later. Telling
and taking back each begin with one conditional update of the event, and of the two the first wins.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from actions.cases.finding import get
from actions.cases.handling import state
from actions.cases.models import CaseEvent
from actions.cases.moves import MASTER, RESIDENT, Actor, add_event
from actions.errors import Conflict, NotFound
from actions.storable import row_of
from knowledge.tables import changed

HELD_FOR = timedelta(seconds=10)
_TOLD = "已经告诉居民了，撤不回来。写错了的话，请再写一条说清楚。"
_MOVED_ON = "这几秒里这件事又有了别的变化，撤不了，请刷新看看。"


def held(session: Session, case_id: int, staff_id: int, *, now: datetime) -> list[CaseEvent]:
    """What this member of staff may still take back, the newest first; of two that belong together the case's own."""
    mine = select(CaseEvent).where(
        CaseEvent.case_id == case_id,
        CaseEvent.actor_id == staff_id,
        CaseEvent.tell_after > now,
        CaseEvent.told_at.is_(None),
        CaseEvent.say.is_not(None),
        CaseEvent.key.not_like(f"%{MASTER}"),
    )
    return list(session.scalars(mine.order_by(CaseEvent.id.desc())))


def take_back(session: Session, case_id: int, event_id: int, *, actor: Actor, now: datetime) -> CaseEvent:
    """The case as it was, and nobody is told. A second call changes nothing.

    Raises NotFound where it isn't the actor's, Conflict where it was told, or the case has moved on since.
    """
    event = _own(session, case_id, event_id, actor)
    if event.undone_at is not None:
        return event
    case = get(session, case_id)
    for one in _together(session, event):
        taken = _untold(one).where(CaseEvent.tell_after > now).values(undone_at=now, say=None)
        if not changed(session, taken):
            session.rollback()
            raise Conflict(_TOLD)
    if event.before and not state.restore(session, case, event.before):
        session.rollback()
        raise Conflict(_MOVED_ON)
    if _was_heard(session, event):
        session.rollback()
        raise Conflict(_MOVED_ON)
    for one in _together(session, event):
        add_event(session, one.case, f"撤销：{one.what}"[:60], key=f"undo-{one.id}", actor=actor, now=now)
    session.commit()
    session.refresh(event)
    return event


def send_now(session: Session, case_id: int, event_id: int, *, actor: Actor, now: datetime) -> None:
    """It waits no longer; `delivery` tells it. Raises NotFound. Nothing happens to one that was told or taken back."""
    for one in _together(session, _own(session, case_id, event_id, actor)):
        session.execute(_untold(one).values(tell_after=now))
    session.commit()


def _own(session: Session, case_id: int, event_id: int, actor: Actor) -> CaseEvent:
    event = row_of(session, CaseEvent, event_id)
    if event is None or event.case_id != case_id or event.actor_id != actor.id:
        raise NotFound("没有找到您刚才的这一步。")
    return event


def _together(session: Session, event: CaseEvent) -> Sequence[CaseEvent]:
    """A case that was merged left a line in the other one, too."""
    return session.scalars(select(CaseEvent).where(CaseEvent.key.in_((event.key, event.key + MASTER)))).all()


def _was_heard(session: Session, event: CaseEvent) -> bool:
    """Whether a resident said something since in the case into which this one was merged: what they added there would
    be lost to their own.
    """
    line = session.scalar(select(CaseEvent).where(CaseEvent.key == event.key + MASTER))
    if line is None:
        return False
    since = (CaseEvent.case_id == line.case_id, CaseEvent.id > line.id, CaseEvent.actor == RESIDENT.kind)
    return session.scalar(select(CaseEvent.id).where(*since).limit(1)) is not None


def _untold(event: CaseEvent) -> Update:
    return update(CaseEvent).where(CaseEvent.id == event.id, CaseEvent.told_at.is_(None), CaseEvent.undone_at.is_(None))
