"""An opening that stands is changed, or a whole week of them is published again."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings import openings
from actions.bookings.appointments import Status, exclusive, label, noted, promote
from actions.bookings.models import Appointment, Opening
from actions.errors import Conflict, InvalidInput, NotAllowed
from actions.storable import storable
from knowledge.clock import SHANGHAI


class PeopleHold(Conflict):
    """Residents hold or wait for a place: they would be told. `words`: what they would read."""

    def __init__(self, words: str, *, booked: int, waiting: int) -> None:
        self.words, self.booked, self.waiting = words, booked, waiting
        super().__init__("已经有人约了，改了会马上告诉他们，请看清楚再改。")


@dataclass(frozen=True)
class Wanted:
    """How an opening shall be."""

    starts_at: datetime
    ends_at: datetime
    address: str
    note: str
    capacity: int


def change_opening(
    session: Session, opening_id: int, wanted: Wanted, *, tells: bool, reason: str = "", now: datetime
) -> int:
    """How many residents will be told. Nothing that is booked moves unless `tells`.

    Raises PeopleHold, NotFound, NotAllowed, InvalidInput, Conflict where it meets another of the worker's.
    """
    openings.check_times(wanted.starts_at, wanted.ends_at, now=now)
    with exclusive(session, opening_id) as (opening,):
        openings.one_at_a_time(session)
        if opening.is_cancelled or opening.starts_at <= now:
            raise NotAllowed("这个时段已经取消了，或者已经开始，不能再改。")
        if not max(1, opening.taken) <= wanted.capacity <= 200:
            raise InvalidInput(f"人数请填 {max(1, opening.taken)} 到 200：已经约好的人不能少。")
        starts_at, ends_at, but = wanted.starts_at, wanted.ends_at, opening.id
        openings.check_free(session, opening.worker_id, starts_at=starts_at, ends_at=ends_at, but=but)
        return _change(session, opening, wanted, tells=tells, reason=storable(reason).strip(), now=now)


def _change(session: Session, opening: Opening, wanted: Wanted, *, tells: bool, reason: str, now: datetime) -> int:
    before, held_before = label(opening), _as_told(opening)
    is_moved = opening.starts_at != wanted.starts_at
    opening.starts_at, opening.ends_at, opening.capacity = wanted.starts_at, wanted.ends_at, wanted.capacity
    opening.address = storable(wanted.address).strip()[:200]
    opening.note = storable(wanted.note).strip()[:200]
    holders = _holders(session, opening) if _as_told(opening) != held_before else ()
    words = _news(before, opening, reason)
    if holders and not tells:
        booked = sum(each.status is Status.booked for each in holders)
        raise PeopleHold(words, booked=booked, waiting=len(holders) - booked)
    for each in holders:
        each.say = f"{each.say}\n{words}" if each.say else words
        each.updated_at = now
        if is_moved:  # reminded of the hour that was
            each.reminded_day_at = each.reminded_hours_at = None
    session.flush()
    while promote(session, opening, "多放了位置", now=now):
        session.flush()
    return len(holders)


def _as_told(opening: Opening) -> tuple[datetime, datetime, str, str]:
    return opening.starts_at, opening.ends_at, opening.address, opening.note


def _holders(session: Session, opening: Opening) -> Sequence[Appointment]:
    held = Appointment.status.in_((Status.booked, Status.waiting))
    return session.scalars(
        select(Appointment)
        .where(Appointment.opening_id == opening.id, held)
        .order_by(Appointment.id)
        .execution_options(populate_existing=True)
    ).all()


def _news(before: str, opening: Opening, reason: str) -> str:
    why = f"，因为{reason}" if reason else ""
    hours = openings.hours_label(opening.starts_at, opening.ends_at)
    where = f"地点：{opening.address}。" if opening.address else ""
    return (
        f"您约的咨询有变动{why}。原来：{before}。现在：{label(opening)}（{hours}），"
        f"{where}{noted(opening)}这样不方便的话，说“改时间”或者“取消预约”。"
    )


@dataclass(frozen=True)
class Copied:
    """How many openings were published anew, and why others weren't."""

    made: int = 0
    there: int = 0  # the same one stands already
    meets: int = 0  # another one of the worker's stands at that hour
    rest: int = 0  # nobody works on that day
    past: int = 0


def copy_week(
    session: Session,
    monday: date,
    *,
    own: Callable[[Opening], bool],
    is_workday: Callable[[date], bool],
    now: datetime,
    weeks: int = 1,
) -> Copied:
    """The openings of the week before published for the week of `monday`; doing so twice is doing it once. `own`: which
    of them. The caller commits.
    """
    openings.one_at_a_time(session)
    first = datetime(monday.year, monday.month, monday.day, tzinfo=SHANGHAI)
    step = timedelta(weeks=weeks)
    found: Counter[str] = Counter()
    for opening in openings.worker_openings(
        session, since=first - step, until=first - step + timedelta(days=7), places=None
    ):
        if not opening.is_cancelled and own(opening):
            found[_again(session, opening, step, is_workday=is_workday, now=now)] += 1
    return Copied(**found)


def _again(
    session: Session, opening: Opening, step: timedelta, *, is_workday: Callable[[date], bool], now: datetime
) -> str:
    """What became of it, as a field of Copied."""
    starts_at, ends_at = opening.starts_at + step, opening.ends_at + step
    other = openings.meeting(session, opening.worker_id, starts_at=starts_at, ends_at=ends_at)
    if other is not None:
        same = (other.starts_at, other.ends_at, other.place_id) == (starts_at, ends_at, opening.place_id)
        return "there" if same else "meets"
    if starts_at <= now:
        return "past"
    if not is_workday(starts_at.astimezone(SHANGHAI).date()):
        return "rest"
    openings.publish(
        session,
        worker_id=opening.worker_id,
        worker_name=opening.worker_name,
        mode=opening.mode,
        place=opening.place_id,
        address=opening.address,
        note=opening.note,
        starts_at=starts_at,
        ends_at=ends_at,
        capacity=opening.capacity,
        now=now,
        is_demo=opening.is_demo,
    )
    return "made"
