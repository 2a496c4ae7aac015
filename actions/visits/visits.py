"""走访: a resident asks the grid worker to come; a day to say when, three to be there (policy-liuhe-wangge), as cases
with the same escalation as everything else.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.calendar.workdays import Unit, calendar
from actions.cases import filing, moves
from actions.cases.models import Case
from actions.cases.moves import CLOCK, Actor, add_event
from actions.cases.status import LABELS, TIMED, CaseStatus
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.offices.routing import VISIT
from actions.storable import storable
from actions.visits import grid
from actions.visits.models import Visit
from knowledge.tables import changed

REPLIES_WITHIN_DAYS = 1  # to the end of the next day; three days to be there are the case's own limit
RESULTS = {"done": "办好了", "up": "要上面来办", "absent": "人不在，改天再去"}
MOST_WORDS = 300


@dataclass(frozen=True)
class Asked:
    """What somebody wants a visit for. `group`: "" where it isn't known."""

    words: str
    group: str
    spot: str = ""
    phone: str = ""


def ask(session: Session, asked: Asked, *, place: str, conversation_id: str | None, key: str, now: datetime) -> Case:
    """The case, once a key; committed. Raises InvalidInput."""
    words = storable(asked.words).strip()
    if not 2 <= len(words) <= MOST_WORDS:
        raise InvalidInput(f"请网格员来看什么，写 2 到 {MOST_WORDS} 个字。")
    case = filing.file(
        session,
        request_key=f"visit-{key}"[:100],
        conversation_id=conversation_id,
        place=place,
        category=VISIT,
        fields={
            "what": words,
            "spot": "，".join(w for w in (asked.group, asked.spot) if w),
            "phone": asked.phone or None,
        },
        now=now,
    )
    _begin(session, case, asked.group)
    return case


def open_ones(session: Session, places: list[str]) -> list[tuple[Visit, Case]]:
    """That wait for a grid worker, the oldest first."""
    rows = (
        select(Visit, Case)
        .join(Case, Case.id == Visit.case_id)
        .where(Visit.place_id.in_(places), Case.status.in_(TIMED), Visit.result.in_(("", "absent")))
        .order_by(Visit.reply_by)
        .limit(200)
    )
    return [(row[0], row[1]) for row in session.execute(rows)]


def get(session: Session, case_id: int) -> tuple[Visit, Case]:
    """Raises NotFound."""
    visit = session.get(Visit, case_id) if 0 < case_id < 2**31 else None
    if visit is None:
        raise NotFound("没有找到这次走访。")
    return visit, session.get_one(Case, case_id)


def reply(session: Session, visit: Visit, *, comes_on: date, words: str, actor: Actor, key: str, now: datetime) -> None:
    """The resident hears when somebody comes. May be said anew. Raises InvalidInput, NotAllowed; commits."""
    case, today = _running(session, visit), grid.day_of(now)
    if not today <= comes_on <= today + timedelta(days=7):
        raise InvalidInput("哪天去，请选今天起一个星期以内的日子。")
    if moves.is_done(session, key):
        return
    _take_up(session, case, actor=actor, now=now)
    words = storable(words).strip()[:200]
    say = f"网格员{actor.name}{_day(comes_on, today)}来看您。{words}"
    first = {"replied_at": now} if visit.replied_at is None else {}
    session.execute(update(Visit).where(Visit.case_id == case.id).values(comes_on=comes_on, result="", **first))
    add_event(session, case, f"网格员说{_day(comes_on, today)}去", key=key, actor=actor, now=now, note=words, say=say)
    _commit(session)


def finish(session: Session, visit: Visit, result: str, words: str, *, actor: Actor, key: str, now: datetime) -> None:
    """What came of it, in three taps or in words. `done` answers the case, so that the resident says whether it is
    solved; `up` leaves it open for those above. Raises ActionError; commits.
    """
    if result not in RESULTS:
        raise InvalidInput("请选一个：办好了、要上面来办、人不在。")
    if moves.is_done(session, key):
        return
    case, words = _running(session, visit), storable(words).strip()[:MOST_WORDS]
    if result == "up" and len(words) < 2:
        raise InvalidInput("要上面办什么，请说一句，接手的人要看。")
    _take_up(session, case, actor=actor, now=now)
    values: dict[str, object] = {"result": result, "replied_at": visit.replied_at or now}
    values |= {"been_at": now} if result != "absent" else {"comes_on": None}
    session.execute(update(Visit).where(Visit.case_id == case.id).values(**values))
    if result == "done":
        session.commit()
        note = words or "网格员到家看过，办好了。"
        moves.move(session, case.id, CaseStatus.answered, actor=actor, key=key, now=now, note=note)
        return
    say = {
        "up": f"网格员{actor.name}来看过了，这件事要上面来办，已经转上去，接着跟进。",
        "absent": f"网格员{actor.name}来过，您不在家，改天再来。方便的话说一下哪天在家。",
    }[result]
    what = "网格员看过，要上面来办" if result == "up" else "网格员去了，人不在"
    add_event(session, case, what, key=key, actor=actor, now=now, note=words, say=say)
    _commit(session)


def tick(session: Session, now: datetime) -> None:
    """A visit of a case whose filing was cut short is begun; who didn't say within a day when they come, is reported
    above. That nobody was there after three is the case's own clock. Commits.
    """
    bare = (
        select(Case).outerjoin(Visit, Visit.case_id == Case.id).where(Case.category == VISIT, Visit.case_id.is_(None))
    )
    for case in session.scalars(bare.where(Case.status.in_(TIMED))).all():
        _begin(session, case, "")
    late = (Visit.replied_at.is_(None), Visit.escalated_at.is_(None), Visit.reply_by < now)
    for visit in session.scalars(select(Visit).where(*late)).all():
        case = session.get_one(Case, visit.case_id)
        mine = update(Visit).where(Visit.case_id == case.id, *late).values(escalated_at=now)
        if case.status in TIMED and changed(session, mine, synchronize=False):
            say = "网格员一天内没有回话，已经报给上面催了，对不住。"
            key = f"visit-{case.id}-late"
            add_event(session, case, "网格员一天内没有回话，上报主管", key=key, actor=CLOCK, now=now, say=say)
        try:
            session.commit()
        except IntegrityError:
            session.rollback()


def _begin(session: Session, case: Case, group: str) -> None:
    """Committed."""
    if session.get(Visit, case.id) is not None:
        return
    place = case.place_id or ""
    found = grid.mine(session, place, group, today=grid.day_of(case.filed_at))
    visit = Visit(case_id=case.id, place_id=place, group_name=group[:20])
    visit.grid_worker_id = found[0].id if group and len(found) == 1 else None
    visit.reply_by, _ = calendar(session).due(case.filed_at, amount=REPLIES_WITHIN_DAYS, unit=Unit.days)
    visit.come_by = case.due_at or visit.reply_by
    session.add(visit)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()  # another process was first


def _running(session: Session, visit: Visit) -> Case:
    case = session.get_one(Case, visit.case_id)
    if case.status not in TIMED:
        raise NotAllowed(f"这次走访是“{LABELS[case.status]}”，不用再记了。")
    return case


def _take_up(session: Session, case: Case, *, actor: Actor, now: datetime) -> None:
    """The case goes as far as being worked on; each step once, so a try that was cut short goes on here."""
    way = {
        CaseStatus.filed: CaseStatus.accepted,
        CaseStatus.accepted: CaseStatus.assigned,
        CaseStatus.assigned: CaseStatus.in_progress,
        CaseStatus.reopened: CaseStatus.in_progress,
    }
    while (to := way.get(case.status)) is not None:
        if to is CaseStatus.assigned and case.team_id is None:
            raise NotAllowed("这件事还没有单位接，请镇里先在“事项”里分一下。")
        key = f"visit-{case.id}-{to.value}-{case.times_reopened}"
        case = moves.move(session, case.id, to, actor=actor, key=key, now=now, team_id=case.team_id)


def _commit(session: Session) -> None:
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        raise Conflict from None


def _day(day: date, today: date) -> str:
    return {0: "今天", 1: "明天", 2: "后天"}.get((day - today).days, f"{day.month}月{day.day}日")
