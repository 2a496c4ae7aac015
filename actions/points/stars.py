"""星级文明户: a household applies, two people find that it fits, those who get it are posted for seven days, in which
anybody may object in confidence; it holds for a year. Who didn't get it is told to themselves alone.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.points import schemes
from actions.points.ledger import Who, day_of
from actions.points.models import RuleKind, StarAward, StarObjection
from actions.points.status import STAR_MOVES, StarState, check_move
from actions.roster.models import Household
from actions.storable import row_of, storable
from knowledge.tables import changed

POSTED_FOR = timedelta(days=7)
GOOD_FOR = timedelta(days=365)
SHOWN = (StarState.noticed, StarState.awarded)
ENDED = (StarState.ended, StarState.not_given, StarState.withdrawn)
TO_LOOK_AT = (StarState.applied, StarState.reviewed)
_MOST_OBJECTIONS = 20  # of one award
_KEPT = timedelta(days=365)


def apply(
    session: Session,
    household: Household,
    *,
    agrees: bool,
    words: str,
    key: str,
    now: datetime,
    by: Who | None = None,
    conversation_id: str | None = None,
) -> StarAward:
    """`agrees`: that the house's number may be posted if it is given (个人信息保护法 25); `by`: who wrote it down for
    them. Once a key. The caller commits. Raises InvalidInput, NotAllowed, Conflict.
    """
    if not agrees:
        raise InvalidInput("评上的要贴出户号公示7天。同意贴户号，才能申请；没评上的，谁也不告诉。")
    schemes.in_force(session, household.place_id)
    if not schemes.rules_of(session, household.place_id, RuleKind.star):
        raise NotAllowed("村里的办法里没有写星级文明户怎么评，现在还不能申请。")
    if found := session.scalar(select(StarAward).where(StarAward.key == key[:120])):
        return found
    made = StarAward(
        key=key[:120],
        place_id=household.place_id,
        household_id=household.id,
        conversation_id=conversation_id,
        words=storable(words).strip()[:300],
        by_id=by.id if by else None,
        at=now,
    )
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        raise Conflict("您家已经申请了，或者已经是星级文明户。") from None
    session.refresh(made)
    return made


def find_fit(session: Session, award_id: int, *, is_no_kin: bool, oversees: bool, by: Who, now: datetime) -> StarAward:
    """The first looks; the second, who oversees, has it posted. The caller commits. Raises NotAllowed, Conflict."""
    made = get(session, award_id)
    if not is_no_kin:
        raise NotAllowed("一家人、亲戚要回避。不是的，请勾上“不是一家人，也不是亲戚”；是的，请换一个人来看。")
    if by.id in (made.by_id, made.first_by_id):
        raise NotAllowed("替这一户报的人、看过的人不能再看一遍，请换一个人。")
    schemes.in_force(session, made.place_id)
    if made.state is StarState.applied:
        return _move(session, made, StarState.reviewed, first_by_id=by.id, first_by_name=by.name)
    if not oversees:
        raise NotAllowed("第二个人要是监督的人。")
    today = day_of(now)
    posted = {"noticed_on": today, "ends_on": today + POSTED_FOR}
    return _move(session, made, StarState.noticed, second_by_id=by.id, second_by_name=by.name, **posted)


def turn_down(session: Session, award_id: int, *, why: str, by: Who) -> StarAward:
    """Told to the household alone. The caller commits. Raises InvalidInput, NotAllowed, Conflict."""
    made = get(session, award_id)
    why = storable(why).strip()[:300]
    if len(why) < 4:
        raise InvalidInput("为什么这次没评上、差在哪里，请写一句，只有这一户看得到。")
    if by.id == made.by_id:
        raise NotAllowed("替这一户报的人不能来定，请换一个人。")
    if made.state is StarState.noticed and not _objections(session, made.id):
        raise NotAllowed("已经公示了，没有人提出异议，不能撤下来。")
    return _move(session, made, StarState.not_given, why=why)


def withdraw(session: Session, award_id: int, household_id: int) -> StarAward:
    """At the household's own wish; nothing is posted of it any more. Raises NotFound, NotAllowed, Conflict."""
    made = get(session, award_id)
    if made.household_id != household_id:
        raise NotFound("没有找到这一户的申请。")
    return _move(session, made, StarState.withdrawn)


def object_to(session: Session, award_id: int, *, words: str, key: str, now: datetime) -> StarObjection:
    """In confidence, within the days. Once a key. The caller commits. Raises InvalidInput, NotAllowed, NotFound."""
    made = get(session, award_id)
    words = storable(words).strip()
    if not 4 <= len(words) <= 500:
        raise InvalidInput("哪里对不上，请写 4 到 500 个字。")
    if made.state is not StarState.noticed or made.ends_on is None or made.ends_on < day_of(now):
        raise NotAllowed("公示期过了，或者已经不在公示。有别的情况，可以直接找村务监督委员会。")
    if found := session.scalar(select(StarObjection).where(StarObjection.key == key[:120])):
        return found
    if len(_objections(session, made.id)) >= _MOST_OBJECTIONS:
        raise NotAllowed("这一户的异议已经很多，监督委员正在看。也可以当面去说。")
    said = StarObjection(key=key[:120], award_id=made.id, words=words, at=now)
    try:
        with session.begin_nested():
            session.add(said)
            session.flush()
    except IntegrityError:
        return session.scalars(select(StarObjection).where(StarObjection.key == key[:120])).one()
    return said


def weigh(session: Session, objection_id: int, *, words: str, by: Who, now: datetime) -> StarObjection:
    """What who oversees found; the star waits until each is weighed. Raises InvalidInput, NotFound, Conflict."""
    said = row_of(session, StarObjection, objection_id)
    words = storable(words).strip()[:300]
    if said is None:
        raise NotFound("没有找到这一条。")
    if len(words) < 2:
        raise InvalidInput("查了什么、怎么定的，请写一句。")
    own = (StarObjection.id == said.id, StarObjection.weighed_at.is_(None))
    values = {"weighed": words, "weighed_by_id": by.id, "weighed_by_name": by.name, "weighed_at": now}
    if changed(session, update(StarObjection).where(*own).values(values)) != 1:
        raise Conflict
    session.refresh(said)
    return said


def tick(session: Session, now: datetime) -> list[StarAward]:
    """Posted for long enough and nothing unweighed: awarded; a year old: ended. Those that changed; the caller
    commits.
    """
    today, moved = day_of(now), []
    over = select(StarAward).where(StarAward.state.in_(SHOWN), StarAward.ends_on < today)
    for made in session.scalars(over.order_by(StarAward.id)).all():
        if made.state is StarState.awarded:
            moved += _try(session, made, StarState.ended)
        elif all(said.weighed_at for said in _objections(session, made.id)):
            moved += _try(session, made, StarState.awarded, ends_on=today + GOOD_FOR)
    old = (StarAward.state.in_(ENDED), StarAward.at < now - 2 * _KEPT)
    session.execute(delete(StarAward).where(*old))
    weighed = StarObjection.weighed_at < now - _KEPT
    session.execute(delete(StarObjection).where(weighed))
    return moved


def shown(session: Session, place: str, today: date) -> list[StarAward]:
    """Those that have it, and those that are posted; in the order of their houses, nobody above another."""
    own = (StarAward.place_id == place, StarAward.state.in_(SHOWN))
    return list(session.scalars(select(StarAward).join(StarAward.household).where(*own).order_by(Household.code)))


def to_look_at(session: Session, places: Collection[str]) -> Sequence[StarAward]:
    own = select(StarAward).where(StarAward.place_id.in_(places), StarAward.state.in_(TO_LOOK_AT))
    return session.scalars(own.order_by(StarAward.id).limit(200)).all()


def posted(session: Session, places: Collection[str]) -> Sequence[StarAward]:
    own = select(StarAward).where(StarAward.place_id.in_(places), StarAward.state == StarState.noticed)
    return session.scalars(own.order_by(StarAward.id).limit(200)).all()


def unweighed(session: Session, places: Collection[str]) -> Sequence[StarObjection]:
    own = select(StarObjection).join(StarAward).where(StarAward.place_id.in_(places))
    return session.scalars(own.where(StarObjection.weighed_at.is_(None)).order_by(StarObjection.id)).all()


def of_household(session: Session, household_id: int) -> StarAward | None:
    """The last one."""
    own = select(StarAward).where(StarAward.household_id == household_id)
    return session.scalar(own.order_by(StarAward.id.desc()).limit(1))


def of_conversation(session: Session, conversation_id: str) -> Sequence[StarAward]:
    own = select(StarAward).where(StarAward.conversation_id == conversation_id)
    return session.scalars(own.order_by(StarAward.id)).all()


def forget(session: Session, conversation_id: str) -> None:
    """Applied for and not yet given: gone. What the household has stays, without words or who asked for it."""
    own = StarAward.conversation_id == conversation_id
    session.execute(delete(StarAward).where(own, StarAward.state.not_in(SHOWN)))
    session.execute(update(StarAward).where(own).values(conversation_id=None, words=""))


def get(session: Session, award_id: int) -> StarAward:
    """Raises NotFound."""
    found = row_of(session, StarAward, award_id)
    if found is None:
        raise NotFound("没有找到这一件申请。")
    return found


def _objections(session: Session, award_id: int) -> Sequence[StarObjection]:
    return session.scalars(select(StarObjection).where(StarObjection.award_id == award_id)).all()


def _try(session: Session, made: StarAward, to: StarState, **values: object) -> list[StarAward]:
    try:
        return [_move(session, made, to, **values)]
    except Conflict:
        return []


def _move(session: Session, made: StarAward, to: StarState, **values: object) -> StarAward:
    check_move(STAR_MOVES, made.state, to)
    own = (StarAward.id == made.id, StarAward.state == made.state)
    if changed(session, update(StarAward).where(*own).values(state=to, **values)) != 1:
        raise Conflict
    session.refresh(made)
    return made
