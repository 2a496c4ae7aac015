"""The calendar of legal workers: a week of openings, published, copied."""

import secrets
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings import appointments, moving, openings
from actions.bookings.models import MODE_LABELS, Mode, Opening
from actions.calendar.hours import hours
from actions.calendar.workdays import calendar
from actions.errors import ActionError, InvalidInput
from bot.staff import rights
from bot.staff.models import Staff
from bot.web.staff.bookings import reach, week
from bot.web.staff.bookings.reach import Whose
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import when_of
from knowledge.clock import SHANGHAI, today
from knowledge.places import Place

_NOT_COPIED = ("本来就有", "和别的时段撞了", "那天休息", "时间已经过了")

router = APIRouter(prefix="/staff/calendar")
CalendarSeat = Annotated[Seat, seat("calendar")]
CalendarForm = Annotated[Form, form("calendar")]


@router.get("", response_class=HTMLResponse)
def show(at: CalendarSeat, start: str = "", who: str = "", new: str = "", made: str = "", copied: str = "") -> Response:
    """`start`: any day of the week; `new`: when an opening to be published begins; `made`, `copied`: what was done."""
    return _page(at, monday_of(start), Whose.of(at, who), new=new, done=_done(made, copied))


@router.post("")
def publish(at: CalendarForm) -> Response:
    who = at.text("who", 12)
    try:
        wanted = Wanted.read(at)
        days = _publish(at, wanted)
        at.record("放出预约时间", detail=f"{len(days)} 次")
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _page(at, monday_of(at.text("starts_at", 10)), Whose.of(at, who), problem=error.message_zh)
    return at.back(f"/staff/calendar?start={wanted.starts.date().isoformat()}&who={who}&made={len(days)}")


@router.post("/copy")
def copy(at: CalendarForm) -> Response:
    """The week before, for the week that is shown."""
    who, monday = Whose.of(at, at.text("who", 12)), monday_of(at.text("start", 10))
    seen = rights.places_of(at.session, at.staff)

    def is_own(opening: Opening) -> bool:
        is_seen = seen is None or opening.place_id in seen
        return is_seen and who.has(opening) and reach.may_change(at, opening)

    is_workday = calendar(at.session).is_workday
    copied = moving.copy_week(at.session, monday, own=is_own, is_workday=is_workday, now=datetime.now(UTC))
    at.record("复制上周的时段", monday.isoformat(), detail=f"{copied.made} 个")
    at.session.commit()
    told = "-".join(map(str, astuple(copied)))
    return at.back(f"/staff/calendar?start={monday.isoformat()}&who={who.chosen}&copied={told}")


def monday_of(start: str) -> date:
    """Of the week of a day; of today where it is none."""
    try:
        first = date.fromisoformat(start[:10]) if start else today()
    except ValueError:
        first = today()
    if not 2020 <= first.year < 2100:
        first = today()
    return first - timedelta(days=first.weekday())


def _done(made: str, copied: str) -> str:
    """What the last form did, as a sentence."""
    if made.isascii() and made.isdigit() and len(made) <= 4:
        return f"放出了 {int(made)} 个时段，居民现在就能约。" if int(made) else "这张表刚才已经交过了，没有再放一遍。"
    numbers = copied.split("-")
    if len(numbers) != 5 or not all(n.isascii() and n.isdigit() and len(n) <= 4 for n in numbers):
        return ""
    fresh, *others = map(int, numbers)
    if not any((fresh, *others)):
        return "上周没有可以复制的时段。"
    kept_back = "，".join(f"{n} 个{why}" for n, why in zip(others, _NOT_COPIED, strict=True) if n)
    return f"复制了 {fresh} 个时段。" + (f"没有复制的：{kept_back}。" if kept_back else "")


def _page(
    at: Seat, monday: date, who: Whose, *, problem: str | None = None, new: str = "", done: str = ""
) -> HTMLResponse:
    since, until = appointments.utc(monday, 0), appointments.utc(monday + timedelta(days=7), 0)
    seen = rights.places_of(at.session, at.staff)
    found = [o for o in openings.worker_openings(at.session, since=since, until=until, places=seen) if who.has(o)]
    office = hours(at.session, None if seen is None else at.staff.place_id)
    now = datetime.now(UTC)
    return at.page(
        "calendar/calendar.html",
        status=422 if problem else 200,
        grid=week.drawn(found, monday, office=office, work=calendar(at.session), now=now),
        monday=monday,
        last=monday + timedelta(days=6),
        back_to=monday - timedelta(days=7),
        on_to=monday + timedelta(days=7),
        whose=who,
        choices=reach.choices(at),
        workers=reach.workers(at),
        problem=problem,
        done=done,
        new=_moment(new),
        modes=MODE_LABELS,
        today=today(),
    )


def _moment(typed: str) -> str:
    """As a `datetime-local` field takes it; "" for what is none."""
    try:
        return when_of(typed).astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")
    except InvalidInput:
        return ""


@dataclass(frozen=True)
class Wanted:
    """An opening as it was typed, or a series of them. `starts` is in Shanghai; `until`: the last day of a series."""

    worker: Staff
    starts: datetime
    minutes: int
    mode: Mode
    place: str
    address: str
    note: str
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
        address = at.text("address", 200)
        openings.check_address(Mode(mode), address)
        every = at.text("every", 6)
        return cls(
            worker=reach.worker(at, at.number("worker")),
            starts=starts,
            minutes=minutes,
            mode=Mode(mode),
            place=place,
            address=address,
            note=at.text("note", 200),
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
    """The days that were published; none where the form was sent again. Raises InvalidInput, Conflict."""
    days, now, session = wanted.days(at.session), datetime.now(UTC), at.session
    openings.one_at_a_time(session)
    if session.scalar(select(Opening.id).filter_by(series=wanted.series, worker_id=wanted.worker.id).limit(1)):
        return []
    for day in days:
        starts = appointments.utc(day, wanted.starts.hour, wanted.starts.minute)
        ends = starts + timedelta(minutes=wanted.minutes)
        openings.check_free(session, wanted.worker.id, starts_at=starts, ends_at=ends)
        openings.publish(
            session,
            worker_id=wanted.worker.id,
            worker_name=wanted.worker.name,
            mode=wanted.mode,
            place=wanted.place,
            address=wanted.address,
            note=wanted.note,
            starts_at=starts,
            ends_at=ends,
            capacity=wanted.capacity,
            now=now,
            series=wanted.series,
        )
    return days
