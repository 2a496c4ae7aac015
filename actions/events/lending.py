"""借场地: a hall lent by hours, to one after another on the days that the clerk opens it.

The day is an Opening of a kind that `is_lent`: its times are when the hall may be had, its capacity how many it seats.
Each loan is an Appointment with hours of its own; two never meet, for both are looked for under the opening's lock.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.bookings.appointments import Status, exclusive
from actions.bookings.models import Appointment, Opening
from actions.errors import Conflict, InvalidInput, NotAllowed
from actions.events.codes import new_code
from actions.events.kinds import known_kind
from actions.storable import storable
from knowledge.clock import SHANGHAI

STEP = timedelta(minutes=30)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
MOST_OF_ONE, MOST_OF_A_DAY = 3, 24  # loans: of one asker on a day, of all
_TAKES_IT = (Status.booked, Status.attended)


@dataclass(frozen=True)
class Wish:
    """Who wants the hall, for how many, for what. `asker`: a conversation, or a browser as `page:<random>`."""

    asker: str
    name: str
    party: int
    what: str
    starts_at: datetime
    ends_at: datetime
    phone: str = ""


@dataclass(frozen=True)
class Span:
    starts_at: datetime
    ends_at: datetime

    def __str__(self) -> str:
        """09:00到11:30, in Shanghai."""
        return f"{self.starts_at.astimezone(SHANGHAI):%H:%M}到{self.ends_at.astimezone(SHANGHAI):%H:%M}"


def is_lent(event: Opening) -> bool:
    return known_kind(event.kind).is_lent


def lend(session: Session, number: int, wish: Wish, *, key: str, now: datetime) -> Appointment:
    """The hall is theirs for these hours; the same key gives the first. Commits.

    Raises InvalidInput, NotAllowed, NotFound, and Conflict where somebody has it for a part of them.
    """
    said, key = _checked(wish), storable(key)[:100]
    try:
        with exclusive(session, number) as (event,):
            if found := session.scalar(select(Appointment).where(Appointment.request_key == key)):
                return found
            _check_day(event, said, now)
            _check_free(session, event, said)
            row = _row(event, said, key, now)
            session.add(row)
    except IntegrityError:
        if found := session.scalar(select(Appointment).where(Appointment.request_key == key)):
            return found
        raise
    return row


def loans(session: Session, event: Opening) -> list[Appointment]:
    """Who has it, by the hour."""
    own = select(Appointment).where(Appointment.opening_id == event.id, Appointment.status.in_(_TAKES_IT))
    return list(session.scalars(own.where(Appointment.lent_from.is_not(None)).order_by(Appointment.lent_from)))


def taken(session: Session, event: Opening) -> list[Span]:
    return [Span(row.lent_from, row.lent_until) for row in loans(session, event) if row.lent_from and row.lent_until]


def free(session: Session, event: Opening, now: datetime) -> list[Span]:
    """The hours that can still be had, none shorter than a step."""
    if event.is_cancelled or event.capacity == 0:
        return []
    found, at = [], max(event.starts_at, _up(now))
    for span in taken(session, event):
        if span.starts_at - at >= STEP:
            found.append(Span(at, span.starts_at))
        at = max(at, span.ends_at)
    return [*found, Span(at, event.ends_at)] if event.ends_at - at >= STEP else found


def hours_of(row: Appointment) -> str:
    """09:00到11:30; "" of a place among others."""
    return str(Span(row.lent_from, row.lent_until)) if row.lent_from and row.lent_until else ""


def clocks(event: Opening) -> list[str]:
    """The half hours of the day, from its first to its last: to choose from."""
    found, at = [], event.starts_at
    while at <= event.ends_at:
        found.append(f"{at.astimezone(SHANGHAI):%H:%M}")
        at += STEP
    return found


def at_clock(event: Opening, clock: str) -> datetime:
    """That hour of the event's day, in UTC. Raises InvalidInput."""
    found = _CLOCK.fullmatch(clock)
    if found is None:
        raise InvalidInput("从几点借到几点，请选一下。")
    local = event.starts_at.astimezone(SHANGHAI)
    return local.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0).astimezone(UTC)


def said_of(spans: Sequence[Span]) -> str:
    """09:00到11:00、14:00到18:00."""
    return "、".join(map(str, spans))


def check_within(session: Session, event: Opening, starts_at: datetime, ends_at: datetime) -> None:
    """A day with loans keeps their hours, whatever else is changed. Raises InvalidInput."""
    for span in taken(session, event):
        if span.starts_at < starts_at or span.ends_at > ends_at:
            raise InvalidInput(f"{span} 已经借出去了，改了就不在开放的时间里。请先跟借的人商量好，把那一行划掉再改。")


def _up(now: datetime) -> datetime:
    """The next full step."""
    over = (now - now.replace(minute=0, second=0, microsecond=0)) % STEP
    return now if not over else now + (STEP - over)


def _checked(wish: Wish) -> Wish:
    said = replace(
        wish,
        name=storable(wish.name).strip()[:20],
        what=storable(wish.what).strip()[:80],
        phone=storable(wish.phone).strip(),
    )
    if not said.name:
        raise InvalidInput("怎么称呼您？写“王婶”“小李”都行。")
    if len(said.what) < 2:
        raise InvalidInput("借来做什么，请写一句，比如“给老人做寿”“排练广场舞”。")
    if said.phone and not (7 <= len(said.phone) <= 20 and set(said.phone) <= set("0123456789-+ ")):
        raise InvalidInput("电话好像不对，请核对一下；不想留也可以空着。")
    if said.ends_at - said.starts_at < STEP:
        raise InvalidInput("结束要晚于开始，最少借半个小时。")
    if any(at.minute % 30 or at.second or at.microsecond for at in (said.starts_at, said.ends_at)):
        raise InvalidInput("钟点请选整点或者半点。")
    return said


def _check_day(event: Opening, said: Wish, now: datetime) -> None:
    if not is_lent(event):
        raise NotAllowed("这不是借场地的，请从“活动”里报名。")
    if event.is_cancelled or event.capacity == 0:
        raise NotAllowed("这一天场地不外借了。")
    if said.starts_at < event.starts_at or said.ends_at > event.ends_at:
        raise InvalidInput(f"这一天只能在 {Span(event.starts_at, event.ends_at)} 之间借，请换个钟点。")
    if said.starts_at <= now:
        raise InvalidInput("这个钟点已经过了，请选后面的。")
    if not 1 <= said.party <= event.capacity:
        raise InvalidInput(f"场地最多坐 {event.capacity} 个人，请填 1 到 {event.capacity}。")


def _check_free(session: Session, event: Opening, said: Wish) -> None:
    rows = loans(session, event)
    for span in taken(session, event):
        if span.starts_at < said.ends_at and said.starts_at < span.ends_at:
            left = said_of(free(session, event, event.starts_at))
            rest = f"还空着的：{left}。" if left else "这一天已经借满了。"
            raise Conflict(f"{span} 已经有人借了，和您要的钟点撞了。{rest}")
    own = sum((row.seat_key or "").startswith(f"{said.asker}:") for row in rows)
    if own >= MOST_OF_ONE:
        raise NotAllowed(f"一天里一家最多借 {MOST_OF_ONE} 段，还要借请跟村委会说一声。")
    if len(rows) >= MOST_OF_A_DAY:
        raise NotAllowed("这一天借得太碎了，请跟村委会说一声。")


def _row(event: Opening, said: Wish, key: str, now: datetime) -> Appointment:
    begins = said.starts_at.astimezone(SHANGHAI)
    return Appointment(
        opening_id=event.id,
        conversation_id=None if said.asker.startswith("page:") else said.asker,
        request_key=key,
        seat_key=f"{said.asker[:60]}:{event.id}:{begins:%H%M}",
        status=Status.booked,
        name=said.name,
        phone=said.phone or None,
        summary="",
        item=said.what,
        party=said.party,
        code=new_code(),
        lent_from=said.starts_at,
        lent_until=said.ends_at,
        created_at=now,
        updated_at=now,
    )
