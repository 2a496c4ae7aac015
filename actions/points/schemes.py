"""The rules by which points are given: written by a clerk, found by a second person in what a meeting decided, frozen
from then on. Without a decision that passed nothing is given.
"""

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.decisions.models import Decision
from actions.decisions.status import State
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.points.forbidden import check_rule
from actions.points.ledger import Who
from actions.points.models import PointRule, PointScheme, RuleKind
from actions.points.status import SCHEME_MOVES, SchemeState, check_move
from actions.storable import row_of, storable
from knowledge.tables import changed

MOST_RULES = 20  # few rules: what nobody can remember becomes a formality
MOST_POINTS = 200
PASSED = frozenset(
    {
        State.resolved,
        State.published,
        State.carrying_out,
        State.result_published,
    }
)
WHY_NOT = "积分办法要先经村（居）民会议或者代表会议通过，才能给谁加分。"


def newest(session: Session, place: str) -> PointScheme | None:
    """The draft that is being written, else the last one."""
    own = select(PointScheme).where(PointScheme.place_id == place)
    return session.scalar(own.order_by(PointScheme.version.desc()).limit(1))


def adopted(session: Session, place: str) -> PointScheme | None:
    own = select(PointScheme).where(PointScheme.place_id == place, PointScheme.state == SchemeState.adopted)
    return session.scalar(own.order_by(PointScheme.version.desc()).limit(1))


def why_not(session: Session, place: str) -> str:
    """Why nothing can be given here now; "" where it can."""
    scheme = adopted(session, place)
    if scheme is None:
        own = select(PointScheme).where(PointScheme.place_id == place, PointScheme.state == SchemeState.stopped)
        stopped = session.scalar(own.order_by(PointScheme.version.desc()).limit(1))
        return f"积分停了：{stopped.stopped_why}" if stopped is not None else WHY_NOT
    decision = session.get(Decision, scheme.decision_id or 0)
    if decision is None or decision.state not in PASSED:
        return f"{WHY_NOT}原来通过的决定现在暂停或者撤销了，先不加分。"
    return ""


def in_force(session: Session, place: str) -> PointScheme:
    """Raises NotAllowed, which says why nothing is given."""
    if said := why_not(session, place):
        raise NotAllowed(said)
    scheme = adopted(session, place)
    assert scheme is not None
    return scheme


def draft(session: Session, place: str, *, by: Who, now: datetime) -> PointScheme:
    """The one that is being written; else a new version that begins with the rules that are in force. The caller
    commits. Raises Conflict.
    """
    last = newest(session, place)
    if last is not None and last.state is SchemeState.draft:
        return last
    fresh = PointScheme(
        place_id=place,
        version=(last.version if last else 0) + 1,
        by_id=by.id,
        by_name=by.name,
        edition=0,
        at=now,
        rules=[
            PointRule(kind=r.kind, title=r.title, points=r.points, cap=r.cap, evidence=r.evidence)
            for r in (last.rules if last else ())
        ],
    )
    try:
        with session.begin_nested():
            session.add(fresh)
            session.flush()
    except IntegrityError:
        raise Conflict from None
    return fresh


def add_rule(
    session: Session,
    place: str,
    *,
    kind: RuleKind,
    title: str,
    points: int | None,
    cap: int | None,
    evidence: str,
    by: Who,
    now: datetime,
) -> PointRule:
    """Into the draft; said twice it is one. The caller commits. Raises InvalidInput, Conflict."""
    title, evidence = storable(title).strip()[:60], storable(evidence).strip()[:120]
    if len(title) < 2 or len(evidence) < 2:
        raise InvalidInput("做了什么加分、凭什么认，都要写上。")
    check_rule(title, evidence)
    if kind is RuleKind.star:
        points = cap = 0
    elif points is None or not 1 <= points <= MOST_POINTS:
        raise InvalidInput(f"一次加几分，写 1 到 {MOST_POINTS}。积分只加不扣。")
    elif cap is None or not points <= cap <= 10 * MOST_POINTS:
        raise InvalidInput("一户一年最多加几分，要写上，不能比一次的还少。")
    scheme = draft(session, place, by=by, now=now)
    if found := next((rule for rule in scheme.rules if rule.title == title and rule.kind is kind), None):
        found.points, found.cap, found.evidence = points, cap, evidence
        rule = found
    else:
        if len(scheme.rules) >= MOST_RULES:
            raise InvalidInput(f"规则最多 {MOST_RULES} 条，多了谁也记不住。先去掉一条再加。")
        rule = PointRule(kind=kind, title=title, points=points, cap=cap, evidence=evidence)
        scheme.rules.append(rule)
    _written(session, scheme, by)
    return rule


def _written(session: Session, scheme: PointScheme, by: Who) -> None:
    scheme.by_id, scheme.by_name, scheme.edition = by.id, by.name, scheme.edition + 1
    session.flush()


def drop_rule(session: Session, place: str, rule_id: int, *, by: Who) -> None:
    """Of the draft. The caller commits. Raises NotFound, NotAllowed."""
    rule = row_of(session, PointRule, rule_id)
    if rule is None or rule.scheme.place_id != place:
        raise NotFound("没有找到这一条。")
    scheme = rule.scheme
    if scheme.state is not SchemeState.draft:
        raise NotAllowed("会上通过的规则不能改。要改，先写一版新的，再上会。")
    session.execute(delete(PointRule).where(PointRule.id == rule.id))
    _written(session, scheme, by)
    session.expire_all()


def adopt(
    session: Session, scheme_id: int, *, edition: int | None, decision_id: int | None, by: Who, now: datetime
) -> PointScheme:
    """By a second person (`rights.check_second` says who may): these are the rules that this decision adopted. The one
    before gives way in the same commit. Raises InvalidInput, NotAllowed, NotFound, Conflict.
    """
    scheme = get(session, scheme_id)
    check_move(SCHEME_MOVES, scheme.state, SchemeState.adopted)
    if edition != scheme.edition:
        raise Conflict("规则刚刚改过，请重新看一遍再确认。")
    if scheme.by_id == by.id:
        raise NotAllowed("自己写的不能自己确认，请换一个人。")
    if not any(rule.kind is RuleKind.points for rule in scheme.rules):
        raise InvalidInput("一条规则也没有，先写上。")
    for rule in scheme.rules:
        check_rule(rule.title, rule.evidence)
    decision = row_of(session, Decision, decision_id or 0)
    if decision is None or decision.place_id != scheme.place_id:
        raise InvalidInput(f"请选通过这个办法的那个决定。{WHY_NOT}")
    if decision.state not in PASSED:
        raise NotAllowed(f"“{decision.title}”还没有通过。{WHY_NOT}")
    before = (PointScheme.place_id == scheme.place_id, PointScheme.state == SchemeState.adopted)
    session.execute(update(PointScheme).where(*before).values(state=SchemeState.replaced))
    own = (PointScheme.id == scheme.id, PointScheme.state == SchemeState.draft, PointScheme.edition == edition)
    values = {
        "state": SchemeState.adopted,
        "decision_id": decision.id,
        "adopted_by_id": by.id,
        "adopted_by_name": by.name,
        "adopted_at": now,
    }
    if changed(session, update(PointScheme).where(*own).values(values)) != 1:
        raise Conflict
    session.refresh(scheme)
    return scheme


def stop(session: Session, place: str, *, why: str) -> None:
    """From now on nothing is given; what a household has can still be exchanged. Raises InvalidInput, NotAllowed."""
    why = storable(why).strip()[:200]
    if len(why) < 2:
        raise InvalidInput("为什么停，请写一句，大家看得到。")
    own = (PointScheme.place_id == place, PointScheme.state == SchemeState.adopted)
    values = {"state": SchemeState.stopped, "stopped_why": why}
    if changed(session, update(PointScheme).where(*own).values(values)) != 1:
        raise NotAllowed("现在没有正在用的积分办法。")


def decisions_that_passed(session: Session, place: str) -> list[Decision]:
    own = select(Decision).where(Decision.place_id == place, Decision.state.in_(PASSED))
    return list(session.scalars(own.order_by(Decision.moved_at.desc()).limit(50)))


def rules_of(session: Session, place: str, kind: RuleKind = RuleKind.points) -> list[PointRule]:
    """Of the scheme in force; [] where nothing is given."""
    scheme = None if why_not(session, place) else adopted(session, place)
    return [rule for rule in scheme.rules if rule.kind is kind] if scheme is not None else []


def has_any(session: Session, place: str) -> bool:
    """Whether a scheme was ever adopted here."""
    own = (PointScheme.place_id == place, PointScheme.state != SchemeState.draft)
    return bool(session.scalar(select(func.count()).select_from(PointScheme).where(*own)))


def get(session: Session, scheme_id: int) -> PointScheme:
    """Raises NotFound."""
    found = row_of(session, PointScheme, scheme_id)
    if found is None:
        raise NotFound("没有找到这一版办法。")
    return found
