"""经手人: who of the staff holds a case."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from actions.cases.finding import get
from actions.cases.models import Case
from actions.cases.moves import Actor, add_event, is_done
from actions.cases.status import OPEN
from actions.errors import Conflict, NotAllowed
from knowledge.tables import changed


def give(
    session: Session,
    case_id: int,
    to: tuple[int, str] | None,
    *,
    seen: int | None,
    actor: Actor,
    key: str,
    now: datetime,
) -> bool:
    """Into the hands of `to` (a staff account's id and name), or of nobody; whether anything changed.

    `seen`: who held it on the page that asks. Raises Conflict where somebody else has it by now, NotAllowed where the
    case is over.
    """
    case = get(session, case_id)
    if is_done(session, key) or case.assignee_id == (to[0] if to else None):
        return False
    if case.status not in OPEN:
        raise NotAllowed("这件事已经了结，不用再交给谁。")
    held = Case.assignee_id.is_(None) if seen is None else Case.assignee_id == seen
    if not changed(session, update(Case).where(Case.id == case_id, held).values(assignee_id=to[0] if to else None)):
        session.rollback()
        raise Conflict("刚刚有同事接了这件事，请刷新看看现在是谁经手。")
    taken = "放下了，没人经手" if to is None else f"交给{to[1]}经手"
    what = "接过来经手" if to and to[0] == actor.id else taken
    add_event(session, case, what, key=key, actor=actor, now=now)
    session.commit()
    return True
