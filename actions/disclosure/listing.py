"""What a village has made public, what it owes, and what the calendar of its staff shows."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.disclosure.duties import said as said_of
from actions.disclosure.duties import title_of
from actions.disclosure.models import Disclosure, DisclosureQuestion
from actions.disclosure.schedule import TO_EVERYBODY, TO_TOWNSHIP, day_of
from actions.disclosure.sheets import Rows, hidden
from actions.disclosure.status import OPEN, READABLE, STANDING, State
from actions.disclosure.words import period_name
from actions.errors import InvalidInput

_FOUND = 5
_ALL = 200


@dataclass(frozen=True)
class Missing:
    """What is owed and isn't posted. `days`: since the last day."""

    id: int
    place_id: str
    code: str
    title: str
    period: str
    period_name: str
    due_on: date
    days: int


def latest(session: Session, place: str, words: str, now: datetime) -> list[Disclosure]:
    """What was posted, best fit to the words first, then the newest; at most five. With nothing in the words that any
    duty is called by, simply the newest. Only the version that stands.
    """
    found = standing(session, place)
    scored = [(_fit(item, words), item) for item in found]
    best = [item for score, item in sorted(scored, key=lambda pair: -pair[0]) if score > 0]
    return (best or found)[:_FOUND]


def standing(session: Session, place: str, *, only_now: datetime | None = None) -> list[Disclosure]:
    """Newest first; `only_now`: those whose days on the board aren't over."""
    asked = select(Disclosure).where(Disclosure.place_id == place, Disclosure.state.in_(STANDING))
    if only_now is not None:
        asked = asked.where(Disclosure.state == State.posted, Disclosure.posted_until >= day_of(only_now))
    return list(session.scalars(asked.order_by(Disclosure.posted_on.desc(), Disclosure.id.desc()).limit(_ALL)))


def owed(session: Session, place: str, now: datetime) -> list[Missing]:
    """What should hang there by now and doesn't, the longest first."""
    today = day_of(now)
    late = (Disclosure.place_id == place, Disclosure.state.in_(OPEN), Disclosure.due_on < today)
    rows = session.scalars(select(Disclosure).where(*late).order_by(Disclosure.due_on, Disclosure.id).limit(_ALL))
    return [_missing(row, today) for row in rows]


def missing(session: Session, place: str, now: datetime) -> list[Missing]:
    """What the village's page names, from the fifteenth day on."""
    return [one for one in owed(session, place, now) if one.days >= TO_EVERYBODY.days]


def by_period(found: list[Missing]) -> list[list[Missing]]:
    """Those of one period and day together, in the order they come in."""
    groups: dict[tuple[str, str, date], list[Missing]] = {}
    for one in found:
        groups.setdefault((one.place_id, one.period, one.due_on), []).append(one)
    return list(groups.values())


def for_township(session: Session, places: list[str], now: datetime) -> list[Missing]:
    """Of all these villages, from the fifth day on."""
    today = day_of(now)
    late = (Disclosure.place_id.in_(places), Disclosure.state.in_(OPEN), Disclosure.due_on <= today - TO_TOWNSHIP)
    rows = session.scalars(select(Disclosure).where(*late).order_by(Disclosure.due_on, Disclosure.id).limit(_ALL))
    return [_missing(row, today) for row in rows]


def calendar_of(session: Session, place: str) -> list[Disclosure]:
    """What is open, by the day it is due; what has none, a correction, comes first."""
    own = (Disclosure.place_id == place, Disclosure.state.in_(OPEN))
    rows = session.scalars(select(Disclosure).where(*own).limit(_ALL)).all()
    return sorted(rows, key=lambda row: (row.due_on or date.min, row.id))


def versions_of(session: Session, item: Disclosure) -> list[Disclosure]:
    """Those of the same period that could be read, oldest first."""
    same = (Disclosure.place_id == item.place_id, Disclosure.duty_code == item.duty_code)
    asked = select(Disclosure).where(*same, Disclosure.period == item.period, Disclosure.state.in_(READABLE))
    return list(session.scalars(asked.order_by(Disclosure.version)))


def all_versions(session: Session, item: Disclosure) -> list[int]:
    """The ids of those of the same period, also of what nobody may read yet."""
    same = (Disclosure.place_id == item.place_id, Disclosure.duty_code == item.duty_code)
    return list(session.scalars(select(Disclosure.id).where(*same, Disclosure.period == item.period)))


def shown_rows(item: Disclosure, now: datetime) -> Rows:
    """The table as residents see it on this day: once its days are over no held cell is left, whether or not the clock
    has been there (个人信息保护法 19).
    """
    is_over = item.posted_until is None or item.posted_until < day_of(now) or item.state is not State.posted
    return hidden(item.rows, item.held) if is_over and item.held else item.rows


def questions_of(session: Session, item: Disclosure) -> list[DisclosureQuestion]:
    """Answered in public about any version of it, oldest first."""
    answered = (
        DisclosureQuestion.disclosure_id.in_(all_versions(session, item)),
        DisclosureQuestion.answered_at.is_not(None),
        DisclosureQuestion.is_public,
    )
    return list(session.scalars(select(DisclosureQuestion).where(*answered).order_by(DisclosureQuestion.id)))


def _missing(row: Disclosure, today: date) -> Missing:
    assert row.due_on
    # Without the title of its own: nobody has checked it yet, and it may name somebody.
    title, days = title_of(row.duty_code), (today - row.due_on).days
    return Missing(row.id, row.place_id, row.duty_code, title, row.period, period_name(row.period), row.due_on, days)


def _fit(item: Disclosure, words: str) -> int:
    """How many pairs of characters the words share with what it is called by."""
    try:
        duty = said_of(item.duty_code)
        names = f"{duty.title} {duty.say} {''.join(duty.columns)}"
    except InvalidInput:
        names = ""
    known = f"{names} {item.title} {item.note} {period_name(item.period)}"
    pairs = {words[n : n + 2] for n in range(len(words) - 1)} - _USUAL
    return sum(pair in known for pair in pairs)


_USUAL = frozenset(("公布", "公开", "村里", "今年", "我们", "咱村", "没有", "什么", "怎么", "情况", "居委", "委会"))
