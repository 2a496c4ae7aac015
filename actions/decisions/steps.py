"""Every step of a decision: written down once, in order, and counted only when a second person has looked where the
table asks for that.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases import filing
from actions.cases import moves as case_moves
from actions.cases.models import Case
from actions.cases.status import TIMED, CaseStatus
from actions.decisions import entries
from actions.decisions.entries import Entry, Who
from actions.decisions.matters import check_body, matter_of
from actions.decisions.models import Decision, DecisionStep, Meeting
from actions.decisions.status import WAY, State, Step, move_of
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.offices.models import Team
from actions.roster.profile import profile_of
from actions.rulings.rulings import rulings
from actions.storable import row_of, storable
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

CATEGORY = "决议落实"
_TRIES = 8  # for a number that somebody else took at the same moment


@dataclass(frozen=True)
class Proposal:
    title: str
    matter: str
    body: str
    on_day: date | None
    source: str  # a topic's number, or whose wish it was, in words
    authorised: str = ""  # where the body decides for another: when that was decided, in words
    topic_id: int | None = None
    sum_yuan: int | None = None


@dataclass(frozen=True)
class Task:
    """What a unit is to do. `approved`, `filed`: when and under which number, where the matter needs it."""

    team_id: int | None
    what: str
    due_on: date | None
    sum_yuan: int | None = None
    approved: str = ""
    filed: str = ""


def local_day(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()


def get(session: Session, decision_id: int) -> Decision:
    """Raises NotFound."""
    found = row_of(session, Decision, decision_id)
    if found is None:
        raise NotFound("没有这个决定。")
    return found


def propose(session: Session, *, place: str, proposal: Proposal, who: Who, key: str, now: datetime) -> Decision:
    """党组织提议, the first step. Commits. Raises InvalidInput: also for a body that may not decide this."""
    if (step := step_of(session, key)) is not None:
        return step.decision
    title = storable(proposal.title.strip(), 80)
    if len(title) < 4:
        raise InvalidInput("请写清楚要定什么事，至少四个字。")
    entries.check_no_number(title)
    profile, today = profile_of(session, place), local_day(now)
    offer = check_body(proposal.matter, proposal.body, profile, rulings(session))
    if offer.needs and len(proposal.authorised.strip()) < 4:
        raise InvalidInput(f"由{offer.name}定，{offer.needs}：请写明是哪一天、怎么授权的。")
    if proposal.on_day is None or not date(2020, 1, 1) <= proposal.on_day <= today:
        raise InvalidInput("请填党组织提议的日期，不能是以后的。")
    source = entries.said(proposal.source, "这件事从哪儿来的，比如议题编号、谁提的")
    if proposal.sum_yuan is not None:
        entries.whole(proposal.sum_yuan, "多少钱")
    values: dict[str, Any] = {
        "place_id": place,
        "title": title,
        "matter": proposal.matter,
        "body": proposal.body,
        "authorised": storable(proposal.authorised.strip(), 200) if offer.needs else "",
        "has_party_step": profile.has_party_step,
        "state": State.proposed,
        "source": storable(source, 200),
        "topic_id": proposal.topic_id,
        "sum_yuan": proposal.sum_yuan,
        "made_at": now,
        "moved_at": now,
        "year": today.year,
    }
    return _numbered(
        session, values, _step(Step.propose, key, who, now, on_day=proposal.on_day, to=State.proposed, confirmed_at=now)
    )


def _numbered(session: Session, values: dict[str, Any], first: dict[str, Any]) -> Decision:
    """Stored under the next number of its place and year."""
    of = (Decision.place_id == values["place_id"], Decision.year == values["year"])
    for _ in range(_TRIES):
        ordinal = (session.scalar(select(func.max(Decision.ordinal)).where(*of)) or 0) + 1
        decision = Decision(**values, ordinal=ordinal, steps=[DecisionStep(**first)])
        session.add(decision)
        try:
            session.commit()
        except IntegrityError:
            session.rollback()
            if (step := step_of(session, first["key"])) is not None:
                return step.decision
            continue
        return decision
    raise Conflict


def record(
    session: Session, decision_id: int, step: Step, *, entry: Entry, who: Who, key: str, now: datetime
) -> DecisionStep:
    """One step written down; what a second person must confirm doesn't move the decision yet. Commits.

    Raises NotFound, NotAllowed (not the next step), InvalidInput (something is missing), Conflict.
    """
    if (done := step_of(session, key)) is not None:
        return done
    if step not in entries.WRITTEN:
        raise NotAllowed
    decision = get(session, decision_id)
    start, move = decision.state, move_of(decision.state, step, has_party_step=decision.has_party_step)
    entry = replace(entry, first_day_counts=bool(rulings(session).of("first_day")))
    checked = entries.check(step, entry, decision, local_day(now))
    if move.is_confirmed and any(s.step is step and s.waits for s in decision.steps):
        raise Conflict("已经有一条在等监督委员确认了。")
    if step is Step.result and not is_all_done(session, decision):
        raise InvalidInput("交给单位的事还没办完，等答复了再公开结果。")
    row = DecisionStep(
        **_step(step, key, who, now, on_day=checked.on_day, words=checked.words, figures=checked.figures),
        posted_from=entry.posted_from,
        posted_to=entry.posted_to,
        file_id=entry.file_id,
        corrects_id=entry.corrects_id if step is Step.correct else None,
    )
    decision.steps.append(row)
    if not move.is_confirmed:
        row.confirmed_at = now  # needs nobody else
        _go_on(session, decision, start, row, move.to, now)
    return _kept(session, row, key)


def _go_on(
    session: Session, decision: Decision, start: State, row: DecisionStep, to: State | None, now: datetime
) -> None:
    """The decision's state after this row. Raises Conflict where somebody was faster; the caller commits."""
    values: dict[str, Any] = {"moved_at": now}
    if row.step is Step.clear and row.figures.get("is_cleared"):
        values["cleared_at"] = now
    if row.step is Step.resume:
        to = decision.before
        values["before"] = None
    if row.step is Step.suspend:
        values["before"] = start
    if to is not None:
        values["state"] = row.to = to
    move(session, decision.id, start, values)


def move(session: Session, decision_id: int, start: State, values: dict[str, Any]) -> None:
    """The state is the lock: of two who press at once, one is told to look again. Raises Conflict."""
    set_if(session, get(session, decision_id), Decision.state == start, values)


def set_if(
    session: Session, row: Decision | DecisionStep | Meeting, condition: ColumnElement[bool], values: dict[str, Any]
) -> None:
    """The row's values, where the database still finds it so. Raises Conflict; the caller commits."""
    try:
        session.flush()
        kind: Any = type(row)
        statement = update(kind).where(kind.id == row.id, condition)
        if not changed(session, statement.values(**values), synchronize=False):
            raise Conflict
    except (IntegrityError, Conflict):  # or the same wish in another process
        session.rollback()
        raise Conflict from None
    session.refresh(row, list(values))


def confirm(session: Session, step_id: int, *, who: Who, now: datetime) -> DecisionStep:
    """A second person has looked: now it counts. Commits. A second press changes nothing.

    Raises NotFound, NotAllowed, Conflict.
    """
    row = _waiting(session, step_id, who)
    if row.confirmed_at is not None:
        return row
    decision = row.decision
    allowed = move_of(decision.state, row.step, has_party_step=decision.has_party_step)
    _settle(session, row, {"confirmed_at": now, "confirmed_by_id": who.id, "confirmed_by": who.name})
    _go_on(session, decision, decision.state, row, allowed.to, now)
    session.commit()
    return row


def send_back(session: Session, step_id: int, *, words: str, who: Who, now: datetime) -> DecisionStep:
    """The second person doesn't confirm, and says why; it is to be written down anew. Commits."""
    row = _waiting(session, step_id, who)
    if row.refused_at is not None:
        return row
    if row.confirmed_at is not None:
        raise NotAllowed("这一条已经确认过了。")
    words = storable(entries.said(words, "为什么退回"))
    _settle(
        session, row, {"refused_at": now, "refused_words": words, "confirmed_by_id": who.id, "confirmed_by": who.name}
    )
    session.commit()
    return row


def _waiting(session: Session, step_id: int, who: Who) -> DecisionStep:
    row = row_of(session, DecisionStep, step_id)
    if row is None:
        raise NotFound("没有这一条。")
    if row.by_id == who.id:
        raise NotAllowed("自己写的不能自己确认，请换一个人。")
    if row.refused_at is not None and row.confirmed_at is None and row.confirmed_by_id != who.id:
        raise NotAllowed("这一条已经退回了。")
    return row


def _settle(session: Session, row: DecisionStep, values: dict[str, Any]) -> None:
    """Once: of two second persons one is told to look again. Raises Conflict."""
    untouched = and_(DecisionStep.confirmed_at.is_(None), DecisionStep.refused_at.is_(None))
    set_if(session, row, untouched, values)


def carry(session: Session, decision_id: int, *, task: Task, who: Who, key: str, now: datetime) -> DecisionStep:
    """组织实施: a Case for a unit, with the day until which it is to be done. Commits; killed in between, the next try
    finds the case that was filed. Raises NotFound, NotAllowed, InvalidInput, Conflict.
    """
    decision = get(session, decision_id)
    carried = [s for s in decision.steps if s.step is Step.carry]
    if done := next((s for s in carried if s.figures.get("wish") == key), None):
        return done
    start, allowed = decision.state, move_of(decision.state, Step.carry, has_party_step=decision.has_party_step)
    team, due_on, words = _checked(session, decision, task, local_day(now))
    own = f"decision-{decision.id}-carry-{len(carried) + 1}"
    case = _case(session, decision, task, own=own, who=who, now=now)
    figures = {
        "wish": key,
        "unit": team.name,
        "due_on": due_on.isoformat(),
        "yuan": task.sum_yuan,
        "approved": storable(task.approved.strip(), 200),
        "filed": storable(task.filed.strip(), 200),
    }
    row = DecisionStep(
        **_step(Step.carry, own, who, now, on_day=local_day(now), words=words, figures=figures),
        case_id=case.id,
        confirmed_at=now,
    )
    decision.steps.append(row)
    try:
        _go_on(session, decision, start, row, allowed.to, now)
        session.commit()
    except IntegrityError:
        session.rollback()  # another hand was faster with the same task
        raise Conflict from None
    return row


def _checked(session: Session, decision: Decision, task: Task, today: date) -> tuple[Team, date, str]:
    matter = matter_of(decision.matter)
    for needed, given in ((matter.approval, task.approved), (matter.filing, task.filed)):
        if needed and len(given.strip()) < 4:
            raise InvalidInput(f"这件事要{needed}才能去办：请写明哪一天、哪个文号。")
    team = row_of(session, Team, task.team_id) if task.team_id else None
    if team is None:
        raise InvalidInput("请选交给哪个单位。")
    if task.due_on is None or not today <= task.due_on <= date(today.year + 10, 12, 31):
        raise InvalidInput("请填最晚哪天办完，不能是过去的日子。")
    if task.sum_yuan is not None:
        entries.whole(task.sum_yuan, "多少钱")
    return team, task.due_on, storable(entries.said(task.what, "要办什么"))


def _case(session: Session, decision: Decision, task: Task, *, own: str, who: Who, now: datetime) -> Case:
    """Filed, accepted and given to the unit; each once."""
    assert task.due_on is not None
    what = f"落实{decision.number}“{decision.title}”：{task.what.strip()}"
    case = filing.file(
        session,
        request_key=own,
        conversation_id=None,
        place=decision.place_id,
        category=CATEGORY,
        fields={"what": what},
        now=now,
        is_demo=decision.is_demo,
    )
    actor = case_moves.Actor("staff", who.name, who.id)
    for to in (CaseStatus.accepted, CaseStatus.assigned):
        case_moves.move(
            session, case.id, to, actor=actor, key=f"{own}-{to}", now=now, team_id=task.team_id, note="村里的决定"
        )
    case.due_at = datetime.combine(task.due_on, time(23, 59), SHANGHAI).astimezone(UTC)
    return case


def is_all_done(session: Session, decision: Decision) -> bool:
    """Whether the units have answered what was given to them."""
    numbers = [s.case_id for s in decision.steps if s.case_id]
    running = select(func.count()).select_from(Case).where(Case.id.in_(numbers), Case.status.in_(TIMED))
    return not session.scalar(running)


def step_of(session: Session, key: str) -> DecisionStep | None:
    """What this one wish has already done."""
    return session.scalar(select(DecisionStep).where(DecisionStep.key == key))


def _step(step: Step, key: str, who: Who, now: datetime, **more: Any) -> dict[str, Any]:
    more = {**more, "words": storable(more.get("words", ""), 2000)}
    return {"step": step, "key": key, "by_id": who.id, "by": storable(who.name, 40), "at": now, **more}


def _kept(session: Session, row: DecisionStep, key: str) -> DecisionStep:
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        if (done := step_of(session, key)) is None:
            raise
        return done
    return row


def on_the_way(decision: Decision) -> list[DecisionStep]:
    """What counts of its way, in its order."""
    return [s for s in decision.steps if s.step in WAY and s.confirmed_at is not None]
