"""Who comes to an event: signed up, waiting, not coming after all, struck off by the clerk.

Places are given under the event's lock, as a lawyer's are; a party takes as many as it is people.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.bookings import appointments
from actions.bookings.appointments import Status, exclusive, own_label
from actions.bookings.models import Appointment, Opening
from actions.errors import AlreadyBooked, InvalidInput, NotAllowed, NotFound
from actions.events import publishing
from actions.events.codes import LENGTH, LETTERS, new_code
from actions.events.kinds import known_kind
from actions.storable import row_of, storable

MOST_PARTY, MOST_WAITING = 10, 200
_HELD = (Status.booked, Status.waiting)


@dataclass(frozen=True)
class Coming:
    """What somebody says who signs up. `asker`: a conversation, or a browser as `page:<random>`."""

    asker: str
    name: str = ""
    party: int = 1
    item: str = ""
    phone: str = ""


def sign_up(session: Session, number: int, coming: Coming, *, key: str, now: datetime) -> Appointment:
    """A place, or where there is none left one on the waiting list (`status` says which); the same key gives the first.

    Raises InvalidInput, NotAllowed, AlreadyBooked, NotFound.
    """
    said, key = _checked(coming), storable(key)[:100]
    publishing.get(session, number)
    try:
        with exclusive(session, number) as (event,):
            if found := session.scalar(select(Appointment).where(Appointment.request_key == key)):
                return found
            _check_open(session, event, said, now)
            row = _seated(event, said, key, now)
            session.add(row)
    except IntegrityError:
        if found := session.scalar(select(Appointment).where(Appointment.request_key == key)):
            return found
        raise AlreadyBooked("这个活动您已经报过名了。") from None
    return row


def leave(session: Session, number: int, *, now: datetime) -> Appointment:
    """Not coming after all; the place goes to who waits. Twice is once. Raises NotAllowed once it has begun."""
    row = _get(session, number)
    with exclusive(session, row.opening_id) as (event,):
        row = _get(session, number)
        if row.status is Status.cancelled:
            return row
        if (row.lent_from or event.starts_at) <= now or row.status not in _HELD:
            raise NotAllowed("已经开始了，不用再取消。")
        appointments.release(session, row, event, now=now)
    return row


def strike(session: Session, number: int, *, why: str, now: datetime) -> Appointment:
    """The clerk takes a name off the list; who signed up in the chat is told why. Raises InvalidInput, NotAllowed."""
    why = storable(why).strip().rstrip("。")[:100]
    if len(why) < 2:
        raise InvalidInput("为什么划掉，请写一句，报名的人会看到。")
    row = _get(session, number)
    with exclusive(session, row.opening_id) as (event,):
        row = _get(session, number)
        if row.status is not Status.cancelled:
            if row.status not in _HELD:
                raise NotAllowed("已经签到了，不能划掉。")
            appointments.release(session, row, event, now=now)
            row.say = f"{own_label(row)}{'' if row.lent_from else ' 的报名'}，村里给您取消了：{why}。有疑问请问村委会。"
    return row


def of_asker(session: Session, askers: list[str], *, now: datetime) -> list[Appointment]:
    """What these conversations, or this browser, have signed up for and is still to come, the nearest first."""
    conversations = [asker for asker in askers if not asker.startswith("page:")]
    ends = func.coalesce(Appointment.lent_until, Opening.ends_at)
    held = (
        select(Appointment)
        .join(Opening)
        .where(Appointment.status.in_(_HELD), Opening.kind != "", ends > now)
        .order_by(Opening.starts_at, Appointment.id)
    )
    own = list(session.scalars(held.where(Appointment.conversation_id.in_(conversations)))) if conversations else []
    pages = tuple(f"{asker}:" for asker in askers if asker.startswith("page:"))
    for start in pages:
        own += session.scalars(held.where(Appointment.seat_key.startswith(start, autoescape=True)))
    return own


def by_code(session: Session, number: int, code: str) -> Appointment:
    """The sign-up for this event that was given the code. Raises NotFound."""
    bare = "".join(c for c in code.upper() if c in LETTERS)
    own = select(Appointment).where(Appointment.opening_id == number, Appointment.code == bare)
    found = session.scalar(own) if len(bare) == LENGTH else None
    if found is None:
        raise NotFound("没有找到这个报名码，请核对。")
    return found


def spaced(code: str | None) -> str:
    """In two groups, as it is read aloud."""
    return f"{code[:4]} {code[4:]}" if code else ""


def waits_behind(session: Session, row: Appointment) -> int:
    """How many stand before this one on the waiting list."""
    before = (
        Appointment.opening_id == row.opening_id,
        Appointment.status == Status.waiting,
        Appointment.id < row.id,
    )
    return session.scalar(select(func.count()).select_from(Appointment).where(*before)) or 0


def _checked(coming: Coming) -> Coming:
    name, item = storable(coming.name).strip()[:20], storable(coming.item).strip()[:80]
    phone = storable(coming.phone).strip()
    if not name:
        raise InvalidInput("怎么称呼您？写“王婶”“小李”都行，村里好招呼。")
    if not 1 <= coming.party <= MOST_PARTY:
        raise InvalidInput(f"来几个人，请填 1 到 {MOST_PARTY}；人再多，请跟村委会说一声。")
    if phone and not (7 <= len(phone) <= 20 and set(phone) <= set("0123456789-+ ")):
        raise InvalidInput("电话好像不对，请核对一下；不想留也可以空着。")
    return Coming(coming.asker, name, coming.party, item, phone)


def _check_open(session: Session, event: Opening, said: Coming, now: datetime) -> None:
    if event.is_cancelled:
        raise NotAllowed("这个活动不办了。")
    if known_kind(event.kind).is_lent:
        raise InvalidInput("场地是按钟点借的，请选从几点到几点。")
    if event.starts_at <= now:
        raise NotAllowed("活动已经开始了，直接去就行。")
    if event.capacity == 0:
        raise InvalidInput("这个活动不用报名，到时候来就行。")
    if said.party > event.capacity:
        raise InvalidInput(f"这个活动一共只有 {event.capacity} 个位子，请少报几个人。")
    if session.scalar(select(Appointment.id).where(Appointment.seat_key == _seat(event, said.asker))):
        raise AlreadyBooked("这个活动您已经报过名了。人数要改，请先取消，再重新报。")
    waiting = select(func.count()).where(Appointment.opening_id == event.id, Appointment.status == Status.waiting)
    if (session.scalar(waiting) or 0) >= MOST_WAITING:
        raise NotAllowed("候补的人已经很多了，请等下一次，或者跟村委会说一声。")


def _seated(event: Opening, said: Coming, key: str, now: datetime) -> Appointment:
    has_room = event.taken + said.party <= event.capacity
    if has_room:
        event.taken += said.party
    return Appointment(
        opening_id=event.id,
        conversation_id=None if said.asker.startswith("page:") else said.asker,
        request_key=key,
        seat_key=_seat(event, said.asker),
        status=Status.booked if has_room else Status.waiting,
        name=said.name,
        phone=said.phone or None,
        summary="",
        item=said.item,
        party=said.party,
        code=new_code(),
        created_at=now,
        updated_at=now,
    )


def _seat(event: Opening, asker: str) -> str:
    return f"{asker}:{event.id}"[:80]


def _get(session: Session, number: int) -> Appointment:
    found = row_of(session, Appointment, number)
    if found is None or not found.opening.kind:
        raise NotFound("没有找到这个报名。")
    session.refresh(found)
    return found
