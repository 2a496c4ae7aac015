"""What people want to know on the day (公开日, 恳谈会): gathered without names, answered there or in writing later."""

import re
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions import asked
from actions.asked import Limit
from actions.bookings.models import Opening
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.events import publishing
from actions.events.kinds import kinds, known_kind
from actions.events.models import EventQuestion
from actions.storable import row_of, storable
from knowledge.anonymity.detector import find_marks, mask
from knowledge.anonymity.marks import IDENTIFIERS
from knowledge.clock import SHANGHAI

MOST_WORDS, MOST_ANSWER = 300, 2000
MOST_A_DAY, MOST_WAITING = 5, 100  # of a conversation; of an event, so that a flood from many browsers ends
_LEAST_WORDS = 2
_LATE = timedelta(days=3)  # who couldn't come asks afterwards
_WAITING = Limit(MOST_WAITING, "问题已经收得很多了，请当天来问，或者到村委会当面问。")
_DAILY = Limit(MOST_A_DAY, f"一天最多问 {MOST_A_DAY} 个，请明天再问，也可以当天来问。")
_SPACES = re.compile(r"\s+")


def is_open(event: Opening, now: datetime) -> bool:
    return known_kind(event.kind).takes_questions and not event.is_cancelled and now <= event.ends_at + _LATE


def ask(
    session: Session, number: int, *, conversation_id: str | None, text: str, key: str, now: datetime
) -> EventQuestion:
    """The question as kept; the same key, or the same words that still wait, are one. The caller commits.

    Raises InvalidInput, NotAllowed, NotFound.
    """
    event, text = publishing.get(session, number), _SPACES.sub(" ", storable(text)).strip()
    if not is_open(event, now):
        raise NotAllowed("这个活动现在不收问题了。想问村务公开的事，可以在“公开”里问。")
    if not _LEAST_WORDS <= len(text) <= MOST_WORDS:
        raise InvalidInput(f"想问什么，请写 {_LEAST_WORDS} 到 {MOST_WORDS} 个字。")
    key = storable(key)[:120]
    here = (EventQuestion.opening_id == event.id,)
    if found := asked.same(session, EventQuestion, here, text=text, key=key):
        return found
    asked.check_limits(
        session, EventQuestion, here, conversation_id=conversation_id, now=now, waiting=_WAITING, daily=_DAILY
    )
    question = EventQuestion(
        opening_id=event.id,
        key=key,
        conversation_id=conversation_id,
        text=text,
        shown_text=mask(text),
        asked_at=now,
    )
    return asked.keep(session, question)


def get(session: Session, number: int) -> EventQuestion:
    """Raises NotFound."""
    found = row_of(session, EventQuestion, number)
    if found is None:
        raise NotFound("没有找到这个问题。")
    return found


def answer(
    session: Session,
    question: EventQuestion,
    *,
    text: str,
    shown_text: str,
    is_public: bool,
    by: str,
    now: datetime,
) -> None:
    """Once; `shown_text`: the question as the page has it. The caller commits, and tells who asked.

    Raises InvalidInput, Conflict, NotAllowed.
    """
    text, shown_text = storable(text).strip()[:MOST_ANSWER], storable(shown_text).strip()[:MOST_WORDS]
    if len(text) < _LEAST_WORDS or not shown_text:
        raise InvalidInput("请写上答复，也写上公布出来的问题。")
    if any(found.kind in IDENTIFIERS for words in (text, shown_text) for found in find_marks(words)):
        raise InvalidInput("您写的话里有电话、证件号或者门牌，不能贴出来，请去掉再交。")
    if question.answered_at is not None:
        raise NotAllowed("这个问题已经答复过了。")
    asked.settle(session, question, answer=text, shown_text=shown_text, is_public=is_public, by=by, now=now)


def answered(session: Session, event: Opening) -> list[EventQuestion]:
    """What the page shows, in the order it was asked."""
    own = (EventQuestion.opening_id == event.id, EventQuestion.answered_at.is_not(None), EventQuestion.is_public)
    return list(session.scalars(select(EventQuestion).where(*own).order_by(EventQuestion.id)))


def waiting(session: Session, event: Opening) -> list[EventQuestion]:
    own = (EventQuestion.opening_id == event.id, EventQuestion.answered_at.is_(None))
    return list(session.scalars(select(EventQuestion).where(*own).order_by(EventQuestion.id)))


def answer_by(event: Opening) -> date | None:
    """The last day for a written answer, our own promise; None where the kind promises none."""
    days = known_kind(event.kind).answer_days
    return (event.ends_at.astimezone(SHANGHAI) + timedelta(days=days)).date() if days else None


def owed(session: Session, places: list[str], now: datetime) -> list[tuple[Opening, int]]:
    """Events that are over with questions nobody has answered, and how many; the oldest first."""
    count = func.count(EventQuestion.id)
    of_kinds = [kind.code for kind in kinds() if kind.takes_questions]
    rows = session.execute(
        select(Opening, count)
        .join(EventQuestion, EventQuestion.opening_id == Opening.id)
        .where(Opening.place_id.in_(places), Opening.kind.in_(of_kinds), Opening.ends_at <= now)
        .where(EventQuestion.answered_at.is_(None), Opening.is_cancelled.is_(False))
        .group_by(Opening.id)
        .order_by(Opening.ends_at)
        .limit(50)
    )
    return [(event, number) for event, number in rows]


def forget(session: Session, conversation_id: str) -> None:
    """What waits is gone; what was answered stays on the page, where nobody is named. The caller commits."""
    asked.forget(session, EventQuestion, conversation_id)


def of_conversation(session: Session, conversation_id: str) -> list[EventQuestion]:
    """Oldest first."""
    return asked.of_conversation(session, EventQuestion, conversation_id)
