"""少记了，我要说: a household's own word on its points, answered by the review group, then by who oversees, then by the
township; each level in ten working days, and what a level lets pass goes to the next by the clock.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.calendar.workdays import Unit, calendar
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.points.ledger import Who
from actions.points.models import PointClaim, PointDispute
from actions.points.status import DISPUTE_MOVES, DisputeState, check_move
from actions.roster.models import Household
from actions.storable import row_of, storable
from knowledge.tables import changed

WORKDAYS = 10
MOST_WORDS = 500
MOST_OPEN = 3  # of one household
_QUIET = timedelta(days=15)  # after an answer; who says nothing is content
ANSWERED = {
    DisputeState.group: DisputeState.group_said,
    DisputeState.overseer: DisputeState.overseer_said,
    DisputeState.township: DisputeState.settled,
}
NEXT = {
    DisputeState.group: DisputeState.overseer,
    DisputeState.group_said: DisputeState.overseer,
    DisputeState.overseer: DisputeState.township,
    DisputeState.overseer_said: DisputeState.township,
}
WAITING = tuple(ANSWERED)
SAID = (DisputeState.group_said, DisputeState.overseer_said)


def raise_dispute(
    session: Session, household: Household, *, words: str, conversation_id: str | None, key: str, now: datetime
) -> PointDispute:
    """Once a key; no last day, since one may find out late. The caller commits. Raises InvalidInput, NotAllowed."""
    words = storable(words).strip()
    if not 4 <= len(words) <= MOST_WORDS:
        raise InvalidInput(f"哪一件、哪一天、少记还是记错了，请写 4 到 {MOST_WORDS} 个字。")
    if found := session.scalar(select(PointDispute).where(PointDispute.key == key[:120])):
        return found
    own = (PointDispute.household_id == household.id, PointDispute.state != DisputeState.settled)
    if (session.scalar(select(func.count()).select_from(PointDispute).where(*own)) or 0) >= MOST_OPEN:
        raise NotAllowed(f"您家已经有 {MOST_OPEN} 件在等答复，等答复了再说新的。")
    made = PointDispute(
        key=key[:120],
        place_id=household.place_id,
        household_id=household.id,
        conversation_id=conversation_id,
        words=words,
        state=DisputeState.group,
        due_at=_due(session, now),
        at=now,
    )
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        return session.scalars(select(PointDispute).where(PointDispute.key == key[:120])).one()
    session.refresh(made)
    return made


def answer(session: Session, dispute_id: int, *, text: str, by: Who, now: datetime) -> PointDispute:
    """Of the level where it waits. Above the group nobody answers who decided of this household's points lately or
    has answered before. The caller commits, and tells the household.

    Raises InvalidInput, NotAllowed, Conflict.
    """
    made = get(session, dispute_id)
    text = storable(text).strip()[:1000]
    if len(text) < 4:
        raise InvalidInput("请写上答复：查了什么，加不加，为什么。")
    to = ANSWERED.get(made.state)
    if to is None:
        raise NotAllowed("这一件已经答复了。")
    is_above = made.state is not DisputeState.group
    if is_above and (made.answered_by_id == by.id or has_decided(session, made, by.id)):
        raise NotAllowed("这一户的分是您定的，或者您已经答复过，请换一个人来答复。")
    due = None if to is DisputeState.settled else now + _QUIET
    return _move(session, made, to, answer=text, answered_by_id=by.id, answered_by_name=by.name, due_at=due)


def has_decided(session: Session, made: PointDispute, staff_id: int) -> bool:
    """Of what was decided for this household in the 90 days before."""
    recent = PointClaim.decided_at > made.at - timedelta(days=90)
    own = (PointClaim.household_id == made.household_id, PointClaim.decided_by_id == staff_id)
    return session.scalar(select(PointClaim.id).where(*own, recent).limit(1)) is not None


def object_again(session: Session, dispute_id: int, household_id: int, *, now: datetime) -> PointDispute:
    """还是不对: to the next level. The caller commits. Raises NotFound, NotAllowed, Conflict."""
    made = _own(session, dispute_id, household_id)
    if made.state not in SAID:
        raise NotAllowed("这一件还没有答复，或者已经办完了。")
    return _move(session, made, NEXT[made.state], due_at=_due(session, now))


def accept(session: Session, dispute_id: int, household_id: int) -> PointDispute:
    """The caller commits. Raises NotFound, NotAllowed, Conflict."""
    made = _own(session, dispute_id, household_id)
    if made.state not in SAID:
        raise NotAllowed("这一件还没有答复，或者已经办完了。")
    return _move(session, made, DisputeState.settled, due_at=None)


def escalate(session: Session, now: datetime) -> list[PointDispute]:
    """Those whose level let its days pass, now at the next; what waits at the township stays there and is shown as
    late. The caller commits.
    """
    above = PointDispute.state.in_((DisputeState.group, DisputeState.overseer))
    late = select(PointDispute).where(above, PointDispute.due_at < now).order_by(PointDispute.id)
    moved = []
    for made in session.scalars(late).all():
        own = (PointDispute.id == made.id, PointDispute.state == made.state, PointDispute.due_at < now)
        values = {"state": NEXT[made.state], "is_late": True, "due_at": _due(session, now)}
        if changed(session, update(PointDispute).where(*own).values(values)) == 1:
            session.refresh(made)
            moved.append(made)
    return moved


def settle_quiet(session: Session, now: datetime) -> int:
    """Answered, and nothing was said against it for fifteen days. The caller commits."""
    quiet = (PointDispute.state.in_(SAID), PointDispute.due_at < now)
    values = {"state": DisputeState.settled, "due_at": None}
    return changed(session, update(PointDispute).where(*quiet).values(values))


def waiting(session: Session, places: Collection[str], *states: DisputeState) -> Sequence[PointDispute]:
    """The soonest due first."""
    own = select(PointDispute).where(PointDispute.place_id.in_(places), PointDispute.state.in_(states or WAITING))
    return session.scalars(own.order_by(PointDispute.due_at, PointDispute.id).limit(200)).all()


def of_household(session: Session, household_id: int) -> Sequence[PointDispute]:
    """The newest first."""
    own = select(PointDispute).where(PointDispute.household_id == household_id)
    return session.scalars(own.order_by(PointDispute.id.desc()).limit(10)).all()


def of_conversation(session: Session, conversation_id: str) -> Sequence[PointDispute]:
    own = select(PointDispute).where(PointDispute.conversation_id == conversation_id)
    return session.scalars(own.order_by(PointDispute.id)).all()


def forget(session: Session, conversation_id: str) -> None:
    """What they said goes, wherever it stood."""
    session.execute(delete(PointDispute).where(PointDispute.conversation_id == conversation_id))


def get(session: Session, dispute_id: int) -> PointDispute:
    """Raises NotFound."""
    found = row_of(session, PointDispute, dispute_id)
    if found is None:
        raise NotFound("没有找到这一件。")
    return found


def _own(session: Session, dispute_id: int, household_id: int) -> PointDispute:
    made = get(session, dispute_id)
    if made.household_id != household_id:
        raise NotFound("没有找到这一件。")
    return made


def _due(session: Session, now: datetime) -> datetime:
    return calendar(session).due(now, amount=WORKDAYS, unit=Unit.workdays)[0]


def _move(session: Session, made: PointDispute, to: DisputeState, **values: object) -> PointDispute:
    check_move(DISPUTE_MOVES, made.state, to)
    own = (PointDispute.id == made.id, PointDispute.state == made.state)
    if changed(session, update(PointDispute).where(*own).values(state=to, **values)) != 1:
        raise Conflict
    session.refresh(made)
    return made
