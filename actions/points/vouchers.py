"""换东西: a thing is set aside under a code; whoever shows the code at the counter gets it, once.

The code is said once and kept nowhere; wrong ones are counted and soon nobody tries any more. Whoever has no telephone
shows the household's slip at the counter instead.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.points import ledger
from actions.points.forbidden import check_rule
from actions.points.ledger import Who, day_of
from actions.points.models import Kind, PointEntry, PointItem, Voucher
from actions.points.status import VoucherState
from actions.roster import codes, tries
from actions.roster.models import Household, Slip
from actions.storable import row_of, storable
from knowledge.tables import changed

GOOD_FOR = timedelta(days=14)
MOST_OPEN = 5
MOST_COST, MOST_STOCK = 2000, 9999
_SPACE = "voucher:"  # so that no slip's code is a voucher's


@dataclass(frozen=True)
class Given:
    """`code`: as it is said to the household, once; "" where the same wish came again."""

    voucher: Voucher
    code: str


def put_item(session: Session, place: str, *, title: str, cost: int | None, stock: int | None) -> PointItem:
    """New, or the one of this name changed. The caller commits. Raises InvalidInput."""
    title = storable(title).strip()[:40]
    if not title:
        raise InvalidInput("换的是什么东西，请写上。")
    check_rule(title, "")  # a certificate, an allowance or a place at school isn't for sale
    if cost is None or not 1 <= cost <= MOST_COST:
        raise InvalidInput(f"换一样要几分，写 1 到 {MOST_COST}。")
    if stock is None or not 0 <= stock <= MOST_STOCK:
        raise InvalidInput(f"有多少件，写 0 到 {MOST_STOCK}。")
    own = select(PointItem).where(PointItem.place_id == place, PointItem.title == title)
    item = session.scalar(own)
    if item is None:
        item = PointItem(place_id=place, title=title, cost=cost, stock=stock)
        try:
            with session.begin_nested():
                session.add(item)
                session.flush()
        except IntegrityError:
            raise Conflict from None
    item.cost, item.stock, item.is_offered = cost, stock, True
    session.flush()
    return item


def take_away(session: Session, place: str, item_id: int) -> None:
    """No longer offered; what is set aside stays good. Raises NotFound."""
    _item(session, place, item_id).is_offered = False
    session.flush()


def offered(session: Session, place: str) -> list[PointItem]:
    """The cheapest first."""
    own = select(PointItem).where(PointItem.place_id == place, PointItem.is_offered)
    return list(session.scalars(own.order_by(PointItem.cost, PointItem.id)))


def order(session: Session, household: Household, item_id: int, *, key: str, now: datetime) -> Given:
    """Points and thing are set aside until the voucher's last day. Once a key. The caller commits.

    Raises NotAllowed, NotFound.
    """
    if found := session.scalar(select(Voucher).where(Voucher.key == key[:120])):
        return Given(found, "")
    item = _item(session, household.place_id, item_id)
    if not item.is_offered:
        raise NotFound("这一样现在不换了，请换一样。")
    _set_aside(session, household, item)
    code = codes.new_code()
    made = Voucher(
        key=key[:120],
        place_id=household.place_id,
        code_hash=_digest(household.place_id, code),
        household_id=household.id,
        item_id=item.id,
        cost=item.cost,
        ends_on=_last_day(day_of(now)),
        at=now,
    )
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        raise Conflict("这一样已经换好了，请看前面的换物码。") from None
    session.refresh(made)
    return Given(made, codes.spaced(code))


def _set_aside(session: Session, household: Household, item: PointItem) -> None:
    """The points, then the thing. Raises NotAllowed; whoever calls rolls back."""
    if len(open_of(session, household.id)) >= MOST_OPEN:
        raise NotAllowed(f"您家已经有 {MOST_OPEN} 样等着去拿，拿了再换。")
    ledger.account(session, household.place_id, household.id)
    ledger.hold(session, household.id, item.cost)
    left = update(PointItem).where(PointItem.id == item.id, PointItem.stock > 0, PointItem.cost == item.cost)
    if changed(session, left.values(stock=PointItem.stock - 1)) != 1:
        raise NotAllowed(f"{item.title}刚刚换完了，请换一样，或者过几天再来。")


def _last_day(today: date) -> date:
    """Not beyond the year's end, when points may end."""
    return max(today, min(today + GOOD_FOR, date(today.year, 12, 31)))


def spend(session: Session, place: str, code: str, *, by: Who, now: datetime) -> Voucher:
    """At the counter: once. The caller commits also when the answer is an error, since wrong tries count.

    Raises InvalidInput, NotAllowed, Conflict.
    """
    written = codes.read(code)
    found = _found(session, place, written, by, now)
    if found.state is VoucherState.spent:
        raise NotAllowed("这个换物码已经用过了，东西拿走了。")
    if found.state is VoucherState.dropped:
        raise NotAllowed("这个换物码那一家已经退掉了，分也退回去了。还要的话，请在手机上重新换。")
    if found.state is not VoucherState.open or found.ends_on < day_of(now):
        raise NotAllowed("这个换物码过期了，分会退回去，请重新换。")
    own = (Voucher.id == found.id, Voucher.state == VoucherState.open)
    values = {"state": VoucherState.spent, "spent_at": now, "spent_by_id": by.id, "spent_by_name": by.name}
    if changed(session, update(Voucher).where(*own).values(values)) != 1:
        raise Conflict("这个换物码刚刚用过了。")
    ledger.write(session, _entry(found, by, now), unheld=found.cost)
    session.refresh(found)
    return found


def _found(session: Session, place: str, written: str, by: Who, now: datetime) -> Voucher:
    is_guess = codes.is_well_formed(written)
    charged = _charge(session, place, by, is_guess=is_guess, now=now)
    own = select(Voucher).where(Voucher.code_hash == _digest(place, written)) if is_guess else None
    found = session.scalar(own) if own is not None else None
    if found is None:
        tries.lock_if_full(session, charged, now)
        raise InvalidInput("没有这个换物码。请照手机上的 10 位再看一遍，也看看是不是咱村的。")
    tries.refund(session, charged)
    return found


def _charge(session: Session, place: str, by: Who, *, is_guess: bool, now: datetime) -> tries.Charge:
    try:
        return tries.charge(session, asker=f"counter:{by.id}", place=f"{_SPACE}{place}", is_guess=is_guess, now=now)
    except InvalidInput:
        raise InvalidInput("试错的码太多，先停一停，过一阵再试。码不对的，请那家人看着手机念。") from None


def household_of_slip(session: Session, place: str, code: str, *, by: Who, now: datetime) -> Household:
    """Of the paper slip that somebody without a telephone shows; it is neither used up nor bound. The caller commits
    also on the error. Raises InvalidInput.
    """
    written = codes.read(code)
    is_guess = codes.is_well_formed(written)
    charged = _charge(session, place, by, is_guess=is_guess, now=now)
    slip = session.get(Slip, codes.digest(place, written)) if is_guess else None
    if slip is None:
        tries.lock_if_full(session, charged, now)
        raise InvalidInput("这个参与码没有对上，请照纸条一个一个再看一遍。")
    tries.refund(session, charged)
    is_over = slip.revoked_at is not None or slip.participant.revoked_at is not None or slip.ends_on < day_of(now)
    if is_over:
        raise InvalidInput("这张纸条作废或者过期了，请用新的。")
    return slip.participant.household


def hand_out(session: Session, household: Household, item_id: int, *, key: str, by: Who, now: datetime) -> Voucher:
    """Over the counter at once, for who shows a slip. Once a key. The caller commits. Raises NotAllowed, NotFound."""
    given = order(session, household, item_id, key=key, now=now)
    own = (Voucher.id == given.voucher.id, Voucher.state == VoucherState.open)
    values = {"state": VoucherState.spent, "spent_at": now, "spent_by_id": by.id, "spent_by_name": by.name}
    if changed(session, update(Voucher).where(*own).values(values)) == 1:
        ledger.write(session, _entry(given.voucher, by, now), unheld=given.voucher.cost)
    found = session.get_one(Voucher, given.voucher.id)
    session.refresh(found)
    return found


def drop(session: Session, voucher_id: int, household_id: int) -> None:
    """The household doesn't want it after all. The caller commits. Raises NotFound, Conflict."""
    found = row_of(session, Voucher, voucher_id)
    if found is None or found.household_id != household_id:
        raise NotFound("没有找到这个换物码。")
    if not _close(session, found, VoucherState.dropped):
        raise Conflict("这一样已经换走了，或者已经退了。")


def lapse(session: Session, now: datetime) -> int:
    """Vouchers whose last day is over: points and things go back. How many; the caller commits."""
    over = (Voucher.state == VoucherState.open, Voucher.ends_on < day_of(now))
    found = session.scalars(select(Voucher).where(*over).order_by(Voucher.id).limit(500)).all()
    return sum(_close(session, one, VoucherState.lapsed) for one in found)


def _close(session: Session, found: Voucher, to: VoucherState) -> bool:
    own = (Voucher.id == found.id, Voucher.state == VoucherState.open)
    if changed(session, update(Voucher).where(*own).values(state=to)) != 1:
        return False
    ledger.release(session, found.household_id, found.cost)
    back = update(PointItem).where(PointItem.id == found.item_id)
    session.execute(back.values(stock=PointItem.stock + 1))
    return True


def open_of(session: Session, household_id: int) -> list[Voucher]:
    own = select(Voucher).where(Voucher.household_id == household_id, Voucher.state == VoucherState.open)
    return list(session.scalars(own.order_by(Voucher.id)))


def _item(session: Session, place: str, item_id: int) -> PointItem:
    item = row_of(session, PointItem, item_id)
    if item is None or item.place_id != place:
        raise NotFound("没有找到这一样东西。")
    return item


def _digest(place: str, code: str) -> str:
    return codes.digest(f"{_SPACE}{place}", code)


def _entry(found: Voucher, by: Who, now: datetime) -> PointEntry:
    return PointEntry(
        key=f"voucher-{found.id}",
        place_id=found.place_id,
        household_id=found.household_id,
        kind=Kind.spent,
        amount=-found.cost,
        title=found.item.title,
        voucher_id=found.id,
        on_day=day_of(now),
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
