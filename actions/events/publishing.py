"""Events announced, one or a series; changed and called off, with word to everybody who signed up."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from actions.bookings import openings
from actions.bookings.appointments import Status, exclusive, label, promote
from actions.bookings.models import Appointment, Mode, Opening
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.events import lending
from actions.events.kinds import kind_of, known_kind
from actions.storable import row_of, storable
from knowledge.clock import SHANGHAI

MOST_PEOPLE, MOST_DATES = 2000, 60
_FURTHEST = timedelta(days=400)
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
_ID_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)", re.ASCII)


@dataclass(frozen=True)
class Wanted:
    """How an event shall be. `capacity`: 0 where nobody needs to sign up. `note`: what to bring, what to know."""

    kind: str
    title: str
    about: str
    lead: str
    address: str
    note: str
    starts_at: datetime
    ends_at: datetime
    capacity: int


def announce(
    session: Session, place: str, wanted: Wanted, *, also_on: Sequence[date] = (), key: str, now: datetime
) -> list[Opening]:
    """One event for the day of `wanted` and each day of `also_on` at the same hour; the same key gives what is there.
    The caller commits. Raises InvalidInput.
    """
    wanted = _checked(wanted)
    openings.one_at_a_time(session)
    series = key[:40]
    if found := session.scalars(select(Opening).where(Opening.series == series).order_by(Opening.starts_at)).all():
        return list(found)
    times = [_on(wanted, day) for day in _days(wanted, also_on)]
    for each in times:
        openings.check_times(each.starts_at, each.ends_at, now=now)
        if each.starts_at > now + _FURTHEST:
            raise InvalidInput("日子太远了，请填一年以内的。")
    return [_add(session, place, each, series) for each in times]


def dates_in(text: str) -> list[date]:
    """Days written one beside another, as of the lunar calendar: 2027-02-10、2027-02-20. Raises InvalidInput."""
    rest = _DAY.sub("", text)
    if re.sub(r"[\s,，、;；和及]", "", rest):
        raise InvalidInput("日子请写成 2027-02-10 这样，几个日子中间用顿号隔开。")
    try:
        return [date(*map(int, found)) for found in _DAY.findall(text)]
    except ValueError:
        raise InvalidInput("写的日子里，有一天日历上没有，请核对。") from None


def monthly_days(first: date, *, until: date) -> list[date]:
    """The same weekday of each month, as in 每月第一个周六; events are held on days off, too."""
    return openings.repeats(first, every="month", until=until, is_workday=lambda day: True)


def weekly_days(first: date, *, until: date) -> list[date]:
    return openings.repeats(first, every="week", until=until, is_workday=lambda day: True)


def get(session: Session, number: int) -> Opening:
    """Raises NotFound, also for a lawyer's time."""
    found = row_of(session, Opening, number)
    if found is None or not found.kind:
        raise NotFound("没有找到这个活动。")
    return found


def change(session: Session, number: int, wanted: Wanted, *, now: datetime) -> int:
    """How many who signed up will be told: of another time or another place. Raises InvalidInput, NotAllowed."""
    wanted = _checked(wanted)
    openings.check_times(wanted.starts_at, wanted.ends_at, now=now)
    get(session, number)
    with exclusive(session, number) as (event,):
        if event.is_cancelled or event.starts_at <= now:
            raise NotAllowed("这个活动已经取消了，或者已经开始，不能再改。")
        if wanted.capacity < event.taken:
            raise InvalidInput(f"已经有 {event.taken} 个人报名，人数不能比这个少。")
        if known_kind(event.kind).is_lent:
            lending.check_within(session, event, wanted.starts_at, wanted.ends_at)
        before, was = label(event), (event.starts_at, event.address)
        _write(event, wanted)
        told = 0
        if was != (event.starts_at, event.address):
            words = (
                f"您报名的活动有变动。原来：{before}。现在：{label(event)}，地点：{event.address}。来不了说“不去了”。"
            )
            told = _tell(session, event, words, now=now, again=was[0] != event.starts_at)
        session.flush()
        while promote(session, event, "位子多了", now=now):
            session.flush()
    return told


def call_off(session: Session, number: int, *, reason: str, now: datetime) -> Opening:
    """Everybody who signed up or waits is told why; said again it changes nothing. Raises InvalidInput, NotAllowed."""
    reason = storable(reason).strip().rstrip("。")[:200]
    if len(reason) < 2:
        raise InvalidInput("为什么不办了，请写一句，报了名的人会看到。")
    get(session, number)
    with exclusive(session, number) as (event,):
        if event.is_cancelled:
            return event
        if event.ends_at <= now:
            raise NotAllowed("活动已经结束了，不用取消。")
        event.is_cancelled, event.taken = True, 0
        off = "不外借了" if known_kind(event.kind).is_lent else "不办了"
        words = f"对不住，{label(event)} {off}：{reason}。"
        session.execute(
            update(Appointment)
            .where(Appointment.opening_id == event.id, Appointment.status.in_((Status.booked, Status.waiting)))
            .values(status=Status.cancelled, say=words, seat_key=None, updated_at=now)
        )
        event.note = f"{off}：{reason}"[:200]
    return event


def _tell(session: Session, event: Opening, words: str, *, now: datetime, again: bool) -> int:
    """`again`: reminders are of the hour that was."""
    held = select(Appointment).where(
        Appointment.opening_id == event.id, Appointment.status.in_((Status.booked, Status.waiting))
    )
    rows = session.scalars(held.execution_options(populate_existing=True)).all()
    for each in rows:
        each.say, each.updated_at = (f"{each.say}\n{words}" if each.say else words), now
        if again:
            each.reminded_day_at = each.reminded_hours_at = None
    return len(rows)


def _checked(wanted: Wanted) -> Wanted:
    kind_of(wanted.kind)
    said = replace(
        wanted,
        title=storable(wanted.title).strip()[:60],
        about=storable(wanted.about).strip()[:2000],
        lead=storable(wanted.lead).strip()[:40],
        address=storable(wanted.address).strip()[:200],
        note=storable(wanted.note).strip()[:200],
    )
    if len(said.title) < 2:
        raise InvalidInput("活动叫什么，请写一个名字，比如“电影《我和我的祖国》”。")
    if len(said.address) < 2:
        raise InvalidInput("在哪里办，请写清楚，大家照着找。")
    if not 0 <= said.capacity <= MOST_PEOPLE:
        raise InvalidInput(f"人数请填 0 到 {MOST_PEOPLE}，0 是不用报名。")
    if any(_ID_CARD.search(text) for text in (said.title, said.about, said.lead, said.note, said.address)):
        raise InvalidInput("写的话里有身份证号，不能贴出来，请去掉再交。")
    return said


def _days(wanted: Wanted, also_on: Sequence[date]) -> list[date]:
    first = wanted.starts_at.astimezone(SHANGHAI).date()
    found = sorted({first, *also_on})
    if len(found) > MOST_DATES:
        raise InvalidInput(f"一次最多排 {MOST_DATES} 场，请少排一些。")
    return found


def _on(wanted: Wanted, day: date) -> Wanted:
    """The same hours on another day."""
    local = wanted.starts_at.astimezone(SHANGHAI)
    starts = local.replace(year=day.year, month=day.month, day=day.day)
    return replace(wanted, starts_at=starts, ends_at=starts + (wanted.ends_at - wanted.starts_at))


def _add(session: Session, place: str, wanted: Wanted, series: str) -> Opening:
    event = Opening(worker_id=None, worker_name="", mode=Mode.visit, place_id=place, series=series)
    _write(event, wanted)
    session.add(event)
    session.flush()
    return event


def _write(event: Opening, wanted: Wanted) -> None:
    event.kind, event.title, event.about, event.lead = wanted.kind, wanted.title, wanted.about, wanted.lead
    event.address, event.note, event.capacity = wanted.address, wanted.note, wanted.capacity
    event.starts_at, event.ends_at = wanted.starts_at, wanted.ends_at
