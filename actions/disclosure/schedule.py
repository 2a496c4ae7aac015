"""The calendar of what falls due: begun by staff, kept by the clock, tightened where a village wants to do more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.disclosure import duties, ending, periods
from actions.disclosure.duties import DutyHere, duties_of
from actions.disclosure.models import Disclosure, DisclosureEvent, Duty
from actions.disclosure.periods import Period, Rhythm
from actions.disclosure.status import OPEN, State
from actions.errors import InvalidInput
from actions.roster.profile import profile_of
from actions.rulings.rulings import rulings
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

SOON = timedelta(days=7)
_STAGES = (  # days after the last day: who is reminded
    (-7, "还有7天，提醒村文书"),
    (-1, "还有1天，提醒村文书"),
    (1, "过了1天，提醒监督委员"),
    (5, "过了5天，列入乡镇的清单"),
    (15, "过了15天，村里的页面写明还没有公布"),
)
TO_OVERSEER, TO_TOWNSHIP, TO_EVERYBODY = (timedelta(days=days) for days in (1, 5, 15))
_FURTHEST_BACK = timedelta(days=400)


@dataclass(frozen=True)
class Kept:
    """A duty as a place keeps it: the file's, or tighter."""

    duty: DutyHere
    rhythm: Rhythm
    grace_days: int
    begins_on: date


def day_of(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()


def has_begun(session: Session, place: str) -> bool:
    return session.scalar(select(Duty.code).where(Duty.place_id == place).limit(1)) is not None


def begin(session: Session, place: str, *, on: date, now: datetime) -> None:
    """From this day on the place discloses here; said again it changes nothing. Raises InvalidInput."""
    if abs(on - day_of(now)) > _FURTHEST_BACK:
        raise InvalidInput("从哪一天起？请填一年以内的日期。")
    _add_duties(session, place, on)
    settle_place(session, place, now)


def _add_duties(session: Session, place: str, on: date) -> None:
    """Those of duties.yml that the place doesn't have yet."""
    there = set(session.scalars(select(Duty.code).where(Duty.place_id == place)))
    for code in duties.codes():
        if code not in there:
            _add(session, Duty(place_id=place, code=code, begins_on=on))


def tighten(
    session: Session, place: str, code: str, *, rhythm: Rhythm, grace_days: int, now: datetime
) -> tuple[Rhythm, int]:
    """More often, or sooner. Raises InvalidInput for what is looser than duties.yml, which is the law's least."""
    duty = duties.duty_of(profile_of(session, place), code)
    row = session.get(Duty, (place, code))
    if row is None:
        raise InvalidInput("这个村还没有开始在这里公开，请先定从哪一天起。")
    least = duty.how
    if periods.tightness(rhythm) < periods.tightness(least.rhythm) or not 0 <= grace_days <= least.grace_days:
        often = periods.RHYTHM_LABELS[least.rhythm]
        raise InvalidInput(
            f"只能更勤、更早，不能放宽：这一项最少{often}，最晚在一期结束后 {least.grace_days} 天以内公布。"
        )
    settle_place(session, place, now)  # what was owed until today stays owed
    row.rhythm = None if rhythm is least.rhythm else rhythm
    row.grace_days = None if grace_days == least.grace_days else grace_days
    row.begins_on = day_of(now)  # and nothing before today is by the new rhythm
    session.flush()
    settle_place(session, place, now)
    return rhythm, grace_days


def kept(session: Session, place: str) -> list[Kept]:
    """Every duty of a place that has begun, in the order of duties.yml; [] where it hasn't."""
    rows = {row.code: row for row in session.scalars(select(Duty).where(Duty.place_id == place))}
    most = rulings(session).of("grace")
    return [_kept(duty, rows[duty.code], most) for duty in duties_of(profile_of(session, place)) if duty.code in rows]


def _kept(duty: DutyHere, row: Duty, most: int) -> Kept:
    """`most`: of all duties, as a legal worker decided; 0: as the file has it."""
    grace = duty.how.grace_days if row.grace_days is None else min(row.grace_days, duty.how.grace_days)
    grace = min(grace, most) if most else grace
    return Kept(duty, row.rhythm or duty.how.rhythm, grace, row.begins_on)


def owed_by(one: Kept, today: date) -> Iterator[tuple[Period, date]]:
    """Periods that are over, or whose last day is a week away; with that day."""
    if one.rhythm is Rhythm.at_once:
        return
    period = periods.period_of(one.rhythm, max(one.begins_on, today - _FURTHEST_BACK))
    while True:
        due = periods.due_on(period, one.grace_days)
        if today <= period.last and today < due - SOON:
            return
        yield period, due
        period = periods.following(one.rhythm, period)


def tick(session: Session, now: datetime) -> None:
    """What fell due, what was reminded of, what has hung for long enough: each once. Commits."""
    for place in list(session.scalars(select(Duty.place_id).distinct().order_by(Duty.place_id))):
        _add_duties(session, place, day_of(now))  # what duties.yml has got since the place began
        settle_place(session, place, now)
        session.commit()
    _remind(session, now)
    session.commit()
    _archive(session, now)
    session.commit()
    for number in ending.to_forget(session):
        ending.forget_names(session, number, now)
        session.commit()


def settle_place(session: Session, place: str, now: datetime) -> None:
    """A row for each period that is owed. The caller commits."""
    of_place = select(Disclosure.duty_code, Disclosure.period).where(Disclosure.place_id == place)
    there = {(row.duty_code, row.period) for row in session.execute(of_place)}
    for one in kept(session, place):
        for period, due in owed_by(one, day_of(now)):
            if (one.duty.code, period.code) not in there:
                owed = Disclosure(place_id=place, duty_code=one.duty.code, period=period.code, due_on=due, at=now)
                _add(session, owed)


def _remind(session: Session, now: datetime) -> None:
    """A line in the history of each that is late, for the last stage it has reached."""
    today = day_of(now)
    waiting = select(Disclosure).where(Disclosure.state.in_(OPEN), Disclosure.due_on <= today + SOON)
    for item in session.scalars(waiting.order_by(Disclosure.id)).all():
        assert item.due_on
        reached = [(days, said) for days, said in _STAGES if today >= item.due_on + timedelta(days=days)]
        if reached:
            days, said = reached[-1]
            add_event(session, item.id, said, key=f"disclosure-{item.id}-stage{days:+}", now=now)


def _archive(session: Session, now: datetime) -> None:
    over = select(Disclosure.id).where(Disclosure.state == State.posted, Disclosure.posted_until < day_of(now))
    for number in session.scalars(over.order_by(Disclosure.id)).all():
        still = (Disclosure.id == number, Disclosure.state == State.posted)
        if changed(session, update(Disclosure).where(*still).values(state=State.archived)):
            add_event(session, number, "公布期满，姓名不再显示", key=f"disclosure-{number}-archived", now=now)


def add_event(session: Session, number: int, what: str, *, key: str, now: datetime, by: str = "") -> bool:
    """False: it stands there already. The caller commits."""
    return _add(session, DisclosureEvent(disclosure_id=number, key=key, at=now, actor_name=by[:40], what=what[:200]))


def _add(session: Session, row: Duty | Disclosure | DisclosureEvent) -> bool:
    """Of two who add the same, one does."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return False
    return True


def events_of(session: Session, number: int) -> Sequence[DisclosureEvent]:
    of_it = select(DisclosureEvent).where(DisclosureEvent.disclosure_id == number)
    return session.scalars(of_it.order_by(DisclosureEvent.id)).all()
