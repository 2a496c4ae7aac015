"""Booking a consultation. A place is taken by one conditional update, so the last one is given exactly once on both databases."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dateutil import rrule
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.bookings.models import MODE_LABELS, Appointment, Mode, Opening
from actions.bookings.status import AppointmentStatus, check
from actions.cases import routing
from actions.cases.models import ActionOutcome
from actions.dates import SHANGHAI, day_label
from actions.errors import AlreadyBooked, InvalidInput, NotAllowed, NotFound, OpeningTaken

Status = AppointmentStatus
BRING = "带上身份证，和这件事有关的合同、欠条、照片、聊天记录都带上。"


def label(opening: Opening) -> str:
    """11月25日（周三）14:00 李律师，到村里坐班."""
    return f"{day_label(opening.starts_at)}{opening.starts_at.astimezone(SHANGHAI):%H:%M} {opening.worker_name}，{MODE_LABELS[opening.mode]}"


def publish(session: Session, *, worker_id: int | None, worker_name: str, mode: Mode, place: str, address: str, starts_at: datetime, ends_at: datetime, capacity: int, now: datetime, series: str | None = None, is_demo: bool = False) -> Opening:
    """One opening; the caller commits. Raises InvalidInput."""
    if ends_at <= starts_at or ends_at - starts_at > timedelta(hours=12):
        raise InvalidInput("结束时间要晚于开始时间，一次不超过 12 小时。")
    if starts_at <= now:
        raise InvalidInput("开始时间要在现在之后。")
    if not 1 <= capacity <= 200:
        raise InvalidInput("人数请填 1 到 200。")
    opening = Opening(worker_id=worker_id, worker_name=worker_name, mode=mode, place_id=place, address=address.strip()[:200], starts_at=starts_at, ends_at=ends_at, capacity=capacity, series=series, is_demo=is_demo)
    session.add(opening)
    session.flush()
    return opening


def repeats(first: date, *, every: str, until: date, is_workday: Callable[[date], bool]) -> list[date]:
    """Days of a series, holidays left out. every: week, or month (the same weekday of the month, as in 每月第二个周三)."""
    if until < first or until - first > timedelta(days=400):
        raise InvalidInput("重复的截止日期请在一年以内。")
    start = datetime(first.year, first.month, first.day)
    if every == "week":
        days = rrule.rrule(rrule.WEEKLY, dtstart=start, until=datetime(until.year, until.month, until.day))
    elif every == "month":
        nth = (first.day - 1) // 7 + 1
        days = rrule.rrule(rrule.MONTHLY, byweekday=rrule.weekday(first.weekday(), nth if nth < 5 else -1), dtstart=start, until=datetime(until.year, until.month, until.day))
    else:
        raise InvalidInput("请选择每周或每月。")
    return [d.date() for d in days if is_workday(d.date())]


def offers(session: Session, *, now: datetime, place: str | None, after: datetime | None = None, before: datetime | None = None, mode: Mode | None = None, limit: int = 5) -> list[Opening]:
    """Openings with room that residents of this place may take, the nearest first."""
    where = [Opening.is_cancelled.is_(False), Opening.taken < Opening.capacity, Opening.starts_at > max(now, after or now)]
    if place:
        where.append(Opening.place_id.in_(routing.above(session, place)))
    if before:
        where.append(Opening.starts_at < before)
    if mode:
        where.append(Opening.mode == mode)
    return list(session.scalars(select(Opening).where(*where).order_by(Opening.starts_at, Opening.id).limit(limit)))


def full_ones(session: Session, *, now: datetime, place: str | None, limit: int = 3) -> list[Opening]:
    """Openings without room, whose waiting list may be joined."""
    where = [Opening.is_cancelled.is_(False), Opening.taken >= Opening.capacity, Opening.starts_at > now]
    if place:
        where.append(Opening.place_id.in_(routing.above(session, place)))
    return list(session.scalars(select(Opening).where(*where).order_by(Opening.starts_at).limit(limit)))


def booked_reply(appointment: Appointment) -> dict[str, Any]:
    return {"kind": "booking", "text": f"约好了：{label(appointment.opening)}。", "next": f"地点：{appointment.opening.address or '到时候给您打电话'}。{BRING}前一天和前两小时我会提醒您；去不了请说“取消预约”，要换时间说“改时间”。"}


def _outcome(session: Session, appointment: Appointment, message_id: int | None) -> None:
    """Stored with the deed, so that a second try at the message says the same and books nothing."""
    if message_id is not None:
        session.flush()
        session.refresh(appointment)
        session.add(ActionOutcome(message_id=message_id, replies=[booked_reply(appointment)]))


def _take(session: Session, opening_id: int, now: datetime) -> None:
    done = session.execute(update(Opening).where(Opening.id == opening_id, Opening.taken < Opening.capacity, Opening.is_cancelled.is_(False), Opening.starts_at > now).values(taken=Opening.taken + 1))
    if not done.rowcount:
        raise OpeningTaken


def _give(session: Session, opening_id: int) -> None:
    session.execute(update(Opening).where(Opening.id == opening_id, Opening.taken > 0).values(taken=Opening.taken - 1))


def _by_key(session: Session, request_key: str) -> Appointment | None:
    return session.scalar(select(Appointment).where(Appointment.request_key == request_key))


def book(session: Session, opening_id: int, *, conversation_id: str | None, request_key: str, summary: str, phone: str | None, name: str = "", now: datetime, message_id: int | None = None) -> Appointment:
    """A place in an opening. The same `request_key` gives the first appointment back.

    Raises OpeningTaken, AlreadyBooked (this conversation holds that opening), NotFound.
    """
    if found := _by_key(session, request_key):
        return found
    if session.get(Opening, opening_id) is None:
        raise NotFound("没有这个时段，请重新选一个。")
    seat = f"{conversation_id}:{opening_id}" if conversation_id else None
    try:
        _take(session, opening_id, now)
        appointment = Appointment(opening_id=opening_id, conversation_id=conversation_id, request_key=request_key, seat_key=seat, status=Status.booked, name=name[:40], phone=phone, summary=summary.strip()[:1000], created_at=now, updated_at=now)
        session.add(appointment)
        _outcome(session, appointment, message_id)
        session.commit()
    except OpeningTaken:
        session.rollback()
        if found := _by_key(session, request_key):  # the same wish, a moment earlier, took the last place
            return found
        raise
    except IntegrityError:
        session.rollback()  # gives the place back
        if found := _by_key(session, request_key):
            return found
        raise AlreadyBooked from None
    return appointment


def wait(session: Session, opening_id: int, *, conversation_id: str, request_key: str, summary: str, phone: str | None, now: datetime) -> Appointment:
    """The waiting list of a full opening."""
    if found := _by_key(session, request_key):
        return found
    if session.get(Opening, opening_id) is None:
        raise NotFound("没有这个时段，请重新选一个。")
    appointment = Appointment(opening_id=opening_id, conversation_id=conversation_id, request_key=request_key, seat_key=f"{conversation_id}:{opening_id}", status=Status.waiting, phone=phone, summary=summary.strip()[:1000], created_at=now, updated_at=now)
    session.add(appointment)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        if found := _by_key(session, request_key):
            return found
        raise AlreadyBooked from None
    return appointment


def _leave(session: Session, appointment: Appointment, to: Status, *, start: Status, now: datetime) -> bool:
    done = session.execute(update(Appointment).where(Appointment.id == appointment.id, Appointment.status == start).values(status=to, updated_at=now, seat_key=None))
    return bool(done.rowcount)


def cancel(session: Session, appointment_id: int, *, now: datetime) -> Appointment:
    """Give a place back; the first of the waiting list gets it and will be told. Cancelling twice is cancelling once."""
    appointment = _get(session, appointment_id)
    start = appointment.status
    if start is Status.cancelled:
        return appointment
    check(start, Status.cancelled)
    if _leave(session, appointment, Status.cancelled, start=start, now=now) and start is Status.booked:
        _give(session, appointment.opening_id)
        _promote(session, appointment.opening_id, now=now)
    session.commit()
    session.refresh(appointment)
    return appointment


def _promote(session: Session, opening_id: int, *, now: datetime) -> None:
    first = session.scalar(select(Appointment).where(Appointment.opening_id == opening_id, Appointment.status == Status.waiting).order_by(Appointment.id).limit(1))
    if first is None:
        return
    try:
        _take(session, opening_id, now)
    except OpeningTaken:
        return
    done = session.execute(update(Appointment).where(Appointment.id == first.id, Appointment.status == Status.waiting).values(status=Status.booked, updated_at=now, say=f"有人退了号，您候补上了：{label(first.opening)}。地点：{first.opening.address or '电话联系'}。{BRING}去不了请说“取消预约”，好让给别人。"))  # fmt: skip
    if not done.rowcount:
        _give(session, opening_id)


def change(session: Session, appointment_id: int, opening_id: int, *, request_key: str, now: datetime, message_id: int | None = None) -> Appointment:
    """Another time: the new place is taken before the old one is given back, in one transaction."""
    if found := _by_key(session, request_key):
        return found
    old = _get(session, appointment_id)
    if old.status is not Status.booked:
        raise NotAllowed("这个预约已经不能改了，可以重新约一个。")
    if old.opening_id == opening_id:
        raise AlreadyBooked
    fresh = Appointment(opening_id=opening_id, conversation_id=old.conversation_id, request_key=request_key, seat_key=f"{old.conversation_id}:{opening_id}", status=Status.booked, name=old.name, phone=old.phone, summary=old.summary, created_at=now, updated_at=now)
    try:
        _take(session, opening_id, now)
        if not _leave(session, old, Status.cancelled, start=Status.booked, now=now):
            session.rollback()
            raise NotAllowed("这个预约刚刚已经取消了。")
        session.add(fresh)
        _outcome(session, fresh, message_id)
        _give(session, old.opening_id)
        _promote(session, old.opening_id, now=now)
        session.commit()
    except OpeningTaken:
        session.rollback()
        raise
    except IntegrityError:
        session.rollback()
        if found := _by_key(session, request_key):
            return found
        raise AlreadyBooked from None
    return fresh


def cancel_opening(session: Session, opening_id: int, *, reason: str, now: datetime) -> Opening:
    """The worker can't come: everybody who holds or waits for a place is told."""
    opening = session.get(Opening, opening_id)
    if opening is None:
        raise NotFound("没有这个时段。")
    if not opening.is_cancelled:
        opening.is_cancelled = True
        text = f"对不住，{label(opening)} 取消了{'，因为' + reason.strip() if reason.strip() else ''}。想另约时间，说“想约律师”就行。"
        session.execute(update(Appointment).where(Appointment.opening_id == opening_id, Appointment.status.in_((Status.booked, Status.waiting))).values(status=Status.cancelled, say=text, seat_key=None, updated_at=now))
        opening.taken = 0
        session.commit()
    return opening


def mark(session: Session, appointment_id: int, to: Status, *, worker_id: int, now: datetime) -> Appointment:
    """attended or no_show, noted by the worker once the time has come."""
    appointment = _get(session, appointment_id)
    _own(appointment, worker_id)
    if appointment.opening.starts_at > now:
        raise NotAllowed("还没到时间。")
    check(appointment.status, to)
    appointment.status, appointment.updated_at = to, now
    session.commit()
    return appointment


def write_note(session: Session, appointment_id: int, text: str, *, worker_id: int) -> Appointment:
    appointment = _get(session, appointment_id)
    _own(appointment, worker_id)
    appointment.private_note = text.strip()[:4000]
    session.commit()
    return appointment


def _own(appointment: Appointment, worker_id: int) -> None:
    if appointment.opening.worker_id != worker_id:
        raise NotAllowed("只有约见的法律工作者本人能看、能记。")


def _get(session: Session, appointment_id: int) -> Appointment:
    found = session.get(Appointment, appointment_id, populate_existing=True)
    if found is None:
        raise NotFound("没有这个预约。")
    return found


def held_by(session: Session, conversation_id: str, *, now: datetime) -> list[Appointment]:
    """What a conversation still has before it, the nearest first."""
    return list(
        session.scalars(
            select(Appointment).join(Opening).where(Appointment.conversation_id == conversation_id, Appointment.status.in_((Status.booked, Status.waiting)), Opening.ends_at > now).order_by(Opening.starts_at)
        )
    )


def worker_openings(session: Session, *, since: datetime, until: datetime, places: Sequence[str] | None, worker_id: int | None = None) -> list[Opening]:
    where = [Opening.starts_at >= since, Opening.starts_at < until]
    if places is not None:
        where.append(Opening.place_id.in_(places))
    if worker_id is not None:
        where.append(Opening.worker_id == worker_id)
    return list(session.scalars(select(Opening).where(*where).order_by(Opening.starts_at)))


def due_words(session: Session, *, now: datetime) -> list[tuple[Appointment, str, str]]:
    """What residents must be told now: (appointment, key, text). Reminders a day and two hours before, and news of their place.

    The caller tells and marks in one transaction; the key makes telling twice harmless.
    """
    found: list[tuple[Appointment, str, str]] = []
    soon = select(Appointment).join(Opening).where(Appointment.status == Status.booked, Opening.starts_at > now)
    for appointment in session.scalars(soon.where(Opening.starts_at <= now + timedelta(hours=2), Appointment.reminded_hours_at.is_(None))):
        appointment.reminded_hours_at = appointment.reminded_day_at = now
        found.append((appointment, f"appointment-{appointment.id}-hours", f"快到时间了：{label(appointment.opening)}。地点：{appointment.opening.address or '等电话'}。"))
    for appointment in session.scalars(soon.where(Opening.starts_at > now + timedelta(hours=2), Opening.starts_at <= now + timedelta(days=1), Appointment.reminded_day_at.is_(None))):
        appointment.reminded_day_at = now
        if appointment.created_at < now - timedelta(hours=6):  # who booked for tomorrow just now needs no reminder
            found.append((appointment, f"appointment-{appointment.id}-day", f"提醒您：{label(appointment.opening)}。地点：{appointment.opening.address or '等电话'}。{BRING}去不了请说“取消预约”。"))
    for appointment in session.scalars(select(Appointment).where(Appointment.say.is_not(None))):
        found.append((appointment, f"appointment-{appointment.id}-{appointment.status.value}", appointment.say or ""))
        appointment.say = None
    return found


def count_no_shows(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Appointment).where(Appointment.status == Status.no_show)) or 0


def utc(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)
