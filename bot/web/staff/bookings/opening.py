"""One opening: who comes, and what its worker does with it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.bookings import appointments, moving, openings
from actions.bookings.models import MODE_LABELS, Appointment, Opening
from actions.bookings.status import LABELS, MOVES, AppointmentStatus
from actions.errors import ActionError, InvalidInput, NotFound
from bot.conversations import delivery
from bot.staff import rights
from bot.web.staff.bookings import reach, week
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404, when_of

router = APIRouter(prefix="/staff/calendar")
CalendarSeat = Annotated[Seat, seat("calendar")]
CalendarForm = Annotated[Form, form("calendar")]


@router.get("/{opening_id}", response_class=HTMLResponse)
def opening(at: CalendarSeat, opening_id: str, told: str = "") -> Response:
    """`told`: how many residents a change was told to."""
    done = ""
    if told.isascii() and told.isdigit() and len(told) <= 4:
        done = f"改好了，已经告诉 {int(told)} 位居民。" if int(told) else "改好了。"
    found = _held(at, opening_id)
    if found.appointments:
        at.saw("查看预约", str(found.id))
    return _page(at, found, done=done)


@router.post("/{opening_id}/{do}")
def act(at: CalendarForm, opening_id: str, do: str) -> Response:
    found, now = _held(at, opening_id), datetime.now(UTC)
    at.record(f"预约：{do}", str(found.id))
    if do == "edit":
        return _edit(at, found, now=now)
    if do == "cancel":
        reach.check_change(at, found)
        openings.cancel_opening(at.session, found.id, reason=at.text("reason", 100), now=now)
        delivery.tell_appointments(at.session, now=now)
    elif do == "note":
        appointment = _appointment(at, found)
        appointments.write_note(at.session, appointment.id, at.text("text"), worker_id=at.staff.id)
    elif do == "mark":
        _mark(at, _appointment(at, found), now=now)
    else:
        raise NotFound
    return at.back(f"/staff/calendar/{found.id}")


def _edit(at: Form, found: Opening, *, now: datetime) -> Response:
    """Where somebody has booked, the first press asks and shows what they would read; the second tells them."""
    reach.check_change(at, found)
    number = found.id
    try:
        wanted = _wanted(at)
        openings.check_address(found.mode, wanted.address)
        told = moving.change_opening(
            at.session, number, wanted, tells=at.text("sure", 1) == "1", reason=at.text("reason", 100), now=now
        )
    except moving.PeopleHold as asked:
        return _page(at, _held(at, str(number)), problem=asked.message_zh, asked=asked)
    except ActionError as error:
        at.session.rollback()
        return _page(at, _held(at, str(number)), problem=error.message_zh)
    delivery.tell_appointments(at.session, now=now)
    return at.back(f"/staff/calendar/{number}?told={told}")


def _wanted(at: Form) -> moving.Wanted:
    """Raises InvalidInput."""
    starts_at, minutes = when_of(at.text("starts_at", 20)), at.number("minutes") or 0
    if not 10 <= minutes <= 600:
        raise InvalidInput("时长请填 10 到 600 分钟。")
    ends_at = starts_at + timedelta(minutes=minutes)
    address, note = at.text("address", 200), at.text("note", 200)
    return moving.Wanted(starts_at, ends_at, address, note, at.number("capacity") or 0)


def _page(
    at: Seat,
    found: Opening,
    *,
    problem: str | None = None,
    done: str = "",
    asked: moving.PeopleHold | None = None,
) -> HTMLResponse:
    now = datetime.now(UTC)
    return at.page(
        "calendar/opening.html",
        status=409 if asked else 422 if problem else 200,
        problem=problem,
        done=done,
        asked=asked,
        opening=found,
        label=appointments.label(found),
        until=openings.hours_label(found.starts_at, found.ends_at),
        minutes=(found.ends_at - found.starts_at) // timedelta(minutes=1),
        state=week.state(found, now),
        mode=MODE_LABELS[found.mode],
        labels=LABELS,
        moves=MOVES,
        is_own=found.worker_id == at.staff.id,
        may_change=reach.may_change(at, found) and not found.is_cancelled and found.starts_at > now,
        held=sum(a.status in (AppointmentStatus.booked, AppointmentStatus.waiting) for a in found.appointments),
    )


def _held(at: Seat, opening_id: str) -> Opening:
    found = at.session.get(Opening, number_or_404(opening_id))
    if found is None or found.kind:
        raise NotFound("没有这个时段。")
    rights.check_place(at.session, at.staff, found.place_id)
    return found


def _appointment(at: Form, opening: Opening) -> Appointment:
    found = at.session.get(Appointment, at.number("appointment") or 0)
    if found is None or found.opening_id != opening.id:
        raise NotFound("没有这个预约。")
    return found


def _mark(at: Form, appointment: Appointment, *, now: datetime) -> None:
    to = at.text("to", 12)
    # the other moves also take or give back a place
    if to not in (AppointmentStatus.attended, AppointmentStatus.no_show):
        raise InvalidInput("请选“已见面”或“没有来”。")
    appointments.mark(at.session, appointment.id, AppointmentStatus(to), worker_id=at.staff.id, now=now)
