"""复议纠错: what a unit has to put right, until when, and what isn't. The caller commits.

行政复议法 76: who gets an 意见书 reports within 60 days of receiving it; 77: who doesn't carry out is ordered to, and
its head may be talked to or named; 79: decisions are made public by the rules of the state. What we publish is a
summary without names, our own.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.checkup.models import Correction
from actions.checkup.status import OUTCOMES, PAPERS, STANDS, Outcome, Paper, Stand
from actions.decisions import entries
from actions.decisions.entries import Who
from actions.disclosure.sheets import check_words
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.storable import row_of, storable
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

OPINION_DAYS = 60  # 行政复议法 76, from the day on which the paper was received
_MOST_READ = 500
_EARLIEST = date(2024, 1, 1)  # the law as it stands is in force since then


@dataclass(frozen=True)
class Told:
    """What a form brings. `due_on`: what the paper itself says, for a decision or a settlement."""

    unit: str
    matter: str
    outcome: Outcome | None
    what: str
    paper: Paper | None
    number: str
    received_on: date | None
    due_on: date | None = None


@dataclass(frozen=True)
class Figures:
    """Of one unit, for the county."""

    unit: str
    all: int
    outcomes: dict[str, int]
    open: int
    late: int
    done: int


def get(session: Session, number: int) -> Correction:
    """Raises NotFound."""
    found = row_of(session, Correction, number)
    if found is None:
        raise NotFound("没有这条纠错。")
    return found


def day_of(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()


def enter(
    session: Session, told: Told, *, place: str, case_id: int | None, who: Who, key: str, now: datetime
) -> Correction:
    """Once a key. Raises InvalidInput."""
    own = select(Correction).where(Correction.key == key)
    if (found := session.scalar(own)) is not None:
        return found
    row = _checked(told, place, case_id, who, key, now)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        found = session.scalar(own)
        if found is None:
            raise
        return found
    return row


def _checked(told: Told, place: str, case_id: int | None, who: Who, key: str, now: datetime) -> Correction:
    unit, matter = storable(told.unit.strip(), 80), storable(told.matter.strip(), 80)
    if len(unit) < 3 or len(matter) < 4:
        raise InvalidInput("请写清楚是哪个单位、什么事。")
    if told.outcome is None or told.paper is None:
        raise InvalidInput("请选复议的结果，和要单位照办的是哪一种文书。")
    if told.outcome is Outcome.upheld and told.paper is not Paper.opinion:
        raise InvalidInput("复议维持了的，决定书没有要单位纠正的；另有意见书的，请选意见书。")
    today = day_of(now)
    if told.received_on is None or not _EARLIEST <= told.received_on <= today:
        raise InvalidInput("请填单位收到文书的日期，不能是以后的。")
    for text in (unit, matter, told.what, told.number):
        check_words(text)
    return Correction(
        key=key,
        place_id=place,
        case_id=case_id,
        unit=unit,
        matter=matter,
        outcome=told.outcome,
        what=storable(entries.said(told.what, "要纠正什么"), 2000),
        paper=told.paper,
        number=storable(told.number.strip(), 80),
        received_on=told.received_on,
        due_on=_due(told.paper, told.received_on, told.due_on),
        by_id=who.id,
        by_name=storable(who.name, 40),
        at=now,
    )


def _due(paper: Paper, received: date, said: date | None) -> date:
    """Raises InvalidInput. A day of rest at its end moves nothing: the law counts for the unit, and so do we."""
    if paper is Paper.opinion:
        return received + timedelta(days=OPINION_DAYS)
    if said is None or not received <= said <= received + timedelta(days=365 * 3):
        raise InvalidInput(f"{PAPERS[paper]}里写的办完的期限是哪一天？不能比收到的日子早。")
    return said


def answer(session: Session, row: Correction, *, words: str, on: date | None, who: Who, now: datetime) -> None:
    """What the unit reported. Raises InvalidInput, NotAllowed, Conflict."""
    if on is None or not row.received_on <= on <= day_of(now):
        raise InvalidInput("请填单位报来的日期，不能比收到文书早，也不能是以后的。")
    words = storable(entries.said(words, "单位怎么纠正的"), 2000)
    check_words(words)
    values = {"answer": words, "answered_on": on, "answered_by_id": who.id}
    _move(session, row, Stand.open, Stand.answered, values)


def settle(session: Session, row: Correction, *, is_done: bool, who: Who) -> None:
    """A second person of the township or the county looks whether it was put right. Raises NotAllowed, Conflict."""
    if who.id in (row.answered_by_id, row.by_id):
        raise NotAllowed("自己记的不能自己核实，请换一个人。")
    _move(session, row, Stand.answered, Stand.done if is_done else Stand.open, {})


def publish(session: Session, row: Correction, *, summary: str, now: datetime) -> None:
    """What everybody may read of it; once. Raises InvalidInput, NotAllowed, Conflict."""
    if row.state is not Stand.done:
        raise NotAllowed("核实纠正了，再公布摘要。")
    summary = storable(entries.said(summary, "摘要"), 500)
    check_words(summary)
    statement = update(Correction).where(Correction.id == row.id, Correction.published_at.is_(None))
    if not changed(session, statement.values(summary=summary, published_at=now), synchronize=False):
        raise Conflict("这条摘要已经公布了。")
    session.refresh(row)


def _move(session: Session, row: Correction, start: Stand, to: Stand, values: dict[str, Any]) -> None:
    if row.state is not start:
        raise NotAllowed(f"现在是“{STANDS[row.state]}”，不能这样办。")
    session.flush()
    statement = update(Correction).where(Correction.id == row.id, Correction.state == start)
    if not changed(session, statement.values(state=to, **values), synchronize=False):
        raise Conflict
    session.refresh(row)


def is_late(row: Correction, today: date) -> bool:
    """Not reported in time, or reported and not put right: 行政复议法 77 is for those."""
    return row.state is not Stand.done and today > row.due_on


def of_places(session: Session, places: Iterable[str] | None) -> list[Correction]:
    """What isn't done first, by its day."""
    asked = select(Correction).order_by(Correction.due_on, Correction.id).limit(_MOST_READ)
    if places is not None:
        asked = asked.where(Correction.place_id.in_(list(places)))
    return sorted(session.scalars(asked), key=lambda row: row.state is Stand.done)


def published(session: Session, place: str, limit: int = 20) -> list[Correction]:
    own = select(Correction).where(Correction.place_id == place, Correction.published_at.is_not(None))
    return list(session.scalars(own.order_by(Correction.published_at.desc()).limit(limit)))


def figures(rows: Iterable[Correction], today: date) -> list[Figures]:
    """By unit, in the order of their names: a list, no league."""
    by_unit: dict[str, list[Correction]] = {}
    for row in rows:
        by_unit.setdefault(row.unit, []).append(row)
    return [
        Figures(
            unit=unit,
            all=len(own),
            outcomes=dict(Counter(OUTCOMES[row.outcome] for row in own)),
            open=sum(row.state is not Stand.done for row in own),
            late=sum(is_late(row, today) for row in own),
            done=sum(row.state is Stand.done for row in own),
        )
        for unit, own in sorted(by_unit.items())
    ]


def tick(session: Session, now: datetime) -> None:
    """What wasn't put right in time goes onto the county's list (行政复议法 77), each once. Commits."""
    late = (Correction.state != Stand.done, Correction.due_on < day_of(now), Correction.overdue_at.is_(None))
    changed(session, update(Correction).where(*late).values(overdue_at=now), synchronize=False)
    session.commit()
