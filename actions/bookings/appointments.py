"""Booked, waited for, changed, cancelled."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.bookings.models import MODE_LABELS, Appointment, Mode, Opening
from actions.bookings.status import AppointmentStatus, check
from actions.calendar.dates import day_label
from actions.errors import AlreadyBooked, BusyThen, InvalidInput, NotAllowed, NotFound, OpeningTaken
from actions.outcomes import ActionOutcome
from actions.persons import threads_of
from actions.replies import Reply, ReplyKind
from actions.storable import MOST_NUMBER, storable
from knowledge.clock import SHANGHAI
from knowledge.places import above
from knowledge.tables import changed

Status = AppointmentStatus
_HOURS = timedelta(hours=2)  # the last reminder
_JUST_NOW = timedelta(hours=6)  # who booked then needs no reminder a day before
_SHOWN_ADDRESS = 20  # characters, on a button
_NO_OPENING = "没有这个时段，请重新选一个。"
BRING = "带上身份证，和这件事有关的合同、欠条、照片、聊天记录都带上。"


def label(opening: Opening) -> str:
    """11月25日（周三）14:00 李律师，到村里坐班. Of an event: 12月5日（周六）19:00 看电影."""
    if opening.kind:
        return f"{day_label(opening.starts_at)}{opening.starts_at.astimezone(SHANGHAI):%H:%M} {opening.title}"
    return (
        f"{day_label(opening.starts_at)}{opening.starts_at.astimezone(SHANGHAI):%H:%M} {opening.worker_name}，"
        f"{MODE_LABELS[opening.mode]}"
    )


def own_label(appointment: Appointment) -> str:
    """`label` by the hours that are lent, where some are: 12月5日（周六）09:00到11:00 借文化礼堂."""
    opening, starts, ends = appointment.opening, appointment.lent_from, appointment.lent_until
    if starts is None or ends is None:
        return label(opening)
    begins, until = starts.astimezone(SHANGHAI), ends.astimezone(SHANGHAI)
    return f"{day_label(starts)}{begins:%H:%M}到{until:%H:%M} {opening.title}"


def offered(opening: Opening) -> str:
    """To choose from: 11月25日（周三）14:00 李律师，到村里坐班，李家沟村党群服务中心."""
    where = opening.address if len(opening.address) <= _SHOWN_ADDRESS else f"{opening.address[:_SHOWN_ADDRESS]}…"
    return f"{label(opening)}，{where}" if where else label(opening)


def noted(opening: Opening) -> str:
    """What the worker wants residents to know beforehand, as a sentence; "" for nothing."""
    return f"{opening.note.rstrip('。')}。" if opening.note else ""


def where(opening: Opening, phone: str | None) -> str:
    """Where they meet, as a sentence of what the resident reads: the address, or who calls whom."""
    if opening.address:
        return f"地点：{opening.address}。"
    if phone:
        return f"到时候打给您：{phone}，请留意接电话。"
    return "您没留电话，到时候在这段对话里联系您。"


def brought(opening: Opening) -> str:
    """What to have with one where people meet, at hand where they talk from afar."""
    afar = opening.mode in (Mode.phone, Mode.video)
    return "身份证和有关的合同、欠条、照片先放在手边。" if afar else BRING


def _reminders(appointment: Appointment) -> str:
    """Of the reminders those that will still come."""
    left = appointment.opening.starts_at - appointment.created_at
    if left <= _HOURS:
        return ""
    return "前一天和前两小时我会提醒您；" if left > timedelta(days=1) + _JUST_NOW else "前两小时我会提醒您；"


def booked_reply(appointment: Appointment) -> Reply:
    opening = appointment.opening
    if appointment.status is Status.waiting:
        return Reply(
            ReplyKind.booking,
            f"排上候补了：{label(opening)}。有人退号就轮到您，轮到了我马上在这里告诉您。",
            next="不等了，说“取消预约”。",
        )
    return Reply(
        ReplyKind.booking,
        f"约好了：{label(opening)}。",
        next=f"{where(opening, appointment.phone)}{noted(opening)}{brought(opening)}{_reminders(appointment)}"
        "去不了请说“取消预约”，要换时间说“改时间”。",
    )


def _outcome(session: Session, appointment: Appointment, message_id: int | None) -> None:
    """Stored with the deed, so that a second try at the message says the same and books nothing."""
    if message_id is not None:
        session.flush()
        session.refresh(appointment)
        session.add(ActionOutcome(message_id=message_id, replies=[booked_reply(appointment).as_custom()]))


@contextmanager
def exclusive(session: Session, *opening_ids: int) -> Iterator[list[Opening]]:
    """The openings, read afresh and held against everybody else until the commit at the end; an error rolls back.

    A write of nothing locks the row on PostgreSQL and the file on SQLite; the order of ids keeps two changes in
    opposite directions from waiting for each other. Raises NotFound.
    """
    try:
        if not all(0 < i <= MOST_NUMBER for i in opening_ids):
            raise NotFound(_NO_OPENING)
        for opening_id in sorted(set(opening_ids)):
            session.execute(
                update(Opening).where(Opening.id == opening_id).values(taken=Opening.taken),
                execution_options={"synchronize_session": False},
            )
        found = [session.get(Opening, opening_id, populate_existing=True) for opening_id in opening_ids]
        held = [opening for opening in found if opening is not None]
        if len(held) < len(found):
            raise NotFound(_NO_OPENING)
        yield held
        session.commit()
    except BaseException:
        session.rollback()
        raise


def _is_open(opening: Opening, now: datetime) -> bool:
    return not opening.is_cancelled and opening.starts_at > now


def _seat(session: Session, conversation_id: str | None, opening_id: int) -> str | None:
    """Raises AlreadyBooked where the conversation holds or waits for the opening."""
    if conversation_id is None:
        return None
    seat = f"{conversation_id}:{opening_id}"
    if session.scalar(select(Appointment.id).filter_by(seat_key=seat)):
        raise AlreadyBooked
    return seat


def _phone(phone: str | None) -> str | None:
    if phone is not None and len(phone) > 30:
        raise InvalidInput("电话太长了，请改短一点。")
    return storable(phone) if phone else None


def _by_key(session: Session, request_key: str) -> Appointment | None:
    return session.scalar(select(Appointment).where(Appointment.request_key == request_key))


@dataclass(frozen=True)
class _Wish:
    """Whose appointment, about what. `request_key`: the same wish, however often it arrives, is one appointment."""

    conversation_id: str | None
    request_key: str
    summary: str
    phone: str | None
    name: str = ""
    place: str | None = None


def _check_fits(session: Session, opening: Opening, wish: _Wish, *, now: datetime, instead_of: int = 0) -> None:
    """Raises NotFound where the opening isn't for residents of that place, BusyThen where the resident, in whichever of
    their conversations, is with somebody else at that hour. `instead_of`: the appointment that this one replaces.
    """
    if opening.kind or (wish.place is not None and opening.place_id not in above(session, wish.place)):
        raise NotFound(_NO_OPENING)
    if wish.conversation_id is None:
        return
    for held in held_by(session, *threads_of(session, wish.conversation_id), now=now):
        other = held.opening
        if held.id != instead_of and other.id != opening.id and meet(other, opening.starts_at, opening.ends_at):
            stands = "已经在排候补" if held.status is Status.waiting else "已经约了"
            raise BusyThen(f"这个时间您{stands}：{label(other)}。同一时间只能约一个，请换个时间，或者先取消那一个。")


def meet(opening: Opening, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether it shares time with another; one that begins as the other ends doesn't."""
    return opening.starts_at < ends_at and starts_at < opening.ends_at


def _seated(session: Session, opening: Opening, wish: _Wish, *, now: datetime, may_wait: bool = False) -> Appointment:
    """A place in the opening, or where it is full one on its waiting list. Raises OpeningTaken, AlreadyBooked."""
    seat = _seat(session, wish.conversation_id, opening.id)
    is_full = opening.taken >= opening.capacity
    if not _is_open(opening, now) or (is_full and not may_wait):
        raise OpeningTaken
    opening.taken += not is_full
    appointment = Appointment(
        opening=opening,
        conversation_id=wish.conversation_id,
        request_key=wish.request_key,
        seat_key=seat,
        status=Status.waiting if is_full else Status.booked,
        name=storable(wish.name, 40),
        phone=_phone(wish.phone),
        summary=storable(wish.summary).strip()[:1000],
        created_at=now,
        updated_at=now,
    )
    session.add(appointment)
    return appointment


def _take(
    session: Session, opening_id: int, wish: _Wish, *, now: datetime, message_id: int | None, may_wait: bool
) -> Appointment:
    try:
        with exclusive(session, opening_id) as (opening,):
            if found := _by_key(session, wish.request_key):
                return found
            _check_fits(session, opening, wish, now=now)
            appointment = _seated(session, opening, wish, now=now, may_wait=may_wait)
            _outcome(session, appointment, message_id)
    except IntegrityError:
        return _after_all(session, wish.request_key)
    return appointment


def book(
    session: Session,
    opening_id: int,
    *,
    conversation_id: str | None,
    request_key: str,
    summary: str,
    phone: str | None,
    name: str = "",
    place: str | None = None,
    now: datetime,
    message_id: int | None = None,
) -> Appointment:
    """A place in an opening. The same `request_key` gives the first appointment back. `place`: where the resident
    lives; None for any.

    Raises OpeningTaken, AlreadyBooked (this conversation holds that opening), BusyThen, NotFound.
    """
    wish = _Wish(conversation_id, request_key, summary, phone, name, place)
    return _take(session, opening_id, wish, now=now, message_id=message_id, may_wait=False)


def wait(
    session: Session,
    opening_id: int,
    *,
    conversation_id: str,
    request_key: str,
    summary: str,
    phone: str | None,
    place: str | None = None,
    now: datetime,
    message_id: int | None = None,
) -> Appointment:
    """The waiting list of a full opening; who joins when there is room has a place (`status` says which).

    Raises as `book`.
    """
    wish = _Wish(conversation_id, request_key, summary, phone, place=place)
    return _take(session, opening_id, wish, now=now, message_id=message_id, may_wait=True)


def _after_all(session: Session, request_key: str) -> Appointment:
    """The same wish for two openings at one moment: the lock of an opening doesn't see it, the unique key does."""
    if found := _by_key(session, request_key):
        return found
    raise AlreadyBooked


def cancel(session: Session, appointment_id: int, *, now: datetime) -> Appointment:
    """Give a place back; the first of the waiting list gets it and will be told.

    Cancelling twice is cancelling once.
    """
    with exclusive(session, _get(session, appointment_id).opening_id) as (opening,):
        appointment = _get(session, appointment_id)
        if appointment.status is not Status.cancelled:
            release(session, appointment, opening, now=now)
    return appointment


def release(session: Session, appointment: Appointment, opening: Opening, *, now: datetime) -> None:
    """Cancelled, its place given to who waits. Under the opening's lock. Raises NotAllowed."""
    check(appointment.status, Status.cancelled)
    held = appointment.status is Status.booked
    # Who cancels before hearing of a promotion needs no news of it.
    appointment.status = Status.cancelled
    appointment.seat_key = None
    appointment.say = None
    appointment.updated_at = now
    if not held:
        return
    if appointment.lent_from is not None:  # hours of a hall: nobody waits for just these
        return
    opening.taken -= appointment.party
    session.flush()
    while promote(session, opening, "有人退了号", now=now):
        session.flush()


def promote(session: Session, opening: Opening, why: str, *, now: datetime) -> bool:
    """The first of the waiting list gets a place that is free, and will be told. Under the opening's lock."""
    room = opening.capacity - opening.taken
    if room < 1 or not _is_open(opening, now):
        return False
    first = session.scalar(
        select(Appointment)
        .where(Appointment.opening_id == opening.id, Appointment.status == Status.waiting, Appointment.party <= room)
        .order_by(Appointment.id)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    if first is None:
        return False
    opening.taken += first.party
    first.status, first.updated_at = Status.booked, now
    if opening.kind:
        first.say = f"{why}，轮到您了：{label(opening)}。地点：{opening.address}。来不了说“不去了”，好让给别人。"
        return True
    first.say = (
        f"{why}，您候补上了：{label(opening)}。{where(opening, first.phone)}"
        f"{noted(opening)}{brought(opening)}去不了请说“取消预约”，好让给别人。"
    )
    return True


def change(
    session: Session,
    appointment_id: int,
    opening_id: int,
    *,
    request_key: str,
    phone: str | None = None,
    place: str | None = None,
    now: datetime,
    message_id: int | None = None,
) -> Appointment:
    """Another time: the new place is taken and the old one given back in one transaction. `phone`: a number given now.

    Raises as `book`, and NotAllowed.
    """
    try:
        with exclusive(session, _get(session, appointment_id).opening_id, opening_id) as (before, after):
            if found := _by_key(session, request_key):
                return found
            old = _get(session, appointment_id)
            if old.status is not Status.booked or before.starts_at <= now:
                raise NotAllowed("这个预约已经不能改了，可以重新约一个。")
            wish = _Wish(old.conversation_id, request_key, old.summary, phone or old.phone, old.name, place)
            _check_fits(session, after, wish, now=now, instead_of=old.id)
            fresh = _seated(session, after, wish, now=now)
            release(session, old, before, now=now)
            _outcome(session, fresh, message_id)
    except IntegrityError:
        return _after_all(session, request_key)
    return fresh


def mark(session: Session, appointment_id: int, to: Status, *, worker_id: int, now: datetime) -> Appointment:
    """attended or no_show, noted by the worker once the time has come."""
    with exclusive(session, _get(session, appointment_id).opening_id) as (opening,):
        appointment = _get(session, appointment_id)
        _own(appointment, worker_id)
        if to not in (Status.attended, Status.no_show):
            raise NotAllowed("这里只能记“已见面”或“没有来”。")
        if opening.starts_at > now:
            raise NotAllowed("还没到时间。")
        check(appointment.status, to)
        appointment.status, appointment.updated_at = to, now
    return appointment


def write_note(session: Session, appointment_id: int, text: str, *, worker_id: int) -> Appointment:
    appointment = _get(session, appointment_id)
    _own(appointment, worker_id)
    appointment.private_note = storable(text).strip()[:4000]
    session.commit()
    return appointment


def _own(appointment: Appointment, worker_id: int) -> None:
    if appointment.opening.worker_id != worker_id:
        raise NotAllowed("只有约见的法律工作者本人能看、能记。")


def _get(session: Session, appointment_id: int) -> Appointment:
    found = (
        session.get(Appointment, appointment_id, populate_existing=True) if 0 < appointment_id <= MOST_NUMBER else None
    )
    if found is None:
        raise NotFound("没有这个预约。")
    return found


def held_by(session: Session, *conversation_ids: str, now: datetime) -> list[Appointment]:
    """What these conversations still have before them with a legal worker, the nearest first."""
    return list(
        session.scalars(
            select(Appointment)
            .join(Opening)
            .where(
                Appointment.conversation_id.in_(conversation_ids),
                Appointment.status.in_((Status.booked, Status.waiting)),
                Opening.kind == "",
                Opening.ends_at > now,
            )
            .order_by(Opening.starts_at)
        )
    )


class Word(NamedTuple):
    """What one resident must be told now; `key` makes telling twice harmless."""

    appointment: Appointment
    key: str
    text: str


def due_words(session: Session, *, now: datetime) -> list[Word]:
    """What residents must be told now: reminders a day and two hours before, and news of their place.

    The caller tells and marks in one transaction.
    """
    return [*_in_hours(session, now), *_in_a_day(session, now), *_news(session)]


def _claim(session: Session, appointment: Appointment, still: ColumnElement[bool], **values: datetime | None) -> bool:
    """Of two workers that read the same row, the write of one alone changes it."""
    return bool(changed(session, update(Appointment).where(Appointment.id == appointment.id, still).values(**values)))


def _booked_between(
    session: Session, after: datetime, until: datetime, unsaid: ColumnElement[bool]
) -> Sequence[Appointment]:
    begins = func.coalesce(Appointment.lent_from, Opening.starts_at)
    return session.scalars(
        select(Appointment)
        .join(Opening)
        .where(Appointment.status == Status.booked, begins > after, begins <= until, unsaid)
        .execution_options(populate_existing=True)
    ).all()


def _in_hours(session: Session, now: datetime) -> Iterator[Word]:
    unsaid = Appointment.reminded_hours_at.is_(None)
    for appointment in _booked_between(session, now, now + _HOURS, unsaid):
        if _claim(session, appointment, unsaid, reminded_hours_at=now, reminded_day_at=now):
            text = f"快到时间了：{own_label(appointment)}。{where(appointment.opening, appointment.phone)}"
            yield Word(appointment, _key(appointment, "hours", appointment.opening.starts_at), text)


def _in_a_day(session: Session, now: datetime) -> Iterator[Word]:
    unsaid = Appointment.reminded_day_at.is_(None)
    for appointment in _booked_between(session, now + _HOURS, now + timedelta(days=1), unsaid):
        is_claimed = _claim(session, appointment, unsaid, reminded_day_at=now)
        # Who booked for tomorrow just now needs no reminder.
        if is_claimed and appointment.created_at < now - _JUST_NOW:
            what = f"{noted(appointment.opening)}{brought(appointment.opening)}去不了请说“取消预约”。"
            if appointment.opening.kind:
                what = f"{noted(appointment.opening)}来不了说“不去了”，好让给别人。"
            text = f"提醒您：{own_label(appointment)}。{where(appointment.opening, appointment.phone)}{what}"
            yield Word(appointment, _key(appointment, "day", appointment.opening.starts_at), text)


def _news(session: Session) -> Iterator[Word]:
    unsaid = select(Appointment).where(Appointment.say.is_not(None)).execution_options(populate_existing=True)
    for appointment in session.scalars(unsaid).all():
        text = appointment.say or ""
        if _claim(session, appointment, Appointment.say == text, say=None):
            yield Word(appointment, _key(appointment, appointment.status.value, appointment.updated_at), text)


def _key(appointment: Appointment, what: str, at: datetime) -> str:
    """`at`: of what is told, for an opening that was moved is told of anew."""
    return f"appointment-{appointment.id}-{what}-{at:%y%m%d%H%M%S%f}"


def count_no_shows(session: Session) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(Appointment)
            .join(Opening)
            .where(Appointment.status == Status.no_show, Opening.kind == "")
        )
        or 0
    )


def utc(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)
