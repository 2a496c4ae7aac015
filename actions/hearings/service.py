"""A hearing from its notice to the names: signed up, list frozen by two, dice entered by two, drawn."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.hearings.draw import LEAST_DICE, Entry, dice_of, draw, hash_of
from actions.hearings.models import Hearing, HearingSignup
from actions.roster.models import Household
from actions.storable import row_of, storable
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

NOTICE = timedelta(days=7)  # our setting, as for every 协商 (village_affairs.md 2.1)
LEAST_SEATS, MOST_SEATS, MOST_SIGNUPS = 3, 60, 500
KEPT = timedelta(days=90)  # names and telephones, after the hearing
SEXES = ("女", "男")
_TRIES = 5
_DAY_WORDS = "听证会要提前 7 天通知，报名截止要在开会前。"


@dataclass(frozen=True)
class Plan:
    """What a clerk types; `held_at` aware."""

    title: str
    about: str
    spot: str
    held_at: datetime
    closes_on: date
    seats: int


@dataclass(frozen=True)
class Person:
    """Who signs up, as typed."""

    name: str
    group: str
    phone: str = ""
    sex: str = ""
    is_affected: bool = False


def announce(session: Session, place: str, plan: Plan, *, by: int, key: str, now: datetime) -> Hearing:
    """Once a `key`. Commits. Raises InvalidInput."""
    if found := session.scalar(select(Hearing).where(Hearing.key == key)):
        return found
    title, spot = storable(plan.title.strip()), storable(plan.spot.strip())
    if not 2 <= len(title) <= 40 or not 2 <= len(spot) <= 60 or len(plan.about.strip()) < 5:
        raise InvalidInput("请写明听什么事（2 到 40 个字）、在哪里开、怎么回事。")
    if not LEAST_SEATS <= plan.seats <= MOST_SEATS:
        raise InvalidInput(f"座位 {LEAST_SEATS} 到 {MOST_SEATS} 个。")
    day = plan.held_at.astimezone(SHANGHAI).date()
    if plan.held_at < now + NOTICE or not now.astimezone(SHANGHAI).date() < plan.closes_on < day:
        raise InvalidInput(_DAY_WORDS)
    last = session.scalar(select(func.max(Hearing.ordinal)).where(Hearing.place_id == place)) or 0
    row = Hearing(place_id=place, ordinal=last + 1, key=storable(key, 120), title=title, spot=spot, seats=plan.seats)
    row.about, row.held_at = storable(plan.about.strip(), 2000), plan.held_at
    row.closes_on, row.by_id, row.made_at = plan.closes_on, by, now
    try:
        session.add(row)
        session.commit()
    except IntegrityError as error:
        session.rollback()
        if found := session.scalar(select(Hearing).where(Hearing.key == key)):
            return found
        raise Conflict from error
    return row


def get(session: Session, hearing_id: int) -> Hearing:
    row = row_of(session, Hearing, hearing_id)
    if row is None:
        raise NotFound("没有这场听证会。")
    return row


def public(session: Session, place: str, ordinal: int) -> Hearing:
    row = session.scalar(select(Hearing).where(Hearing.place_id == place, Hearing.ordinal == ordinal))
    if row is None:
        raise NotFound("没有这场听证会。")
    return row


def of_places(session: Session, places: Sequence[str]) -> list[Hearing]:
    own = select(Hearing).where(Hearing.place_id.in_(places))
    return list(session.scalars(own.order_by(Hearing.held_at.desc(), Hearing.id.desc()).limit(100)))


def groups_of(session: Session, place: str) -> list[str]:
    """As the roster calls them, so that nobody invents a group of their own."""
    own = (Household.place_id == place, Household.is_active)
    return list(session.scalars(select(Household.group_name).where(*own).distinct().order_by(Household.group_name)))


def signups(session: Session, hearing: Hearing, *, all: bool = False) -> list[HearingSignup]:
    own = select(HearingSignup).where(HearingSignup.hearing_id == hearing.id).order_by(HearingSignup.code)
    return list(session.scalars(own if all else own.where(HearingSignup.state == "in")))


def is_open(hearing: Hearing, now: datetime) -> bool:
    return hearing.state == "open" and now.astimezone(SHANGHAI).date() <= hearing.closes_on


def sign_up(
    session: Session, hearing_id: int, who: Person, *, asker: str | None, key: str, now: datetime
) -> HearingSignup:
    """Once a `key`, and once a telephone or browser; on paper `asker` is None. Commits.

    Raises InvalidInput, NotAllowed.
    """
    hearing = get(session, hearing_id)
    if found := _same(session, hearing, asker, key):
        return found
    if not is_open(hearing, now):
        raise NotAllowed("报名已经截止了。想说的话，可以在议题下面说意见，也可以来旁听。")
    row = _checked(session, hearing, who)
    row.key, row.asker, row.at = storable(key, 140), storable(asker, 64) if asker else None, now
    for _ in range(_TRIES):
        try:
            with session.begin_nested():
                last = select(func.max(HearingSignup.code)).where(HearingSignup.hearing_id == hearing.id)
                row.code = (session.scalar(last) or 0) + 1
                if row.code > MOST_SIGNUPS:
                    raise NotAllowed("报名的人满了，请打村委会电话。")
                session.add(row)
                session.flush()
            session.commit()
            return row
        except IntegrityError:
            if found := _same(session, hearing, asker, key):
                session.commit()
                return found
    session.rollback()
    raise Conflict


def own(session: Session, hearing: Hearing, asker: str) -> HearingSignup | None:
    """What this browser or telephone signed up; None where it didn't, or took it back."""
    row = _same(session, hearing, asker, "")
    return row if row is not None and row.state == "in" else None


def seat_of(hearing: Hearing, row: HearingSignup) -> str:
    """In words, for who signed up."""
    if hearing.drawn is None:
        return "还没抽，封了名单、掷了骰子，这一页就有结果"
    if row.code in hearing.drawn["affected"] + hearing.drawn["seated"]:
        return "有座"
    return f"候补第 {hearing.drawn['reserve'].index(row.code) + 1}；没轮到也可以来旁听"


def _same(session: Session, hearing: Hearing, asker: str | None, key: str) -> HearingSignup | None:
    if found := session.scalar(select(HearingSignup).where(HearingSignup.key == key)):
        return found
    own = (HearingSignup.hearing_id == hearing.id, HearingSignup.asker == asker)
    return session.scalar(select(HearingSignup).where(*own)) if asker else None


def _checked(session: Session, hearing: Hearing, who: Person) -> HearingSignup:
    name, group, phone = storable(who.name.strip()), storable(who.group.strip()), storable(who.phone.strip())
    if not 2 <= len(name) <= 20:
        raise InvalidInput("请写您的名字，只有村里办会的人看得到。")
    known = groups_of(session, hearing.place_id)
    if (known and group not in known) or not 1 <= len(group) <= 20 or "|" in group or "\n" in group:
        raise InvalidInput("请选您是哪个组的。")
    if phone and not (7 <= len(phone) <= 20 and set(phone) <= set("0123456789-+ ")):
        raise InvalidInput("电话请写数字，没有就空着。")
    if who.sex and who.sex not in SEXES:
        raise InvalidInput("请选男、女，或者不说。")
    return HearingSignup(
        hearing_id=hearing.id, name=name, phone=phone, group_name=group, sex=who.sex, is_affected=who.is_affected
    )


def strike(session: Session, signup_id: int, why: str, *, is_affected: bool | None = None) -> HearingSignup:
    """Somebody counted twice, or not of the village; or whether they are affected is put right. Until the list is
    frozen; how many were struck is public. The caller commits.
    """
    row = row_of(session, HearingSignup, signup_id)
    if row is None:
        raise NotFound("没有这个报名。")
    hearing = get(session, row.hearing_id)
    if hearing.state != "open":
        raise NotAllowed("名单封了，不能再改。")
    if is_affected is not None:
        row.is_affected = is_affected
    else:
        if len(why.strip()) < 2:
            raise InvalidInput("请写一句为什么划掉，监委会会看。")
        row.state, row.struck_why = "struck", storable(why.strip(), 60)
    hearing.pending, hearing.pending_by = "", None
    return row


def entries(session: Session, hearing: Hearing) -> list[Entry]:
    """Also those who withdrew after the list was frozen: it stays as it was hashed."""
    own = (HearingSignup.hearing_id == hearing.id, HearingSignup.state != "struck")
    rows = session.scalars(select(HearingSignup).where(*own).order_by(HearingSignup.code))
    return [Entry(row.code, row.group_name, row.sex, row.is_affected) for row in rows]


def propose_freeze(session: Session, hearing_id: int, *, by: int, now: datetime) -> None:
    """After the last day of signing up. The caller commits."""
    hearing = get(session, hearing_id)
    if hearing.state != "open":
        raise NotAllowed("名单已经封了。")
    if is_open(hearing, now):
        raise NotAllowed("报名还没截止，不能封名单。")
    if not entries(session, hearing):
        raise NotAllowed("没有人报名。")
    hearing.pending, hearing.pending_by = "freeze", by


def freeze(session: Session, hearing_id: int, *, by: int, now: datetime) -> str:
    """By the second. The fingerprint, which is read out and posted before any dice are thrown. The caller commits."""
    hearing = get(session, hearing_id)
    _check_second(hearing, "freeze", by)
    fingerprint = hash_of(entries(session, hearing))
    same = (Hearing.id == hearing.id, Hearing.state == "open", Hearing.pending == "freeze")
    values = {"state": "frozen", "list_hash": fingerprint, "frozen_at": now, "pending": ""}
    if not changed(session, update(Hearing).where(*same).values(**values)):
        raise Conflict
    session.refresh(hearing)
    return fingerprint


def throw(session: Session, hearing_id: int, typed: str, *, by: int) -> None:
    """The dice as the first of two saw them. The caller commits."""
    hearing = get(session, hearing_id)
    if hearing.state != "frozen":
        raise NotAllowed("先封名单、公布校验码，再掷骰子。")
    if not (dice := dice_of(typed)):
        raise InvalidInput(f"请照掷的顺序写点数，至少 {LEAST_DICE} 次，比如 3 5 2 6 1。")
    hearing.dice, hearing.dice_by, hearing.pending, hearing.pending_by = dice, by, "dice", by


def confirm_throw(session: Session, hearing_id: int, typed: str, *, by: int, now: datetime) -> Hearing:
    """The second types what they saw themself; where both are the same, the draw stands. The caller commits."""
    hearing = get(session, hearing_id)
    _check_second(hearing, "dice", by)
    if dice_of(typed) != hearing.dice:
        raise InvalidInput("和第一个人录的不一样。请两个人对着纸上记的骰子点数，都再看一遍。")
    found = entries(session, hearing)
    if hash_of(found) != hearing.list_hash:
        raise NotAllowed("名单和封的时候不一样，不能抽。请主管查清楚是谁动过。")
    drawn = asdict(draw(found, seats=hearing.seats, dice=hearing.dice))
    same = (Hearing.id == hearing.id, Hearing.state == "frozen", Hearing.dice == hearing.dice)
    values = {"state": "drawn", "drawn": drawn, "drawn_at": now, "dice_seen_by": by, "pending": ""}
    if not changed(session, update(Hearing).where(*same).values(**values)):
        raise Conflict
    session.refresh(hearing)
    return hearing


def _check_second(hearing: Hearing, what: str, by: int) -> None:
    if hearing.pending != what:
        raise NotAllowed("还没有人写好，或者已经办过，请刷新看看。")
    if hearing.pending_by == by:
        raise NotAllowed("自己写的不能自己确认，请换一个人。")


def cancel(session: Session, hearing_id: int) -> None:
    """The caller commits."""
    hearing = get(session, hearing_id)
    if hearing.state == "cancelled":
        return
    hearing.state, hearing.pending = "cancelled", ""


def withdraw(session: Session, hearing_id: int, asker: str) -> str:
    """Who signed up here can't come. Before the list is frozen the row goes; afterwards the seat is the reserve's.

    What to say. The caller commits.
    """
    hearing = get(session, hearing_id)
    row = _same(session, hearing, asker, "")
    if row is None or row.state != "in":
        raise NotAllowed("这个手机（浏览器）上没有报过名。")
    _leave(session, hearing, row)
    return "好，给您取消了。"


def _leave(session: Session, hearing: Hearing, row: HearingSignup) -> None:
    if hearing.state == "open":
        session.delete(row)
        hearing.pending, hearing.pending_by = "", None
    else:
        row.state, row.name, row.phone, row.asker = "withdrawn", "", "", None


def forget(session: Session, asker: str) -> None:
    """At their own wish. The caller commits."""
    for row in session.scalars(select(HearingSignup).where(HearingSignup.asker == asker)).all():
        _leave(session, get(session, row.hearing_id), row)


def tick(session: Session, now: datetime) -> None:
    """Names and telephones go ninety days after the hearing, of one that was called off at once. Commits."""
    over = (Hearing.held_at < now - KEPT) | (Hearing.state == "cancelled")
    for hearing in session.scalars(select(Hearing).where(over, Hearing.forgotten_at.is_(None))).all():
        own = HearingSignup.hearing_id == hearing.id
        if hearing.state == "cancelled":
            session.execute(delete(HearingSignup).where(own))
        session.execute(update(HearingSignup).where(own).values(name="", phone="", asker=None))
        hearing.forgotten_at = now
        session.commit()
