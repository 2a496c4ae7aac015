"""公开: what waits for the clerk, for who oversees, for the township."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from sqlalchemy import select

from actions.calendar.workdays import local
from actions.disclosure import questions, schedule
from actions.disclosure.models import Disclosure
from actions.disclosure.status import OPEN, State
from actions.disclosure.words import name_of, period_name, says_day
from bot.staff import rights
from bot.staff.models import Role
from bot.web.affairs.subject import Todo
from bot.web.staff.desk import Seat
from knowledge.places import villages_in

_MOST = 40
_FEW = 2


def waiting(at: Seat) -> list[Todo]:
    now = datetime.now(UTC)
    villages = {place.id: place.name for place in villages_in(at.session, at.staff.place_id)}
    found = [
        *_to_begin(at, villages),
        *_prepared(at, villages, now),
        *_asked(at, villages, now),
        *_late(at, villages, now),
    ]
    return found[:_MOST]


def _to_begin(at: Seat, villages: dict[str, str]) -> Iterator[Todo]:
    """Without a first day nothing falls due, and nobody is reminded: the clerk of the village says which."""
    for village, name in villages.items() if at.staff.role is Role.clerk else ():
        if not schedule.kept(at.session, village):
            yield Todo(f"{name}：从哪天起在这里公开，还没有定", f"/staff/village/disclosure?place={village}")


def _prepared(at: Seat, villages: dict[str, str], now: datetime) -> Iterator[Todo]:
    """The clerk's from a week before on; who oversees: what waits for their look."""
    today = schedule.day_of(now)
    open_here = select(Disclosure).where(Disclosure.place_id.in_(villages), Disclosure.state.in_(OPEN))
    found = []
    for item in at.session.scalars(open_here.order_by(Disclosure.due_on, Disclosure.id).limit(200)):
        is_soon = item.due_on is None or item.due_on <= today + schedule.SOON
        is_writers = at.staff.can("write") and item.state is not State.drafted and is_soon
        if is_writers or (item.state is State.drafted and _confirms(at, item.place_id)):
            doing = {State.due: "准备", State.drafted: "核对", State.checked: "张贴"}[item.state]
            found.append((item, f"要{doing}"))
    yield from _together(found, villages, today)
    if at.staff.can("write"):
        bare = (Disclosure.state == State.posted, Disclosure.has_board_photo.is_(False))
        for item in at.session.scalars(select(Disclosure).where(Disclosure.place_id.in_(villages), *bare).limit(_MOST)):
            yield Todo(f"{villages[item.place_id]}：{name_of(item)}要拍公开栏", _href(item.id))


def _asked(at: Seat, villages: dict[str, str], now: datetime) -> Iterator[Todo]:
    if not at.staff.can("write"):
        return
    for question in questions.waiting(at.session):
        item = at.session.get(Disclosure, question.disclosure_id)
        if item is not None and item.place_id in villages:
            text = f"{villages[item.place_id]}：有人问{name_of(item)}"
            href = f"{_href(item.id)}#question-{question.id}"
            yield Todo(text, href, f"{local(question.due_at)}前答复", question.due_at < now)


def _late(at: Seat, villages: dict[str, str], now: datetime) -> Iterator[Todo]:
    """From the first day on who oversees the village, from the fifth the township."""
    if at.staff.role is Role.overseer:
        least = schedule.TO_OVERSEER
    elif at.staff.role is Role.supervisor:
        least = schedule.TO_TOWNSHIP
    else:
        return
    today = schedule.day_of(now)
    late = (Disclosure.state.in_(OPEN), Disclosure.due_on <= today - least)
    own = select(Disclosure).where(Disclosure.place_id.in_(villages), *late)
    found = [
        (item, "还没有公布，请督促")
        for item in at.session.scalars(own.order_by(Disclosure.due_on, Disclosure.id).limit(200))
        if item.state is not State.drafted or not _confirms(at, item.place_id)  # that one stands there already
    ]
    yield from _together(found, villages, today)


def _confirms(at: Seat, place: str) -> bool:
    return at.staff.can("oversee") and (at.staff.role is Role.overseer or not rights.overseers(at.session, place))


def _together(found: list[tuple[Disclosure, str]], villages: dict[str, str], today: date) -> Iterator[Todo]:
    """Many of one village and day are one line."""
    groups: dict[tuple[str, date | None, str], list[Disclosure]] = {}
    for item, doing in found:
        groups.setdefault((item.place_id, item.due_on, doing), []).append(item)
    for (place, _, doing), items in groups.items():
        if len(items) <= _FEW:
            yield from (_todo(item, villages, doing, today) for item in items)
        else:
            one = _todo(items[0], villages, doing, today)
            text = f"{villages[place]}：{period_name(items[0].period)}有{len(items)}项{doing}"
            yield Todo(text, f"/staff/village/disclosure?place={place}", one.until, one.is_late)


def _todo(item: Disclosure, villages: dict[str, str], doing: str, today: date) -> Todo:
    text = f"{villages[item.place_id]}：{name_of(item)}{doing}"
    if item.due_on is None:
        return Todo(text, _href(item.id))
    days = (today - item.due_on).days
    until = f"过了{days}天" if days > 0 else f"{says_day(item.due_on)}前"
    return Todo(text, _href(item.id), until, days > 0)


def _href(number: int) -> str:
    return f"/staff/village/disclosure/{number}"
