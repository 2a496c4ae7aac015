"""Openings published and offered."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from dateutil import rrule
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from actions.bookings.appointments import Status, exclusive, label
from actions.bookings.models import MODE_LABELS, Appointment, Mode, Opening
from actions.calendar.dates import day_label
from actions.errors import Conflict, InvalidInput
from actions.storable import storable
from knowledge import places
from knowledge.clock import SHANGHAI
from knowledge.places import Place

_PUBLISHING = 6_836_001  # PostgreSQL's locks by number are one space for all of an application


def publish(
    session: Session,
    *,
    worker_id: int | None,
    worker_name: str,
    mode: Mode,
    place: str,
    address: str,
    starts_at: datetime,
    ends_at: datetime,
    capacity: int,
    now: datetime,
    note: str = "",
    series: str | None = None,
    is_demo: bool = False,
) -> Opening:
    """One opening; the caller commits, and asks `check_free` where a worker's times may not meet. Raises
    InvalidInput.
    """
    check_times(starts_at, ends_at, now=now)
    if not 1 <= capacity <= 200:
        raise InvalidInput("人数请填 1 到 200。")
    opening = Opening(
        worker_id=worker_id,
        worker_name=storable(worker_name, 40),
        mode=mode,
        place_id=place,
        address=storable(address).strip()[:200],
        note=storable(note).strip()[:200],
        starts_at=starts_at,
        ends_at=ends_at,
        capacity=capacity,
        series=series,
        is_demo=is_demo,
    )
    session.add(opening)
    session.flush()
    return opening


def check_times(starts_at: datetime, ends_at: datetime, *, now: datetime) -> None:
    """Raises InvalidInput."""
    if ends_at <= starts_at or ends_at - starts_at > timedelta(hours=12):
        raise InvalidInput("结束时间要晚于开始时间，一次不超过 12 小时。")
    if starts_at <= now:
        raise InvalidInput("开始时间要在现在之后。")


def check_address(mode: Mode, address: str) -> None:
    """Who comes in person must be told where. Raises InvalidInput."""
    if mode in (Mode.visit, Mode.office) and not address.strip():
        raise InvalidInput(f"“{MODE_LABELS[mode]}”要写地点，居民照着它找。比如：李家沟村党群服务中心二楼。")


def one_at_a_time(session: Session) -> None:
    """Until the commit nobody else publishes or moves: of two who look for a free hour at one moment, the second sees
    what the first has made. SQLite holds its file for a write of nothing; PostgreSQL would hold rows only, and where
    the write finds none, nobody.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_PUBLISHING)))
        return
    session.execute(
        update(Place).where(Place.parent_id.is_(None)).values(name=Place.name),
        execution_options={"synchronize_session": False},
    )


def meeting(
    session: Session, worker_id: int | None, *, starts_at: datetime, ends_at: datetime, but: int = 0
) -> Opening | None:
    """What this worker has published for the same time; `but`: the opening that is moved itself. Nobody's meet none."""
    if worker_id is None:
        return None
    return session.scalar(
        select(Opening)
        .where(
            Opening.worker_id == worker_id,
            Opening.is_cancelled.is_(False),
            Opening.starts_at < ends_at,
            Opening.ends_at > starts_at,
            Opening.id != but,
        )
        .order_by(Opening.starts_at, Opening.id)
        .limit(1)
    )


def check_free(
    session: Session, worker_id: int | None, *, starts_at: datetime, ends_at: datetime, but: int = 0
) -> None:
    """Raises Conflict, with what stands there."""
    if (found := meeting(session, worker_id, starts_at=starts_at, ends_at=ends_at, but=but)) is not None:
        wanted = f"{day_label(starts_at)}{hours_label(starts_at, ends_at)}"
        stands = f"{hours_label(found.starts_at, found.ends_at)}（{MODE_LABELS[found.mode]}）"
        raise Conflict(f"{wanted} 和{found.worker_name}已经放出的 {stands}撞了，什么都没有改。请换个时间。")


def hours_label(starts_at: datetime, ends_at: datetime) -> str:
    """09:00-10:00, in Shanghai."""
    return f"{starts_at.astimezone(SHANGHAI):%H:%M}-{ends_at.astimezone(SHANGHAI):%H:%M}"


def repeats(first: date, *, every: str, until: date, is_workday: Callable[[date], bool]) -> list[date]:
    """Days of a series, holidays left out. every: week, or month (the same weekday of the month, as in
    每月第二个周三).
    """
    if until < first or until - first > timedelta(days=400):
        raise InvalidInput("重复的截止日期请在一年以内。")
    start = datetime(first.year, first.month, first.day)
    if every == "week":
        days = rrule.rrule(rrule.WEEKLY, dtstart=start, until=datetime(until.year, until.month, until.day))
    elif every == "month":
        nth = (first.day - 1) // 7 + 1
        days = rrule.rrule(
            rrule.MONTHLY,
            byweekday=rrule.weekday(first.weekday(), nth if nth < 5 else -1),
            dtstart=start,
            until=datetime(until.year, until.month, until.day),
        )
    else:
        raise InvalidInput("请选择每周或每月。")
    return [d.date() for d in days if is_workday(d.date())]


def offers(
    session: Session,
    *,
    now: datetime,
    place: str | None,
    after: datetime | None = None,
    before: datetime | None = None,
    mode: Mode | None = None,
    limit: int = 5,
) -> list[Opening]:
    """Openings with room that residents of this place may take, the nearest first."""
    where = [
        Opening.kind == "",
        Opening.is_cancelled.is_(False),
        Opening.taken < Opening.capacity,
        Opening.starts_at > max(now, after or now),
    ]
    if place:
        where.append(Opening.place_id.in_(places.above(session, place)))
    if before:
        where.append(Opening.starts_at < before)
    if mode:
        where.append(Opening.mode == mode)
    return list(session.scalars(select(Opening).where(*where).order_by(Opening.starts_at, Opening.id).limit(limit)))


def full_ones(session: Session, *, now: datetime, place: str | None, limit: int = 3) -> list[Opening]:
    """Openings without room, whose waiting list may be joined."""
    where = [
        Opening.kind == "",
        Opening.is_cancelled.is_(False),
        Opening.taken >= Opening.capacity,
        Opening.starts_at > now,
    ]
    if place:
        where.append(Opening.place_id.in_(places.above(session, place)))
    return list(session.scalars(select(Opening).where(*where).order_by(Opening.starts_at).limit(limit)))


def cancel_opening(session: Session, opening_id: int, *, reason: str, now: datetime) -> Opening:
    """The worker can't come: everybody who holds or waits for a place is told."""
    reason = storable(reason)
    with exclusive(session, opening_id) as (opening,):
        if not opening.is_cancelled:
            opening.is_cancelled, opening.taken = True, 0
            text = (
                f"对不住，{label(opening)} 取消了{'，因为' + reason.strip() if reason.strip() else ''}。"
                "想另约时间，说“想约律师”就行。"
            )
            session.execute(
                update(Appointment)
                .where(Appointment.opening_id == opening_id, Appointment.status.in_((Status.booked, Status.waiting)))
                .values(status=Status.cancelled, say=text, seat_key=None, updated_at=now)
            )
    return opening


def worker_openings(
    session: Session, *, since: datetime, until: datetime, places: Sequence[str] | None, worker_id: int | None = None
) -> list[Opening]:
    where = [Opening.kind == "", Opening.starts_at >= since, Opening.starts_at < until]
    if places is not None:
        where.append(Opening.place_id.in_(places))
    if worker_id is not None:
        where.append(Opening.worker_id == worker_id)
    with_people = selectinload(Opening.appointments)
    return list(session.scalars(select(Opening).where(*where).options(with_people).order_by(Opening.starts_at)))
