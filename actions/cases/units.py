"""Called units."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.calendar.workdays import Unit, calendar
from actions.cases.finding import get
from actions.cases.models import CalledUnit
from actions.cases.moves import Actor, add_event
from actions.cases.status import OPEN, CaseStatus
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.offices.models import Team, TimeLimit
from actions.storable import row_of, storable
from knowledge.tables import changed

CALLED_UNIT = "吹哨报到"  # the row of time_limit that says how soon a called unit must answer

# one city's practice (domain.md section 4)
_DEFAULT_CALLED = TimeLimit(category=CALLED_UNIT, amount=4, unit=Unit.hours, green_amount=4)


def called_unit_limit(session: Session) -> TimeLimit:
    return session.get(TimeLimit, CALLED_UNIT) or _DEFAULT_CALLED


def call_unit(
    session: Session,
    case_id: int,
    team_id: int,
    *,
    reason: str,
    actor: Actor,
    key: str,
    now: datetime,
    is_referral: bool = False,
) -> CalledUnit:
    """吹哨 to a unit, or 转介 upward. It acknowledges within the limit of CALLED_UNIT or the supervisor hears of it."""
    case, team = get(session, case_id), row_of(session, Team, team_id)
    if team is None:
        raise InvalidInput("请选择要叫的单位。")
    if case.status not in OPEN or case.status is CaseStatus.answered:
        raise NotAllowed("这件事现在不能再叫单位。")
    found = session.scalar(select(CalledUnit).where(CalledUnit.case_id == case_id, CalledUnit.team_id == team_id))
    if found:
        return found
    limit = called_unit_limit(session)
    due, _ = calendar(session).due(
        now, amount=limit.green_amount if case.green else limit.amount, unit=Unit(limit.unit)
    )
    unit = CalledUnit(
        case_id=case_id,
        team_id=team_id,
        reason=storable(reason).strip(),
        called_at=now,
        due_at=due,
        is_referral=is_referral,
    )
    session.add(unit)
    add_event(
        session,
        case,
        f"{'转介' if is_referral else '叫'}{team.name[:48]}",
        key=key,
        actor=actor,
        note=reason.strip(),
        say=f"这件事{'转到了' if is_referral else '请了'}{team.name}{'' if is_referral else '一起来办'}。",
        now=now,
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        return session.scalars(
            select(CalledUnit).where(CalledUnit.case_id == case_id, CalledUnit.team_id == team_id)
        ).one()
    return unit


def unit_arrived(session: Session, unit_id: int, *, actor: Actor, now: datetime) -> None:
    unit = row_of(session, CalledUnit, unit_id)
    if unit is None:
        raise NotFound
    taken = changed(
        session,
        update(CalledUnit).where(CalledUnit.id == unit_id, CalledUnit.arrived_at.is_(None)).values(arrived_at=now),
    )
    if taken:
        add_event(
            session,
            unit.case,
            f"{unit.team.name[:48]}已{'签收' if unit.is_referral else '报到'}",
            key=f"unit-{unit_id}-arrived",
            actor=actor,
            say=f"{unit.team.name}已经{'接手' if unit.is_referral else '到了'}。",
            now=now,
        )
    session.commit()


def unit_result(session: Session, unit_id: int, result: str, *, actor: Actor, now: datetime) -> None:
    """What a called unit did; a referral comes back with it."""
    unit, result = row_of(session, CalledUnit, unit_id), storable(result)
    if unit is None:
        raise NotFound
    if not result.strip():
        raise InvalidInput("请写明处理结果。")
    if unit.returned_at is None:
        unit.result, unit.returned_at, unit.arrived_at = result.strip(), now, unit.arrived_at or now
        add_event(
            session,
            unit.case,
            f"{unit.team.name[:48]}反馈",
            key=f"unit-{unit_id}-result",
            actor=actor,
            note=result.strip(),
            now=now,
        )
        session.commit()
