"""Cases looked up, listed, told."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Text, cast, delete, func, or_, select, update
from sqlalchemy import case as case_when
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from actions import persons
from actions.calendar.workdays import local
from actions.cases import numbers
from actions.cases.handling import state
from actions.cases.models import CalledUnit, Case, CaseEvent, LookupTry
from actions.cases.status import LABELS, OPEN, TIMED, CaseStatus
from actions.errors import NotFound
from actions.storable import row_of, storable
from knowledge.clock import utc_now
from knowledge.tables import changed

ASKED_FOR_MORE, URGED = "请居民补充", "居民催办"

log = logging.getLogger("linli.cases")
_A_DAY = timedelta(days=1)
_WRONG_BY_ONE, _WRONG_BY_ALL, _WRONG_IN_ALL = 5, 20, 500  # a day: who asks; tries at one case; at all cases
LOOK_BACK = (timedelta(days=7), timedelta(days=30))  # 回头看


def get(session: Session, case_id: int) -> Case:
    case = row_of(session, Case, case_id)
    if case is None:
        raise NotFound
    return case


def lead(session: Session, case: Case) -> Case:
    """The case in which this one goes on: itself, or the one it was merged into."""
    seen = {case.id}
    while case.merged_into_id and case.merged_into_id not in seen:
        seen.add(case.merged_into_id)
        case = get(session, case.merged_into_id)
    return case


def followers(session: Session, case_id: int) -> list[Case]:
    """Cases merged into this one, also by way of another."""
    found: list[Case] = []
    near = [case_id]
    while near:
        more = [
            c
            for c in session.scalars(select(Case).where(Case.merged_into_id.in_(near)).order_by(Case.id))
            if c.id != case_id and c not in found
        ]
        found += more
        near = [c.id for c in more]
    return found


def audience(session: Session, event: CaseEvent) -> list[tuple[Case, str]]:
    """Whom an event is told to, with the words: the case's own resident, and those whose cases were merged into it
    before.
    """
    assert event.say
    case = event.case
    told = [(case, event.say)]
    if event.what == ASKED_FOR_MORE:
        return told  # a question to one person
    for other in followers(session, case.id):
        merged = (e.id for e in other.events if e.status_to is CaseStatus.merged and e.undone_at is None)
        since = max(merged, default=0)
        if event.id > since and other.conversation_id not in {c.conversation_id for c, _ in told}:
            told.append((other, f"和您反映的（{numbers.spoken(other.number)}）并在一起办的事有消息：{event.say}"))
    return told


def of_conversation(session: Session, conversation_id: str) -> list[Case]:
    return list(session.scalars(select(Case).where(Case.conversation_id == conversation_id).order_by(Case.id.desc())))


def of_person(session: Session, conversation_id: str) -> list[Case]:
    """Of this conversation, and of those its resident joined to it."""
    return list(
        session.scalars(
            select(Case)
            .where(Case.conversation_id.in_(persons.threads_of(session, conversation_id)))
            .order_by(Case.id.desc())
        )
    )


def of_phones(session: Session, cases: Sequence[Case], *, places: Sequence[str] | None) -> list[Case]:
    """Other cases under the telephones of these, newest first, of places that the asking member of staff sees."""
    phones = {case.phone for case in cases if case.phone}
    if not phones:
        return []
    others = select(Case).where(Case.phone.in_(phones), Case.id.not_in([c.id for c in cases]), *in_reach(places))
    return list(session.scalars(others.order_by(Case.id.desc()).limit(20)))


def look_up(session: Session, number: str, phone_tail: str, *, now: datetime, asker: str = "") -> Case:
    """Progress from elsewhere. A wrong number, a wrong tail, an anonymous case and a locked one all look the same
    (NotFound).

    Five wrong tries end the looking up of whoever asks (`asker`: a conversation) for a day; twenty by anybody that of
    the case: ten thousand tails are too few to let anyone walk through them, and one stranger isn't to lock the owner
    out. Numbers follow one another, so somebody may try a few tails of each: after five hundred wrong ones in a day
    nobody looks up anything from elsewhere. The conversation, links and the telephone stay.
    """
    session.execute(delete(LookupTry).where(LookupTry.at < now - _A_DAY))
    tried = session.scalar(select(LookupTry.wrong).where(LookupTry.asker == asker)) or 0
    case = session.scalar(select(Case).where(Case.number == storable(number)))
    if case is not None and case.lookup_failed_at and case.lookup_failed_at < now - _A_DAY:
        case.lookup_failures = 0
    is_open = (
        tried < _WRONG_BY_ONE
        and case is not None
        and case.phone
        and case.lookup_failures < _WRONG_BY_ALL
        and not _are_walked_through(session, now)
    )
    if case is None or not is_open or not _fits(case, phone_tail):
        if tried < _WRONG_BY_ONE:
            _count_wrong(session, asker, now)
        if case is not None and is_open:
            case.lookup_failures, case.lookup_failed_at = case.lookup_failures + 1, now
        session.commit()
        raise NotFound
    # Who asks keeps their count: a case of one's own, looked up in between, would give five more tries each time.
    case.lookup_failures = 0
    session.commit()
    return case


def _are_walked_through(session: Session, now: datetime) -> bool:
    """Whether somebody goes from case to case with wrong tails."""
    wrong = select(func.sum(Case.lookup_failures)).where(Case.lookup_failed_at > now - _A_DAY)
    if (session.scalar(wrong) or 0) < _WRONG_IN_ALL:
        return False
    log.error("looking up cases by number is closed: %s wrong tries in a day", _WRONG_IN_ALL)
    return True


def _fits(case: Case, phone_tail: str) -> bool:
    return len(phone_tail) == 4 and (case.phone or "").endswith(phone_tail)


def _count_wrong(session: Session, asker: str, now: datetime) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    again = {"wrong": LookupTry.wrong + 1}
    counted = insert(LookupTry).values(asker=asker, wrong=1, at=now)
    session.execute(counted.on_conflict_do_update(index_elements=[LookupTry.asker], set_=again))


def progress(session: Session, case: Case) -> str:
    """The resident's view of where a case stands; of a merged one, where the case stands in which it goes on."""
    own, case = case, known_lead(session, case)
    status = known_status(case)
    lines = [f"{numbers.spoken(own.number)}：{'和别人反映的并在一起办，' if own is not case else ''}{LABELS[status]}。"]
    lines += [f"· {local(e.at, time_too=True)} {e.what}" for e in known_events(case)[-5:]]
    if status in TIMED and case.due_at:
        stands = "，现在等您补充，不算时间。" if known_pause(case) else "。"
        lines.append(f"最晚 {local(case.due_at)} 前答复{stands}")
    return "\n".join(lines)


def known_events(case: Case) -> list[CaseEvent]:
    """What residents may know of: steps and news, without what staff may still take back, or have."""
    now = utc_now()
    return [e for e in case.events if (e.status_to or e.say) and e.undone_at is None and not e.is_held(now)]


def known_lead(session: Session, case: Case) -> Case:
    """As `lead`, but a merge that may still be taken back hasn't happened."""
    return case if _holds(case, "merged_into_id") else lead(session, case)


def known_pause(case: Case) -> bool:
    """Whether the resident has been asked for more, and knows it."""
    return case.paused_at is not None and not _holds(case, "paused_at")


def _holds(case: Case, column: str) -> bool:
    """Whether a step that may still be taken back changed it."""
    now = utc_now()
    return any(e.is_held(now) and column in (e.before or {}) for e in case.events)


def known_status(case: Case) -> CaseStatus:
    """Where the case stands as far as residents may know: before the first step that may still be taken back."""
    now = utc_now()
    held = (state.status_before(e.before) for e in case.events if e.is_held(now))
    return next((status for status in held if status is not None), case.status)


def in_reach(places: Sequence[str] | None) -> list[ColumnElement[bool]]:
    """Of these places, or of none yet, which is everybody's; no condition where `places` is None."""
    return [] if places is None else [Case.place_id.in_(places) | Case.place_id.is_(None)]


_ORDINARY = func.length(cast(Case.green, Text)) <= 2  # `[]`: no reason to go first


def page(
    session: Session,
    *,
    places: Sequence[str] | None,
    status: Sequence[CaseStatus] = (),
    category: str = "",
    team_id: int | None = None,
    within: Sequence[str] | None = None,
    text: str = "",
    only_green: bool = False,
    overdue_at: datetime | None = None,
    is_warned: bool = False,
    has_absent_unit: bool = False,
    held_by: int | None = None,
    also: Sequence[ColumnElement[bool]] = (),
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Case], int]:
    """Cases of these places (None: all) and how many there are: first those whose clock runs, the green channel before
    the rest, then by limit.

    places: where the asking person works, which includes what has no place yet; `within`: the places asked for, and
    nothing else.
    """
    where = in_reach(places)
    if within is not None:
        where.append(Case.place_id.in_(within))
    if status:
        where.append(Case.status.in_(status))
    if category:
        where.append(Case.category == storable(category))
    if team_id:
        # its own, and those it was called to
        where.append((Case.team_id == team_id) | Case.units.any(CalledUnit.team_id == team_id))
    if held_by is not None:
        where.append(Case.assignee_id == held_by)
    if is_warned:
        where += [Case.warned_at.is_not(None), Case.escalated_at.is_(None), Case.status.in_(TIMED)]
    if has_absent_unit:
        where += [_ABSENT, Case.status.in_(OPEN)]
    if overdue_at:
        where += [Case.due_at < overdue_at, Case.status.in_(TIMED)]
    where += also
    if only_green:
        where.append(~_ORDINARY)
    if text:
        text = storable(text)
        like = f"%{text.replace('%', '').replace('_', '')}%"
        where.append(or_(Case.what.like(like), Case.number.like(f"%{text.replace('-', '')}%"), Case.spot.like(like)))
    rows = session.scalars(
        select(Case)
        .where(*where)
        .order_by(Case.status.not_in(TIMED), _ORDINARY, Case.due_at.is_(None), Case.due_at, Case.id)
        .limit(limit)
        .offset(offset)
    )
    return list(rows), session.scalar(select(func.count()).select_from(Case).where(*where)) or 0


_ABSENT = Case.units.any(CalledUnit.escalated_at.is_not(None) & CalledUnit.arrived_at.is_(None))


def urged(session: Session, cases: Sequence[Case]) -> set[int]:
    """Of these, the ids of those whose resident has urged since staff last did something in them."""
    by_resident = CaseEvent.what == URGED
    last = (func.max(case_when((which, CaseEvent.id))) for which in (by_resident, CaseEvent.actor == "staff"))
    stood = select(CaseEvent.case_id, *last).where(CaseEvent.case_id.in_([c.id for c in cases]))
    rows = session.execute(stood.where(CaseEvent.undone_at.is_(None)).group_by(CaseEvent.case_id))
    return {case for case, asked, done in rows if asked and asked > (done or 0)}


def count_alarms(session: Session, *, places: Sequence[str] | None) -> int:
    """Cases of these places that have run over their limit or wait for a unit that didn't come: what a supervisor
    must see to.
    """
    where = [
        *in_reach(places),
        (Case.escalated_at.is_not(None) & Case.status.in_(TIMED)) | (_ABSENT & Case.status.in_(OPEN)),
    ]
    return session.scalar(select(func.count()).select_from(Case).where(*where)) or 0


def untold(session: Session, limit: int = 100, *, now: datetime | None = None) -> list[CaseEvent]:
    """What is to be told by now, in order: nothing of a case goes before what is held back of it."""
    now, earlier = now or utc_now(), aliased(CaseEvent)
    is_free = CaseEvent.tell_after.is_(None) | (CaseEvent.tell_after <= now)
    held = select(earlier.id).where(
        earlier.case_id == CaseEvent.case_id,
        earlier.id < CaseEvent.id,
        earlier.say.is_not(None),
        earlier.told_at.is_(None),
        earlier.tell_after > now,
    )
    waits = select(CaseEvent).where(CaseEvent.say.is_not(None), CaseEvent.told_at.is_(None), is_free, ~held.exists())
    return list(session.scalars(waits.order_by(CaseEvent.id).limit(limit)))


def told(session: Session, event: CaseEvent, *, now: datetime) -> bool:
    """Whether the caller is the one to tell it; in the transaction that does."""
    free = CaseEvent.tell_after.is_(None) | (CaseEvent.tell_after <= now)
    mine = update(CaseEvent).where(
        CaseEvent.id == event.id, CaseEvent.told_at.is_(None), CaseEvent.undone_at.is_(None), free
    )
    return changed(session, mine.values(told_at=now)) > 0
