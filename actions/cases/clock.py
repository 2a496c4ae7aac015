"""What time alone does to a case."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases import numbers
from actions.cases.finding import LOOK_BACK
from actions.cases.models import CalledUnit, Case, Mediation
from actions.cases.moves import CLOCK, CONFIRM_BUTTONS, add_event
from actions.cases.status import TIMED, CaseStatus
from knowledge.clock import SHANGHAI

_TICKS = 5


def tick(session: Session, *, now: datetime) -> int:
    """Warn at 80 %, escalate at 100 %, call absent units, look back after 7 and 30 days. How much was done."""
    for _ in range(_TICKS):
        try:
            return _tick(session, now)
        except IntegrityError:  # of two workers the later one finds an event written, and looks again
            session.rollback()
    return 0


def _tick(session: Session, now: datetime) -> int:
    done = _limits(session, now) + _absent_units(session, now) + _look_back(session, now) + _confirmations(session, now)
    session.commit()
    return done


def _limits(session: Session, now: datetime) -> int:
    """Warn at 80 % of the time limit, escalate at its end."""
    done = 0
    for case in session.scalars(
        select(Case).where(
            Case.status.in_(TIMED), Case.paused_at.is_(None), Case.due_at.is_not(None), Case.escalated_at.is_(None)
        )
    ).all():
        assert case.due_at
        assert case.clock_started_at
        key = f"case-{case.id}-{int(case.clock_started_at.timestamp())}"
        if now >= case.due_at:
            case.escalated_at = now
            say = "您的事没能按时答复，已经报给主管督办，对不住。您也可以拨打 12345 催办。"
            add_event(session, case, "已超时，上报主管", key=f"{key}-escalated", actor=CLOCK, now=now, say=say)
            done += 1
        elif case.warned_at is None and now >= case.clock_started_at + (case.due_at - case.clock_started_at) * 0.8:
            case.warned_at = now
            add_event(session, case, "时限将到", key=f"{key}-warned", actor=CLOCK, now=now)
            done += 1
    return done


def _absent_units(session: Session, now: datetime) -> int:
    """Called units that didn't come in time go to the supervisor."""
    absent = session.scalars(
        select(CalledUnit).where(
            CalledUnit.arrived_at.is_(None), CalledUnit.escalated_at.is_(None), CalledUnit.due_at < now
        )
    ).all()
    for unit in absent:
        unit.escalated_at = now
        what = f"{unit.team.name[:48]}没有按时报到，上报主管"
        add_event(session, unit.case, what, key=f"unit-{unit.id}-absent", actor=CLOCK, now=now)
    return len(absent)


def _look_back(session: Session, now: datetime) -> int:
    """回头看: a closed case is asked about after 7 and after 30 days."""
    done = 0
    for case in session.scalars(
        select(Case).where(
            Case.status == CaseStatus.closed, Case.looked_back < len(LOOK_BACK), Case.closed_at.is_not(None)
        )
    ).all():
        assert case.closed_at
        if now < case.closed_at + LOOK_BACK[case.looked_back]:
            continue
        case.looked_back += 1
        add_event(
            session,
            case,
            "回头看",
            key=f"case-{case.id}-look-{case.closed_at.timestamp():.0f}-{case.looked_back}",
            actor=CLOCK,
            now=now,
            say=f"您之前反映的“{case.what[:20]}”（{numbers.spoken(case.number)}），现在真解决了吗？",
            buttons=CONFIRM_BUTTONS,
        )
        done += 1
    return done


def _confirmations(session: Session, now: datetime) -> int:
    """A week before the last day on which both sides may have their agreement confirmed by the court."""
    soon = now.astimezone(SHANGHAI).date() + timedelta(days=7)
    due = session.scalars(
        select(Mediation).where(
            Mediation.confirm_by.is_not(None), Mediation.confirm_by <= soon, Mediation.confirm_reminded_at.is_(None)
        )
    ).all()
    for mediation in due:
        assert mediation.confirm_by
        mediation.confirm_reminded_at = now
        day = f"{mediation.confirm_by.month}月{mediation.confirm_by.day}日"
        key = f"case-{mediation.case_id}-confirm-soon"
        say = f"提醒您：调解协议要做司法确认的，请在 {day} 前双方一起去法院。"
        add_event(session, mediation.case, "司法确认期限将到", key=key, actor=CLOCK, now=now, say=say)
    return len(due)
