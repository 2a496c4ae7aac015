"""A week of openings as a grid: seven days beside each other, blocks as high as they last, each with a word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from actions.bookings.appointments import meet
from actions.bookings.models import Opening
from actions.bookings.status import AppointmentStatus
from actions.calendar.hours import Hours
from actions.calendar.workdays import WorkCalendar
from knowledge.clock import SHANGHAI

_Status = AppointmentStatus
_EARLIEST, _LATEST = 8, 18  # hours that are always shown
_LEAST_QUARTERS = 2  # so high that a line fits in


@dataclass(frozen=True)
class Block:
    """An opening. `look`: its colour; `word`: the same in a word; `start`, `end`: quarters of an hour from the top."""

    opening: Opening
    look: str
    word: str
    start: int
    end: int


@dataclass(frozen=True)
class Column:
    """A day. `off`: why it isn't an ordinary one, in a word; `open_hours`: those in which people work."""

    day: date
    off: str
    is_off: bool
    is_confirmed: bool
    open_hours: frozenset[int]
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Grid:
    columns: list[Column]
    first: int
    last: int

    @property
    def hours(self) -> range:
        return range(self.first, self.last)


def drawn(found: Sequence[Opening], monday: date, *, office: Hours, work: WorkCalendar, now: datetime) -> Grid:
    """`found`: openings that begin in this week."""
    shown = [opening for opening in found if not _is_hidden(opening, found)]
    ends = [_clock(opening.ends_at, opening.starts_at) for opening in shown]
    first = min([_EARLIEST, *(opening.starts_at.astimezone(SHANGHAI).hour for opening in shown)])
    last = max([_LATEST, *(-(-minutes // 60) for minutes in ends)])
    columns = {day: _column(day, office, work) for day in (monday + timedelta(days=i) for i in range(7))}
    for opening in shown:
        columns[opening.starts_at.astimezone(SHANGHAI).date()].blocks.append(_block(opening, first, now))
    return Grid(list(columns.values()), first, last)


def _is_hidden(opening: Opening, others: Sequence[Opening]) -> bool:
    """Called off, and the same worker has something else there now."""
    own = (other for other in others if other.worker_id == opening.worker_id and not other.is_cancelled)
    return opening.is_cancelled and any(meet(other, opening.starts_at, opening.ends_at) for other in own)


def _clock(moment: datetime, since: datetime) -> int:
    """Minutes since the midnight before `since`, in Shanghai; at most a day."""
    midnight = datetime.combine(since.astimezone(SHANGHAI).date(), time(0), SHANGHAI)
    return min(24 * 60, (moment - midnight) // timedelta(minutes=1))


def _block(opening: Opening, first: int, now: datetime) -> Block:
    start = _clock(opening.starts_at, opening.starts_at) // 15 - 4 * first
    end = -(-_clock(opening.ends_at, opening.starts_at) // 15) - 4 * first
    look, word = state(opening, now)
    return Block(opening, look, word, start, max(end, start + _LEAST_QUARTERS))


def state(opening: Opening, now: datetime) -> tuple[str, str]:
    """The look, and the word for it."""
    held = [appointment.status for appointment in opening.appointments]
    if opening.is_cancelled:
        return "off", "已取消"
    if opening.ends_at <= now:
        unmarked, came = held.count(_Status.booked), held.count(_Status.attended)
        if unmarked:
            return "due", f"{unmarked} 位待记"
        return "past", f"来了 {came} 位" if opening.taken else "没人约"
    if opening.taken < opening.capacity:
        return ("some", f"约了 {opening.taken}/{opening.capacity}") if opening.taken else ("free", "还没人约")
    waiting = held.count(_Status.waiting)
    return "full", "约满" + (f"，候补 {waiting}" if waiting else "")


def _column(day: date, office: Hours, work: WorkCalendar) -> Column:
    periods = office.on(day)
    hours = frozenset(
        hour for hour in range(24) if any(p.opens < time(hour, 59) and time(hour) < p.closes for p in periods)
    )
    return Column(day, "，".join(_off(day, office, work)), not periods, work.is_confirmed(day), hours)


def _off(day: date, office: Hours, work: WorkCalendar) -> Iterator[str]:
    if (special := office.special(day)) is not None:
        yield special.note or ("值班" if special.periods else "休")
    elif work.is_holiday(day):
        yield "放假"
    elif not office.on(day):
        yield "休"
    elif day.weekday() > 4 and work.is_workday(day):
        yield "调休上班"
