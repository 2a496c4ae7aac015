"""做了好事，记上: what a household did is claimed, and somebody else confirms or declines it."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases.models import Photo
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.points import ledger, schemes
from actions.points.ledger import Who, day_of
from actions.points.models import Kind, PointClaim, PointEntry, PointRule, RuleKind, Source
from actions.points.status import CLAIM_MOVES, ClaimState, check_move
from actions.roster.models import Household
from actions.storable import row_of, storable
from knowledge.anonymity.detector import mask
from knowledge.tables import changed

MANY = 50  # points of one claim; above, a second person confirms it too
MOST_WORDS = 200
MOST_OPEN = 10  # of one household
OPEN = (ClaimState.claimed, ClaimState.seconded)
_FURTHEST_BACK = timedelta(days=60)
_PHOTOS_FOR = timedelta(hours=48)


@dataclass(frozen=True)
class Deed:
    """What was done: by which rule, on which day, in whose words."""

    rule_id: int
    on_day: date
    words: str = ""


def claim(
    session: Session,
    household: Household,
    deed: Deed,
    *,
    source: Source,
    key: str,
    now: datetime,
    by: Who | None = None,
    conversation_id: str | None = None,
) -> PointClaim:
    """Once a key. `by`: of the staff who entered it; None: the household itself. The caller commits.

    Raises InvalidInput, NotAllowed.
    """
    rule = _rule(session, household, deed, day_of(now))
    if found := _kept(session, key):
        return found
    _check_open(session, household.id, source)
    made = PointClaim(
        key=key[:120],
        place_id=household.place_id,
        household_id=household.id,
        rule_id=rule.id,
        on_day=deed.on_day,
        source=source,
        words=mask(storable(deed.words).strip()[:MOST_WORDS]),
        conversation_id=conversation_id,
        by_id=by.id if by else None,
        by_name=by.name if by else "",
        at=now,
    )
    return _added(session, made)


def _added(session: Session, made: PointClaim) -> PointClaim:
    """With its picture; of two who send the same at one moment, the first."""
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        return session.scalars(select(PointClaim).where(PointClaim.key == made.key)).one()
    if made.conversation_id is not None:
        _take_photo(session, made, made.conversation_id, made.at)
    session.refresh(made)
    return made


def _kept(session: Session, key: str) -> PointClaim | None:
    return session.scalar(select(PointClaim).where(PointClaim.key == key[:120]))


def _rule(session: Session, household: Household, deed: Deed, today: date) -> PointRule:
    """Raises InvalidInput, NotAllowed."""
    scheme = schemes.in_force(session, household.place_id)
    rule = row_of(session, PointRule, deed.rule_id)
    if rule is None or rule.scheme_id != scheme.id or rule.kind is not RuleKind.points:
        raise InvalidInput("现在的办法里没有这一条，请重新选。")
    if not household.is_active:
        raise InvalidInput("这一户不在名册里了。")
    if not today - _FURTHEST_BACK <= deed.on_day <= today:
        raise InvalidInput("日期要在最近两个月里，不能是以后的。")
    return rule


def same_deed(household: Household, rule: PointRule, on_day: date, words: str) -> str:
    """A key that the same line of a table has again, whoever sends it."""
    said = f"{household.place_id}\n{household.code}\n{rule.scheme_id} {rule.title}\n{on_day}\n{words.strip()}"
    return f"deed-{hashlib.sha256(said.encode()).hexdigest()[:40]}"


def _check_open(session: Session, household_id: int, source: Source) -> None:
    """So that no telephone floods the review group; a file's lines were looked at by a clerk."""
    if source in (Source.table, Source.dispute):
        return
    own = (PointClaim.household_id == household_id, PointClaim.state.in_(OPEN))
    if (session.scalar(select(func.count()).select_from(PointClaim).where(*own)) or 0) >= MOST_OPEN:
        raise NotAllowed(f"您家已经有 {MOST_OPEN} 件等着确认，等评议小组看过再报。")


def _take_photo(session: Session, made: PointClaim, conversation_id: str, now: datetime) -> None:
    """The newest picture of the conversation that no report has taken becomes this claim's."""
    own = (Photo.conversation_id == conversation_id, Photo.case_id.is_(None), Photo.created_at > now - _PHOTOS_FOR)
    photo = session.scalar(select(Photo).where(*own).order_by(Photo.id.desc()).limit(1))
    if photo is not None:
        made.photo, made.has_photo = photo.jpeg, True
        session.delete(photo)
        session.flush()


def confirm(session: Session, claim_id: int, *, is_no_kin: bool, oversees: bool, by: Who, now: datetime) -> PointClaim:
    """By somebody who neither entered it nor is kin; above `MANY` points by two, the second of whom oversees. What it
    brings is cut to the rule's cap. The caller commits. Raises InvalidInput, NotAllowed, Conflict.
    """
    made = _to_decide(session, claim_id, by)
    if not is_no_kin:
        raise NotAllowed("一家人、亲戚要回避。不是的，请勾上“不是一家人，也不是亲戚”；是的，请换一个人来确认。")
    schemes.in_force(session, made.place_id)
    if made.rule.points > MANY and made.state is ClaimState.claimed:
        return _move(session, made, ClaimState.seconded, first_by_id=by.id, first_by_name=by.name)
    if made.state is ClaimState.seconded and not oversees:
        raise NotAllowed(f"超过 {MANY} 分的，第二个人要是监督的人。")
    ledger.lock(session, made.place_id, made.household_id)
    room = made.rule.cap - ledger.gained_this_year(session, made.household_id, made.rule_id, made.on_day.year)
    if room <= 0:
        raise NotAllowed(f"这一条一户一年最多 {made.rule.cap} 分，这一户已经满了，不能再加。")
    amount = min(made.rule.points, room)
    _move(session, made, ClaimState.confirmed, decided_by_id=by.id, decided_by_name=by.name, decided_at=now)
    ledger.write(session, _entry(made, amount, by, now))
    return get(session, claim_id)


def _entry(made: PointClaim, amount: int, by: Who, now: datetime) -> PointEntry:
    return PointEntry(
        key=f"claim-{made.id}",
        place_id=made.place_id,
        household_id=made.household_id,
        kind=Kind.earned,
        amount=amount,
        title=made.rule.title,
        rule_id=made.rule_id,
        claim_id=made.id,
        on_day=made.on_day,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )


def decline(session: Session, claim_id: int, *, why: str, by: Who, now: datetime) -> PointClaim:
    """The caller commits. Raises InvalidInput, NotAllowed, Conflict."""
    made = _to_decide(session, claim_id, by)
    why = storable(why).strip()[:200]
    if len(why) < 2:
        raise InvalidInput("为什么不加，请写一句，这一户看得到。")
    values = {"decided_by_id": by.id, "decided_by_name": by.name, "decided_at": now, "why": why}
    return _move(session, made, ClaimState.declined, **values)


def _to_decide(session: Session, claim_id: int, by: Who) -> PointClaim:
    made = get(session, claim_id)
    if by.id in (made.by_id, made.first_by_id):
        said = "自己报的不能自己确认" if by.id == made.by_id else "第二个人要换一个人"
        raise NotAllowed(f"{said}，请换一个人。")
    return made


def _move(session: Session, made: PointClaim, to: ClaimState, **values: object) -> PointClaim:
    check_move(CLAIM_MOVES, made.state, to)
    own = (PointClaim.id == made.id, PointClaim.state == made.state)
    if changed(session, update(PointClaim).where(*own).values(state=to, **values)) != 1:
        raise Conflict
    session.refresh(made)
    return made


def get(session: Session, claim_id: int) -> PointClaim:
    """Raises NotFound."""
    found = row_of(session, PointClaim, claim_id)
    if found is None:
        raise NotFound("没有找到这一件。")
    return found


def waiting(session: Session, places: Collection[str], limit: int = 200) -> Sequence[PointClaim]:
    """The oldest first."""
    own = select(PointClaim).where(PointClaim.place_id.in_(places), PointClaim.state.in_(OPEN))
    return session.scalars(own.order_by(PointClaim.id).limit(limit)).all()


def of_household(session: Session, household_id: int, limit: int = 10) -> Sequence[PointClaim]:
    """The newest first."""
    own = select(PointClaim).where(PointClaim.household_id == household_id)
    return session.scalars(own.order_by(PointClaim.id.desc()).limit(limit)).all()


def of_conversation(session: Session, conversation_id: str) -> Sequence[PointClaim]:
    own = select(PointClaim).where(PointClaim.conversation_id == conversation_id)
    return session.scalars(own.order_by(PointClaim.id)).all()


def forget(session: Session, conversation_id: str) -> None:
    """What waits is gone; what was decided stays as the household's, without words, picture or who sent it."""
    own = PointClaim.conversation_id == conversation_id
    session.execute(delete(PointClaim).where(own, PointClaim.state.in_(OPEN)))
    bare = {"conversation_id": None, "words": "", "photo": None, "has_photo": False}
    session.execute(update(PointClaim).where(own).values(bare))
