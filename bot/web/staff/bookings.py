"""The calendar of legal workers: openings published, appointments seen through."""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings import appointments, openings
from actions.bookings.models import MODE_LABELS, Appointment, Mode, Opening
from actions.bookings.status import LABELS, MOVES, AppointmentStatus
from actions.calendar.workdays import calendar
from actions.errors import ActionError, InvalidInput, NotFound
from bot.conversations import delivery
from bot.staff import rights
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404, when_of
from knowledge.clock import SHANGHAI, today
from knowledge.places import Place

router = APIRouter(prefix="/staff/calendar")
CalendarSeat = Annotated[Seat, seat("calendar")]
CalendarForm = Annotated[Form, form("calendar")]


@router.get("", response_class=HTMLResponse)
def fortnight(at: CalendarSeat, start: str = "") -> Response:
    return _fortnight(at, _week_of(start[:10]))


@router.post("")
def publish(at: CalendarForm) -> Response:
    try:
        wanted = Wanted.read(at)
        days = _publish(at, wanted)
        at.record("放出预约时间", detail=f"{len(days)} 次")
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _fortnight(at, _week_of(""), problem=error.message_zh)
    return at.back(f"/staff/calendar?start={wanted.starts.date().isoformat()}")


@router.get("/{opening_id}", response_class=HTMLResponse)
def opening(at: CalendarSeat, opening_id: str) -> Response:
    found = _held(at, opening_id)
    return at.page(
        "calendar/opening.html",
        opening=found,
        label=appointments.label(found),
        labels=LABELS,
        moves=MOVES,
        is_own=found.worker_id == at.staff.id,
        Status=AppointmentStatus,
    )


@router.post("/{opening_id}/{do}")
def act(at: CalendarForm, opening_id: str, do: str) -> Response:
    found, now = _held(at, opening_id), datetime.now(UTC)
    at.record(f"预约：{do}", str(found.id))
    if do == "cancel":
        openings.cancel_opening(at.session, found.id, reason=at.text("reason", 100), now=now)
        delivery.tell_appointments(at.session, now=now)
    elif do == "note":
        appointment = _appointment(at, found)
        appointments.write_note(at.session, appointment.id, at.text("text"), worker_id=at.staff.id)
    elif do == "mark":
        _mark(at, _appointment(at, found), now=now)
    else:
        raise NotFound
    return at.back(f"/staff/calendar/{number_or_404(opening_id)}")


def _week_of(start: str) -> date:
    """The Monday of a day; of today where it is none."""
    try:
        first = date.fromisoformat(start) if start else today()
    except ValueError:
        first = today()
    if not 2020 <= first.year < 2100:
        first = today()
    return first - timedelta(days=first.weekday())


def _fortnight(at: Seat, first: date, *, problem: str | None = None) -> HTMLResponse:
    since, until = appointments.utc(first, 0), appointments.utc(first + timedelta(days=14), 0)
    days: dict[date, list[Opening]] = {first + timedelta(days=i): [] for i in range(14)}
    seen = rights.places_of(at.session, at.staff)
    for found in openings.worker_openings(at.session, since=since, until=until, places=seen):
        days[found.starts_at.astimezone(SHANGHAI).date()].append(found)
    work = calendar(at.session)
    return at.page(
        "calendar/calendar.html",
        status=422 if problem else 200,
        days=days,
        first=first,
        problem=problem,
        modes=MODE_LABELS,
        is_workday=work.is_workday,
        is_confirmed=work.is_confirmed,
        back_to=first - timedelta(days=14),
        on_to=first + timedelta(days=14),
        today=today(),
    )


@dataclass(frozen=True)
class Wanted:
    """An opening as it was typed, or a series of them. `starts` is in Shanghai; `until`: the last day of a series."""

    starts: datetime
    minutes: int
    mode: Mode
    place: str
    address: str
    capacity: int
    every: str
    until: date | None
    series: str

    @classmethod
    def read(cls, at: Form) -> Self:
        """Raises InvalidInput, NotAllowed."""
        starts = when_of(at.text("starts_at", 20)).astimezone(SHANGHAI)
        minutes, mode, place = at.number("minutes") or 0, at.text("mode", 10), at.text("place", 40)
        if mode not in set(Mode) or not 10 <= minutes <= 600:
            raise InvalidInput("请选方式，时长请填 10 到 600 分钟。")
        if at.session.get(Place, place) is None:
            raise InvalidInput("请选择给哪里的居民。")
        rights.check_place(at.session, at.staff, place)
        every = at.text("every", 6)
        return cls(
            starts=starts,
            minutes=minutes,
            mode=Mode(mode),
            place=place,
            address=at.text("address", 200),
            capacity=at.number("capacity") or 0,
            every=every,
            until=_last_day(at.text("until", 10)) if every else None,
            series=at.text("nonce", 40) or secrets.token_hex(8),
        )

    def days(self, session: Session) -> list[date]:
        first = self.starts.date()
        if self.until is None:
            return [first]
        return openings.repeats(first, every=self.every, until=self.until, is_workday=calendar(session).is_workday)


def _last_day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise InvalidInput("重复到哪天，请填日期。") from None


def _publish(at: Form, wanted: Wanted) -> list[date]:
    """The days that were published; none where the form was sent again."""
    days, now = wanted.days(at.session), datetime.now(UTC)
    if at.session.scalar(select(Opening.id).filter_by(series=wanted.series, worker_id=at.staff.id).limit(1)):
        return []
    for day in days:
        starts = appointments.utc(day, wanted.starts.hour, wanted.starts.minute)
        openings.publish(
            at.session,
            worker_id=at.staff.id,
            worker_name=at.staff.name,
            mode=wanted.mode,
            place=wanted.place,
            address=wanted.address,
            starts_at=starts,
            ends_at=starts + timedelta(minutes=wanted.minutes),
            capacity=wanted.capacity,
            now=now,
            series=wanted.series,
        )
    return days


def _held(at: Seat, opening_id: str) -> Opening:
    found = at.session.get(Opening, number_or_404(opening_id))
    if found is None:
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
