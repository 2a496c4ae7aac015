"""From a table to what hangs on the board: drafted, checked by a second person, posted, corrected."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases.photos import CleanPhoto
from actions.disclosure import duties, periods, sheets
from actions.disclosure.duties import DutyHere
from actions.disclosure.models import Disclosure, DisclosureEvent
from actions.disclosure.periods import Rhythm
from actions.disclosure.schedule import add_event, day_of, kept
from actions.disclosure.sheets import Lines
from actions.disclosure.status import STANDING, State, check_move
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.roster.profile import profile_of
from actions.rulings.rulings import rulings
from actions.storable import row_of, storable
from knowledge.tables import changed

MOST_DAYS = 365
_FURTHEST_AHEAD = timedelta(days=1)  # of what was settled: clocks differ, nobody posts tomorrow's decision


@dataclass(frozen=True)
class Who:
    """Of the staff: an account's id and name, as plain values."""

    id: int
    name: str


def get(session: Session, number: int) -> Disclosure:
    """Raises NotFound."""
    found = row_of(session, Disclosure, number)
    if found is None:
        raise NotFound("没有找到这一份。")
    return found


def duty_of(session: Session, item: Disclosure) -> DutyHere:
    """As it holds at its place now. Raises InvalidInput."""
    return duties.duty_of(profile_of(session, item.place_id), item.duty_code)


def open_item(
    session: Session, place: str, code: str, *, day: date, title: str, by: Who, key: str, now: datetime
) -> Disclosure:
    """What a duty asks for the period that the day lies in, begun by hand; the same key gives the same row.

    Raises InvalidInput, Conflict where the period is there already.
    """
    if found := _by_key(session, key):
        return found
    one = next((each for each in kept(session, place) if each.duty.code == code), None)
    if one is None:
        duties.duty_of(profile_of(session, place), code)
        raise InvalidInput("这个村还没有开始在这里公开，请先定从哪一天起。")
    if not timedelta(days=-800) <= day - day_of(now) <= _FURTHEST_AHEAD:
        raise InvalidInput("日期要在两年以内，也不能是以后的。")
    title = storable(title).strip()[:80]
    at_once = one.duty.how.rhythm is Rhythm.at_once
    if at_once and not title:
        raise InvalidInput("请写明是哪一件事，比如“南沟路硬化”。")
    sheets.check_words(title)
    sheets.check_no_names(title, one.duty)
    period = periods.period_of(Rhythm.at_once if at_once else one.rhythm, day)
    item = Disclosure(
        place_id=place,
        duty_code=code,
        period=_free_code(session, place, code, period.code) if at_once else period.code,
        due_on=periods.due_on(period, one.grace_days),
        title=title if at_once else "",
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    try:
        with session.begin_nested():
            session.add(item)
            session.flush()
    except IntegrityError:
        raise Conflict("这一期已经有了，请在清单里点开它。") from None
    add_event(session, item.id, "新开一份", key=f"open-{key}", now=now, by=by.name)
    return item


def put(
    session: Session, item: Disclosure, lines: Lines, *, note: str, masks_names: bool, by: Who, now: datetime
) -> list[str]:
    """The table in place of what stood there; what to look at again. Raises InvalidInput, NotAllowed, Conflict."""
    check_move(item.state, State.drafted)
    duty = duty_of(session, item)
    sheet = sheets.scan(lines, duty)
    note = storable(note).strip()[:1000] or sheet.title
    sheets.check_words(note)
    sheets.check_no_names(note, duty)
    rows = sheets.without_names(sheet.rows, sheet.held) if masks_names else sheet.rows
    _move(
        session,
        item,
        State.drafted,
        rows=rows,
        held=[] if masks_names else sheet.held,
        note=note,
        edition=item.edition + 1,
        names_why="",
        sent_back="",
        checked_by_id=None,
        checked_by_name="",
        checked_at=None,
        by_id=by.id,
        by_name=by.name,
    )
    said = f"传了表，{len(rows) - 1} 行" + ("，姓名换成了“某”" if masks_names and sheet.held else "")
    add_event(session, item.id, said, key=f"put-{item.id}-{item.edition}", now=now, by=by.name)
    return sheet.hints


def check(
    session: Session, item: Disclosure, *, edition: int, confirms_names: bool, why: str, by: Who, now: datetime
) -> None:
    """By who oversees (`rights.check_second` says who may): this very table is true and may be shown. Names stay held
    until they say that the law publishes them, or that they are none. Raises InvalidInput, NotAllowed, Conflict.
    """
    check_move(item.state, State.checked)
    if edition != item.edition:
        raise Conflict("这份表刚刚换过，请重新看一遍再核对。")
    why = storable(why).strip()[:200]
    if item.held and not (confirms_names and why):
        asks = "法律要求公布这些姓名" if duty_of(session, item).may_name else "这些不是村民的姓名"
        raise InvalidInput(
            f"表里有 {len(item.held)} 格像姓名。能公布的，请勾上“{asks}”，再写一句依据；不能的，请退回。"
        )
    sheets.check_words(why)
    at = {"names_why": why if item.held else "", "checked_by_id": by.id, "checked_by_name": by.name, "checked_at": now}
    _move(session, item, State.checked, **at)
    add_event(session, item.id, "核对无误", key=f"check-{item.id}-{edition}", now=now, by=by.name)


def send_back(session: Session, item: Disclosure, *, edition: int, why: str, by: Who, now: datetime) -> None:
    """Raises InvalidInput, NotAllowed, Conflict."""
    check_move(item.state, State.due)
    why = storable(why).strip()[:300]
    if not why:
        raise InvalidInput("为什么退回，请写一句，村文书好改。")
    if edition != item.edition:
        raise Conflict("这份表刚刚换过，请重新看一遍。")
    _move(session, item, State.due, sent_back=why)
    add_event(session, item.id, f"退回：{why}", key=f"back-{item.id}-{edition}", now=now, by=by.name)


def post(session: Session, item: Disclosure, *, days: int | None, by: Who, now: datetime) -> None:
    """From today on, at least as long as the law has it; an earlier version gives way in the same commit.

    Raises InvalidInput, NotAllowed, Conflict.
    """
    check_move(item.state, State.posted)
    least = duty_of(session, item).said.days
    days = least if days is None else days
    if not least <= days <= MOST_DAYS:
        raise InvalidInput(f"这一项至少贴 {least} 天，最多 {MOST_DAYS} 天。")
    today = day_of(now)
    _move(
        session,
        item,
        State.posted,
        posted_on=today,
        posted_until=today + timedelta(days=days - rulings(session).of("first_day")),
    )
    add_event(session, item.id, f"公布，贴 {days} 天", key=f"post-{item.id}", now=now, by=by.name)
    if item.replaces_id is not None:
        old = get(session, item.replaces_id)
        _move(session, old, State.corrected)
        add_event(session, old.id, "更正，换成新的一份", key=f"corrected-{old.id}", now=now, by=by.name)


def add_board_photo(session: Session, item: Disclosure, photo: CleanPhoto, *, by: Who, now: datetime) -> None:
    """The paper on the village's own board, which the law asks for beside any page. The caller commits.

    Raises NotAllowed, Conflict.
    """
    if item.state not in (State.checked, State.posted):
        raise NotAllowed("贴出来以后再拍公开栏的照片。")
    # Asked of the row, not of what this page holds: a photograph that comes with the last day is not kept after it.
    here = update(Disclosure).where(Disclosure.id == item.id, Disclosure.state.in_((State.checked, State.posted)))
    if not changed(session, here.values(board_photo=photo.jpeg, has_board_photo=True), synchronize=False):
        raise Conflict
    session.refresh(item)
    add_event(session, item.id, "拍了公开栏", key=f"board-{item.id}-{photo.sha256[:40]}", now=now, by=by.name)


def correct(session: Session, item: Disclosure, *, why: str, by: Who, now: datetime) -> Disclosure:
    """A new version to be drafted, checked and posted; until then this one stands. Raises NotAllowed, InvalidInput,
    Conflict.
    """
    if item.state not in STANDING:
        raise NotAllowed("公布出来的才能更正。")
    why = storable(why).strip()[:300]
    if not why:
        raise InvalidInput("更正了什么、为什么，请写一句，大家都看得到。")
    sheets.check_words(why)
    sheets.check_no_names(why, duty_of(session, item))
    new = Disclosure(
        place_id=item.place_id,
        duty_code=item.duty_code,
        period=item.period,
        version=item.version + 1,
        replaces_id=item.id,
        title=item.title,
        why_corrected=why,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    try:
        with session.begin_nested():
            session.add(new)
            session.flush()
    except IntegrityError:
        raise Conflict("已经有人在更正这一份了，请在清单里点开。") from None
    add_event(session, new.id, f"更正：{why}", key=f"correct-{new.id}", now=now, by=by.name)
    return new


def drop(session: Session, item: Disclosure) -> None:
    """What was begun by mistake: of what comes at once, or a correction. What the calendar owes stays owed; who asked
    for a correction may ask again. Raises NotAllowed, Conflict.
    """
    if not may_drop(item):
        raise NotAllowed("到期要公布的不能撤掉。")
    as_seen = (Disclosure.id == item.id, Disclosure.state == item.state, Disclosure.edition == item.edition)
    session.execute(delete(DisclosureEvent).where(DisclosureEvent.disclosure_id == item.id))
    if not changed(session, delete(Disclosure).where(*as_seen), synchronize=False):
        raise Conflict
    session.expunge(item)


def _move(session: Session, item: Disclosure, to: State, **values: Any) -> None:
    """Once: of two who press at the same moment the later one is told. Raises Conflict, NotAllowed."""
    check_move(item.state, to)
    as_seen = (Disclosure.id == item.id, Disclosure.state == item.state, Disclosure.edition == item.edition)
    moved = update(Disclosure).where(*as_seen).values(state=to, **values)
    if not changed(session, moved, synchronize=False):
        raise Conflict
    session.refresh(item)


def _free_code(session: Session, place: str, code: str, day: str) -> str:
    """The second of a day is 2026-11-20-2."""
    same = (Disclosure.place_id == place, Disclosure.duty_code == code, Disclosure.version == 1)
    there = session.scalar(select(func.count()).where(*same, Disclosure.period.startswith(day, autoescape=True))) or 0
    if there >= 50:
        raise InvalidInput("这一天已经公布了很多份，请合在一起。")
    return f"{day}-{there + 1}" if there else day


def _by_key(session: Session, key: str) -> Disclosure | None:
    """What this press of a button has begun before."""
    made = select(DisclosureEvent.disclosure_id).where(DisclosureEvent.key == f"open-{key}")
    number = session.scalar(made)
    return session.get(Disclosure, number) if number is not None else None


def may_drop(item: Disclosure) -> bool:
    return item.state in (State.due, State.drafted) and (item.version > 1 or periods.is_day(item.period))
