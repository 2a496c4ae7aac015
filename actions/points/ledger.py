"""A household's points: one account, and the ledger of what changed it.

Every change is a line under a key of its own and a conditional UPDATE of the account in the same transaction, so that
nothing is counted twice and nothing falls below 0, however many write at once. Callers commit.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.points.models import Kind, PointAccount, PointEntry
from actions.storable import row_of, storable
from knowledge.clock import SHANGHAI
from knowledge.tables import changed


@dataclass(frozen=True)
class Who:
    """Of the staff: an account's id and name, as plain values."""

    id: int
    name: str


@dataclass(frozen=True)
class Standing:
    """`free`: what can be spent now; `ends_on`: the last day of `ending` points that go at the year's end."""

    balance: int
    held: int
    this_month: int
    ending: int
    ends_on: date | None

    @property
    def free(self) -> int:
        return self.balance - self.held


def day_of(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()


def account(session: Session, place: str, household_id: int) -> PointAccount:
    """The household's own, made where there is none yet; of two who make it, one does."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    fresh = insert(PointAccount).values(household_id=household_id, place_id=place, balance=0, held=0, told_amount=0)
    session.execute(fresh.on_conflict_do_nothing())
    return session.get_one(PointAccount, household_id, populate_existing=True)


def lock(session: Session, place: str, household_id: int) -> None:
    """Until the commit nobody else changes this household's points: what is reckoned before a line stays true."""
    account(session, place, household_id)
    own = update(PointAccount).where(PointAccount.household_id == household_id)
    changed(session, own.values(balance=PointAccount.balance), synchronize=False)


def write(session: Session, entry: PointEntry, *, unheld: int = 0) -> bool:
    """The line and the account together; False where the line stands there already. `unheld`: of what an open voucher
    had set aside, so much is free again. Raises NotAllowed where the household hasn't so many.
    """
    account(session, entry.place_id, entry.household_id)
    try:
        with session.begin_nested():
            session.add(entry)
            session.flush()
    except IntegrityError:
        return False
    own = PointAccount.household_id == entry.household_id
    enough = PointAccount.balance + entry.amount >= PointAccount.held - unheld
    values = {"balance": PointAccount.balance + entry.amount, "held": PointAccount.held - unheld}
    if changed(session, update(PointAccount).where(own, enough).values(values), synchronize=False) != 1:
        raise NotAllowed("这一户的积分不够。")
    session.expire_all()
    return True


def hold(session: Session, household_id: int, cost: int) -> None:
    """Set aside for a voucher. Raises NotAllowed."""
    own = (PointAccount.household_id == household_id, PointAccount.balance - PointAccount.held >= cost)
    values = {"held": PointAccount.held + cost}
    if changed(session, update(PointAccount).where(*own).values(values), synchronize=False) != 1:
        raise NotAllowed("积分不够换这一样。")


def release(session: Session, household_id: int, cost: int) -> None:
    own = (PointAccount.household_id == household_id, PointAccount.held >= cost)
    session.execute(
        update(PointAccount).where(*own).values(held=PointAccount.held - cost),
        execution_options={"synchronize_session": False},
    )


def reverse(session: Session, entry_id: int, *, why: str, by: Who, now: datetime) -> PointEntry:
    """A wrong entry taken back, once, by somebody else than who confirmed it; never below what is left, since nobody
    owes points. Raises NotFound, NotAllowed, InvalidInput.
    """
    entry = get(session, entry_id)
    why = storable(why).strip()[:200]
    if entry.kind is not Kind.earned:
        raise NotAllowed("只有加错的分能冲回来。")
    if len(why) < 2:
        raise InvalidInput("为什么冲回来，请写一句，这一户看得到。")
    if entry.by_id == by.id:
        raise NotAllowed("自己确认的分，请换一个人来冲回。")
    stands = account(session, entry.place_id, entry.household_id)
    amount = min(entry.amount, stands.balance - stands.held)
    if amount <= 0:
        raise NotAllowed("这些分这一户已经换掉了，没有可以冲回的。积分不记负数。")
    back = PointEntry(
        key=f"reverse-{entry.id}",
        place_id=entry.place_id,
        household_id=entry.household_id,
        kind=Kind.reversed,
        amount=-amount,
        title=entry.title,
        rule_id=entry.rule_id,
        reverses_id=entry.id,
        on_day=day_of(now),
        why=why,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    if not write(session, back):
        raise Conflict("这一笔已经冲回过了。")
    return back


def get(session: Session, entry_id: int) -> PointEntry:
    """Raises NotFound."""
    found = row_of(session, PointEntry, entry_id)
    if found is None:
        raise NotFound("没有找到这一笔。")
    return found


def standing(session: Session, household_id: int, now: datetime) -> Standing:
    held = session.get(PointAccount, household_id, populate_existing=True)
    if held is None:
        return Standing(0, 0, 0, 0, None)
    today = day_of(now)
    first = datetime(today.year, today.month, 1, tzinfo=SHANGHAI)
    gained = PointEntry.kind.in_((Kind.earned, Kind.reversed))
    month = select(func.coalesce(func.sum(PointEntry.amount), 0)).where(
        PointEntry.household_id == household_id, gained, PointEntry.at >= first
    )
    return Standing(held.balance, held.held, session.scalar(month) or 0, ending(session, held), held.ends_on)


def ending(session: Session, held: PointAccount) -> int:
    """Of the points they were told of, how many would go now: what was spent since came from these first."""
    if not held.told_amount or held.told_at is None:
        return 0
    since = (PointEntry.household_id == held.household_id, PointEntry.at > held.told_at, PointEntry.amount < 0)
    spent = session.scalar(select(func.coalesce(func.sum(PointEntry.amount), 0)).where(*since)) or 0
    return max(0, min(held.balance - held.held, held.told_amount + spent))


def history(session: Session, household_id: int, limit: int = 20) -> list[PointEntry]:
    """The newest first."""
    own = select(PointEntry).where(PointEntry.household_id == household_id)
    return list(session.scalars(own.order_by(PointEntry.id.desc()).limit(limit)))


def gained_this_year(session: Session, household_id: int, rule_id: int, year: int) -> int:
    """By this rule, for what was done in this year; what was taken back isn't counted."""
    own = (PointEntry.household_id == household_id, PointEntry.rule_id == rule_id)
    within = PointEntry.on_day.between(date(year, 1, 1), date(year, 12, 31))
    earned = select(PointEntry.id, PointEntry.amount).where(*own, within, PointEntry.kind == Kind.earned)
    rows = session.execute(earned).all()
    back = select(func.coalesce(func.sum(PointEntry.amount), 0)).where(
        PointEntry.reverses_id.in_([row.id for row in rows])
    )
    return sum(int(row.amount) for row in rows) + (session.scalar(back) or 0)
