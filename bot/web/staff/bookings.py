"""The calendar of legal workers: openings published, appointments seen through."""

import secrets
from datetime import UTC, date, datetime, timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings import appointments
from actions.bookings import openings as bookings_openings
from actions.bookings.models import MODE_LABELS, Appointment, Mode, Opening
from actions.bookings.status import LABELS, MOVES, AppointmentStatus
from actions.calendar.workdays import calendar
from actions.errors import ActionError, InvalidInput, NotFound
from bot.conversations import delivery
from bot.staff import audit, rights
from bot.web.staff.desk import Desk, Who, back, int_of, number_or_404, text_of, when_of
from knowledge.clock import SHANGHAI
from knowledge.places import Place


def router(desk: Desk) -> APIRouter:
    api = APIRouter(prefix="/staff/calendar")

    def shown(request: Request, session: Session, who: Who, start: str, problem: str | None = None) -> HTMLResponse:
        try:
            first = date.fromisoformat(start) if start else datetime.now(SHANGHAI).date()
        except ValueError:
            first = datetime.now(SHANGHAI).date()
        if not 2020 <= first.year < 2100:
            first = datetime.now(SHANGHAI).date()
        first -= timedelta(days=first.weekday())
        since, until = appointments.utc(first, 0), appointments.utc(first + timedelta(days=14), 0)
        openings = bookings_openings.worker_openings(
            session, since=since, until=until, places=rights.places_of(session, who.staff)
        )
        days: dict[date, list[Opening]] = {first + timedelta(days=i): [] for i in range(14)}
        for opening in openings:
            days[opening.starts_at.astimezone(SHANGHAI).date()].append(opening)
        work = calendar(session)
        return desk.page(
            request,
            "calendar.html",
            session,
            who,
            status=422 if problem else 200,
            days=days,
            first=first,
            problem=problem,
            modes=MODE_LABELS,
            is_workday=work.is_workday,
            is_confirmed=work.is_confirmed,
            back_to=first - timedelta(days=14),
            on_to=first + timedelta(days=14),
            today=datetime.now(SHANGHAI).date(),
        )

    @api.get("", response_class=HTMLResponse)
    async def fortnight(request: Request, start: str = "") -> Response:
        with desk.sessions() as session:
            return shown(request, session, desk.who(request, session, "calendar"), start[:10])

    @api.post("")
    async def publish(request: Request) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "calendar")
            try:
                now, first = datetime.now(UTC), when_of(text_of(sent, "starts_at", 20))
                minutes = int_of(sent, "minutes") or 0
                mode = text_of(sent, "mode", 10)
                place = text_of(sent, "place", 40)
                if mode not in set(Mode) or not 10 <= minutes <= 600:
                    raise InvalidInput("请选方式，时长请填 10 到 600 分钟。")
                if session.get(Place, place) is None:
                    raise InvalidInput("请选择给哪里的居民。")
                rights.check_place(session, who.staff, place)
                every, days = text_of(sent, "every", 6), [first.astimezone(SHANGHAI).date()]
                if every:
                    try:
                        until = date.fromisoformat(text_of(sent, "until", 10))
                    except ValueError:
                        raise InvalidInput("重复到哪天，请填日期。") from None
                    days = bookings_openings.repeats(
                        days[0], every=every, until=until, is_workday=calendar(session).is_workday
                    )
                series, local = text_of(sent, "nonce", 40) or secrets.token_hex(8), first.astimezone(SHANGHAI)
                if session.scalar(select(Opening.id).filter_by(series=series, worker_id=who.staff.id).limit(1)):
                    days = []  # sent again
                for day in days:
                    starts = appointments.utc(day, local.hour, local.minute)
                    bookings_openings.publish(
                        session,
                        worker_id=who.staff.id,
                        worker_name=who.staff.name,
                        mode=Mode(mode),
                        place=place,
                        address=text_of(sent, "address", 200),
                        starts_at=starts,
                        ends_at=starts + timedelta(minutes=minutes),
                        capacity=int_of(sent, "capacity") or 0,
                        now=now,
                        series=series,
                    )
                audit.record(session, who.staff, "放出预约时间", detail=f"{len(days)} 次")
                session.commit()
            except ActionError as error:
                session.rollback()
                return shown(request, session, desk.who(request, session, "calendar"), "", error.message_zh)
        return back(request, f"/staff/calendar?start={local.date().isoformat()}")

    def held(session: Session, who: Who, opening_id: str) -> Opening:
        found = session.get(Opening, number_or_404(opening_id))
        if found is None:
            raise NotFound("没有这个时段。")
        rights.check_place(session, who.staff, found.place_id)
        return found

    @api.get("/{opening_id}", response_class=HTMLResponse)
    async def opening(request: Request, opening_id: str) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "calendar")
            found = held(session, who, opening_id)
            return desk.page(
                request,
                "opening.html",
                session,
                who,
                opening=found,
                label=appointments.label(found),
                labels=LABELS,
                moves=MOVES,
                is_own=found.worker_id == who.staff.id,
                Status=AppointmentStatus,
            )

    @api.post("/{opening_id}/{do}")
    async def act(request: Request, opening_id: str, do: str) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "calendar")
            found, now = held(session, who, opening_id), datetime.now(UTC)
            audit.record(session, who.staff, f"预约：{do}", str(found.id))
            if do == "cancel":
                bookings_openings.cancel_opening(session, found.id, reason=text_of(sent, "reason", 100), now=now)
                delivery.tell_appointments(session, now=now)
            elif do in ("mark", "note"):
                appointment = session.get(Appointment, int_of(sent, "appointment") or 0)
                if appointment is None or appointment.opening_id != found.id:
                    raise NotFound("没有这个预约。")
                if do == "note":
                    appointments.write_note(session, appointment.id, text_of(sent, "text"), worker_id=who.staff.id)
                # the other moves also take or give back a place
                elif text_of(sent, "to", 12) in (AppointmentStatus.attended, AppointmentStatus.no_show):
                    appointments.mark(
                        session,
                        appointment.id,
                        AppointmentStatus(text_of(sent, "to", 12)),
                        worker_id=who.staff.id,
                        now=now,
                    )
                else:
                    raise InvalidInput("请选“已见面”或“没有来”。")
            else:
                raise NotFound
        return back(request, f"/staff/calendar/{number_or_404(opening_id)}")

    return api
