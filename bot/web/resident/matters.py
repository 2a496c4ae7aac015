"""我的事, 我的预约: what the resident of this conversation filed and booked, as lists."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session

from actions import persons
from actions.bookings import appointments
from actions.bookings.models import Appointment
from actions.bookings.status import LABELS as APPOINTMENT_LABELS
from actions.bookings.status import AppointmentStatus
from actions.calendar.workdays import local
from actions.cases import finding, links, numbers
from actions.cases.models import Case
from actions.cases.status import LABELS, OPEN, STEP_OF, STEPS, TIMED, By, CaseStatus, allowed
from actions.errors import NotFound
from actions.replies import Button
from bot.web.resident.chat import Mine

_MOST = 50

router = APIRouter(prefix="/api/widget/matters")


@router.get("")
def matters(held: Mine) -> dict[str, Any]:
    """Of this conversation and of those that its resident joined to it, as in the dialogue."""
    session, own, now = held.session, held.conversation.id, datetime.now(UTC)
    booked = appointments.held_by(session, *persons.threads_of(session, own), now=now)
    first = next((a for a in booked if a.status is AppointmentStatus.booked), None)
    return {
        "steps": STEPS,
        "cases": [_case_json(session, case, now) for case in finding.of_person(session, own)[:_MOST]],
        "appointments": [_appointment_json(a, is_changed_first=a is first) for a in booked[:_MOST]],
    }


@router.delete("/{number}/links", status_code=204)
def take_links_back(number: str, held: Mine) -> None:
    digits, _ = numbers.find(number)
    case = next((c for c in finding.of_person(held.session, held.conversation.id) if c.number == digits), None)
    if case is None:
        raise NotFound
    links.take_back_all(held.session, case.id)


def _case_json(session: Session, case: Case, now: datetime) -> dict[str, Any]:
    """`step`: of STEPS, None where the case went another way."""
    where, number = finding.known_lead(session, case), numbers.spoken(case.number)
    told, status = finding.known_events(case), finding.known_status(where)
    is_timed = status in TIMED and where.due_at is not None
    return {
        "number": number,
        "what": case.what[:60],
        "status": LABELS[status] if where is case else f"并在一起办，{LABELS[status]}",
        "step": STEP_OF.get(status),
        "due": f"最晚 {local(where.due_at)} 前答复" if is_timed and where.due_at else None,
        "is_asked": where is case and finding.known_pause(case) and status in TIMED,
        "news": {"text": told[-1].say or told[-1].what, "at": told[-1].at.isoformat()} if told else None,
        "links": links.count_good(session, case.id, now=now),
        "adds": case.status in OPEN or case.status is CaseStatus.returned or status in OPEN,
        "buttons": [button.as_json() for button in _buttons(status, number, is_paused=finding.known_pause(where))],
        "withdraws": case.status is where.status and CaseStatus.withdrawn in allowed(case.status, By.resident),
    }


def _buttons(status: CaseStatus, number: str, *, is_paused: bool) -> list[Button]:
    """What a resident may want now; each names the case, so it means the same whenever it is pressed."""
    can = allowed(status, By.resident)
    shown = [Button("催一下", f"{number} 催一下")] if status in TIMED and not is_paused else []
    if CaseStatus.closed in can:
        shown.append(Button("解决了", f"{number} 解决了"))
    if CaseStatus.reopened in can:
        shown.append(Button("没解决", f"{number} 没解决"))
    return shown


def _appointment_json(appointment: Appointment, *, is_changed_first: bool) -> dict[str, Any]:
    """The words `预约改时间` mean the nearest one that is booked, so only that has the button."""
    changes = [Button("改时间", "预约改时间")] if is_changed_first else []
    return {
        "label": appointments.label(appointment.opening),
        "where": appointment.opening.address or "等电话",
        "status": APPOINTMENT_LABELS[appointment.status],
        "buttons": [button.as_json() for button in (*changes, Button("取消", f"取消{appointment.id}号预约"))],
    }
