"""Every move of a case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.calendar.workdays import Unit, calendar
from actions.cases import finding, numbers
from actions.cases.finding import ASKED_FOR_MORE, URGED, get, lead
from actions.cases.handling import state
from actions.cases.models import Case, CaseEvent
from actions.cases.status import LABELS, OPEN, TIMED, By, CaseStatus, Move, move_between
from actions.errors import Conflict, InvalidInput, NotAllowed
from actions.offices.models import Team, TimeLimit
from actions.offices.routing import VISIT
from actions.replies import Button, buttons_in
from actions.storable import row_of, storable
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

CONFIRM_DAYS = 30  # 人民调解法 33

_DEFAULT_LIMIT = TimeLimit(category="*", amount=7, unit=Unit.workdays, green_amount=3)
# Where a county sets no other: a grid worker is there within three days.
_OWN_LIMITS = {VISIT: TimeLimit(category=VISIT, amount=3, unit=Unit.days, green_amount=3)}


@dataclass(frozen=True)
class Actor:
    """Who does it. `id` is a staff account's, None for residents and the clock."""

    kind: str
    name: str = ""
    id: int | None = None


RESIDENT = Actor("resident", "居民")
CLOCK = Actor("system", "系统")

CONFIRM_BUTTONS = (Button("解决了", "这件事解决了"), Button("没解决", "这件事没解决"))


def asks_whether_solved(event: CaseEvent) -> bool:
    return buttons_in(event.buttons) == CONFIRM_BUTTONS


def start_clock(session: Session, case: Case, now: datetime) -> None:
    limit = (
        session.get(TimeLimit, case.category)
        or _OWN_LIMITS.get(case.category)
        or session.get(TimeLimit, "*")
        or _DEFAULT_LIMIT
    )
    case.clock_started_at, case.paused_at, case.warned_at, case.escalated_at = now, None, None, None
    case.due_at, case.due_is_confirmed = calendar(session).due(
        now, amount=limit.green_amount if case.green else limit.amount, unit=Unit(limit.unit)
    )


def add_event(
    session: Session,
    case: Case,
    what: str,
    *,
    key: str,
    actor: Actor,
    now: datetime,
    to: CaseStatus | None = None,
    note: str = "",
    say: str | None = None,
    buttons: Sequence[Button] = (),
    tell_after: datetime | None = None,
    before: state.State | None = None,
) -> CaseEvent:
    """`tell_after`: until then it isn't told, and may be taken back; `before`: the case as it was (`state.of`)."""
    event = CaseEvent(
        case_id=case.id,
        key=key,
        at=now,
        actor=actor.kind,
        actor_id=actor.id,
        actor_name=storable(actor.name, 60),
        what=storable(what, 60),
        status_to=to,
        note=storable(note),
        say=storable(say) if say is not None else None,
        buttons=[button.as_json() for button in buttons],
        tell_after=tell_after,
        before=state.difference(before, case) if before is not None and tell_after is not None else None,
    )
    session.add(event)
    case.updated_at = now
    return event


def move(
    session: Session,
    case_id: int,
    to: CaseStatus,
    *,
    actor: Actor,
    key: str,
    now: datetime,
    note: str = "",
    team_id: int | None = None,
    assignee_id: int | None = None,
    into_id: int | None = None,
    tell_after: datetime | None = None,
) -> Case:
    """Apply a move of the table. `key` names this one wish (a form's nonce, a message): a second call changes nothing.

    `into_id`: of a case that is merged; `tell_after`: as in `add_event`.
    Raises NotFound, NotAllowed, InvalidInput (a reason is missing), Conflict (somebody moved it in between).
    """
    case = get(session, case_id)
    if is_done(session, key):
        return case
    start, before = case.status, state.of(case)
    allowed = move_between(start, to, By.resident if actor.kind == "resident" else By.staff)
    note = note.strip()
    if allowed.needs_note and actor.kind == "staff" and not note:
        raise InvalidInput("请写明情况或原因，居民会看到。")
    if to is CaseStatus.assigned:
        if team_id is None or row_of(session, Team, team_id) is None:
            raise InvalidInput("请选择交给哪个单位。")
        case.team_id, case.assignee_id = team_id, assignee_id
    case.merged_into_id = into_id or case.merged_into_id
    # The status is the lock: of two people who press at once, one is told to look again.
    if not changed(session, update(Case).where(Case.id == case_id, Case.status == start).values(status=to)):
        session.rollback()
        raise Conflict
    case.status = to
    _keep_times(session, case, now)
    add_event(
        session,
        case,
        allowed.label,
        key=key,
        actor=actor,
        to=to,
        note=note,
        # A resident's own move is answered in the turn that made it.
        say=None if actor.kind == "resident" else _told(session, case, allowed, note),
        buttons=CONFIRM_BUTTONS if to is CaseStatus.answered else (),
        now=now,
        tell_after=tell_after,
        before=before,
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()  # the same key in another process; its event stands
        return get(session, case_id)
    return case


def is_done(session: Session, key: str) -> bool:
    """Whether this one wish was carried out before."""
    return session.scalar(select(CaseEvent.id).where(CaseEvent.key == key)) is not None


def _keep_times(session: Session, case: Case, now: datetime) -> None:
    """What a new status says about the case's times; reopened and filed again its clock starts anew."""
    if case.status is CaseStatus.answered:
        case.answered_at = now
    elif case.status is CaseStatus.closed:
        case.closed_at = now
        case.looked_back = 0
    elif case.status in (CaseStatus.reopened, CaseStatus.filed):
        case.closed_at = None
        case.times_reopened += case.status is CaseStatus.reopened
        start_clock(session, case, now)


def _told(session: Session, case: Case, allowed: Move, note: str) -> str | None:
    """What the resident hears of a move."""
    if not allowed.say:
        return None
    team = session.get(Team, case.team_id) if case.team_id else None
    say = allowed.say.format(note=note, team=team.name if team else "工作人员")
    return f"{say}\n这样算解决了吗？" if case.status is CaseStatus.answered else say


NO_MASTER = "要并入的编号不对，或那件事已经办结。"
MASTER = "-master"  # ends the key of the line that a merged case leaves in the other one


def merge(
    session: Session,
    case_id: int,
    into_number: str,
    *,
    actor: Actor,
    key: str,
    now: datetime,
    tell_after: datetime | None = None,
) -> Case:
    """并案: the case goes on in another one; residents of both hear of it."""
    digits, fits = numbers.find(into_number)
    master = session.scalar(select(Case).where(Case.number == digits)) if digits and fits else None
    if master is None or master.id == case_id or master.status not in OPEN:
        raise InvalidInput(NO_MASTER)
    case = get(session, case_id)
    if is_done(session, key):
        return case
    move_between(case.status, CaseStatus.merged, By.staff)
    add_event(
        session,
        master,
        f"并入 {numbers.spoken(case.number)}",
        key=f"{key}{MASTER}",
        actor=actor,
        now=now,
        say="有人反映了同一件事，和您的并在一起办，进度照样告诉您。",
        tell_after=tell_after,
    )
    return move(
        session,
        case_id,
        CaseStatus.merged,
        actor=actor,
        key=key,
        now=now,
        note=f"并入 {numbers.spoken(master.number)}",
        into_id=master.id,
        tell_after=tell_after,
    )


def note(
    session: Session,
    case_id: int,
    text: str,
    *,
    actor: Actor,
    key: str,
    now: datetime,
    for_resident: bool = False,
    tell_after: datetime | None = None,
) -> None:
    """A line of the record; for the resident's eyes only when said so."""
    if not text.strip():
        raise InvalidInput("还没写内容。")
    case = get(session, case_id)
    if is_done(session, key):
        return
    add_event(
        session,
        case,
        "告知进展" if for_resident else "内部记录",
        key=key,
        actor=actor,
        note=text.strip(),
        say=f"您的事有新进展：{text.strip()}" if for_resident else None,
        now=now,
        tell_after=tell_after,
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()  # sent twice at once; the first stands


def pause(
    session: Session,
    case_id: int,
    question: str,
    *,
    actor: Actor,
    key: str,
    now: datetime,
    tell_after: datetime | None = None,
) -> None:
    """Ask the resident for something; the clock stands until they answer."""
    case = get(session, case_id)
    if not question.strip():
        raise InvalidInput("请写明要居民补充什么。")
    if case.status not in TIMED or is_done(session, key):
        return
    before = state.of(case)
    case.paused_at = case.paused_at or now
    add_event(
        session,
        case,
        ASKED_FOR_MORE,
        key=key,
        actor=actor,
        note=question.strip(),
        say=f"办您这件事，还要请您补充：{question.strip()}\n直接在这里写就行，写好之前不算办理时间。",
        now=now,
        tell_after=tell_after,
        before=before,
    )
    session.commit()


def supplement(session: Session, case_id: int, text: str, *, key: str, now: datetime) -> Case:
    """What the resident adds. A standing clock goes on, moved by the time it stood."""
    case = get(session, case_id)
    if is_done(session, key):
        return case
    if case.status is CaseStatus.returned:
        return move(session, case_id, CaseStatus.filed, actor=RESIDENT, key=key, now=now, note=text)
    if (where := lead(session, case)) is not case:  # what another resident was asked for, this doesn't answer
        note(
            session,
            where.id,
            f"并案的居民（{numbers.spoken(case.number)}）补充：{text}",
            actor=RESIDENT,
            key=key,
            now=now,
        )
        return case
    if case.paused_at and case.due_at:
        case.due_at += now - case.paused_at
        case.paused_at = None
    add_event(session, case, "居民补充", key=key, actor=RESIDENT, note=text, now=now)
    session.commit()
    return case


def supplement_by_number(session: Session, conversation_id: str, text: str, *, key: str, now: datetime) -> Case | None:
    """What a resident adds to an open case of theirs that they name (`261124-001-05 补充：…`); None for other words."""
    digits, said = numbers.find(text)[0], numbers.after(text)
    if not said.startswith("补充") or said == text:
        return None
    own = (c for c in finding.of_person(session, conversation_id) if c.number == digits)
    case = next((c for c in own if c.status in OPEN or c.status is CaseStatus.returned), None)
    added = said.removeprefix("补充").lstrip("：:，, ")[:1000]
    return supplement(session, case.id, added, key=key, now=now) if case and added else None


def is_urged(session: Session, case: Case, *, now: datetime) -> bool:
    """Whether its resident urged it today already."""
    return is_done(session, _urge_key(case, now))


def urge(session: Session, case_id: int, *, now: datetime) -> None:
    """催办: a line of the record, once a day; of a merged case in the one in which it goes on. Raises NotAllowed where
    nobody is at it.
    """
    case = get(session, case_id)
    where = lead(session, case)
    if where.status not in TIMED:
        raise NotAllowed(f"“{LABELS[where.status]}”的事不用催。")
    if is_urged(session, case, now=now):
        return
    note = "" if where is case else f"并案的居民（{numbers.spoken(case.number)}）"
    add_event(session, where, URGED, key=_urge_key(case, now), actor=RESIDENT, note=note, now=now)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()  # said twice at once


def _urge_key(case: Case, now: datetime) -> str:
    return f"case-{case.id}-urged-{now.astimezone(SHANGHAI):%Y%m%d}"


def mark_green(
    session: Session, case_id: int, reasons: Sequence[str], *, actor: Actor, key: str, now: datetime
) -> None:
    """绿色通道 confirmed or taken off by staff.

    Entering shortens the limit; leaving never lengthens one already promised.
    """
    case = get(session, case_id)
    if is_done(session, key):
        return
    was = bool(case.green)
    case.green = [storable(r) for r in reasons]
    if case.green and not was and case.clock_started_at and case.due_at and case.status in TIMED:
        limit = session.get(TimeLimit, case.category) or session.get(TimeLimit, "*") or _DEFAULT_LIMIT
        due, sure = calendar(session).due(case.clock_started_at, amount=limit.green_amount, unit=Unit(limit.unit))
        if due < case.due_at:
            case.due_at, case.due_is_confirmed = due, sure
    add_event(
        session,
        case,
        "列入绿色通道" if case.green else "移出绿色通道",
        key=key,
        actor=actor,
        note="、".join(reasons),
        say="您的情况可以优先办，已经排到前面。" if case.green and not was else None,
        now=now,
    )
    session.commit()


def rate(session: Session, case_id: int, stars: int, *, now: datetime) -> None:
    case = get(session, case_id)
    case.satisfaction = max(1, min(5, stars))
    session.commit()
