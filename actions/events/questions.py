"""What people want to know on the day (公开日, 恳谈会): gathered without names, answered there or in writing later."""

import re
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.bookings.models import Opening
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.events import publishing
from actions.events.kinds import kinds, known_kind
from actions.events.models import EventQuestion
from actions.storable import row_of, storable
from knowledge.anonymity.detector import find_marks, mask
from knowledge.anonymity.marks import IDENTIFIERS
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

MOST_WORDS, MOST_ANSWER = 300, 2000
MOST_A_DAY, MOST_WAITING = 5, 100  # of a conversation; of an event, so that a flood from many browsers ends
_LEAST_WORDS = 2
_LATE = timedelta(days=3)  # who couldn't come asks afterwards
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
    if found := _same(session, event, text, key):
        return found
    _check_limits(session, event, conversation_id, now)
    question = EventQuestion(
        opening_id=event.id,
        key=key,
        conversation_id=conversation_id,
        text=text,
        shown_text=mask(text),
        asked_at=now,
    )
    try:
        with session.begin_nested():
            session.add(question)
            session.flush()
    except IntegrityError:
        return session.scalars(select(EventQuestion).where(EventQuestion.key == key)).one()
    return question


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
    waiting = (EventQuestion.id == question.id, EventQuestion.answered_at.is_(None))
    values = {
        # Who asked is told in their conversation; what they wrote beside the question is needed no more.
        "text": shown_text,
        "answer": text,
        "shown_text": shown_text,
        "is_public": is_public,
        "answered_at": now,
        "answered_by": by,
    }
    if not changed(session, update(EventQuestion).where(*waiting).values(**values), synchronize=False):
        raise Conflict
    session.refresh(question)


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
    asked = [kind.code for kind in kinds() if kind.takes_questions]
    rows = session.execute(
        select(Opening, count)
        .join(EventQuestion, EventQuestion.opening_id == Opening.id)
        .where(Opening.place_id.in_(places), Opening.kind.in_(asked), Opening.ends_at <= now)
        .where(EventQuestion.answered_at.is_(None), Opening.is_cancelled.is_(False))
        .group_by(Opening.id)
        .order_by(Opening.ends_at)
        .limit(50)
    )
    return [(event, number) for event, number in rows]


def forget(session: Session, conversation_id: str) -> None:
    """What waits is gone; what was answered stays on the page, where nobody is named. The caller commits."""
    own = EventQuestion.conversation_id == conversation_id
    session.execute(delete(EventQuestion).where(own, EventQuestion.answered_at.is_(None)))
    session.execute(update(EventQuestion).where(own).values(conversation_id=None))


def of_conversation(session: Session, conversation_id: str) -> list[EventQuestion]:
    """Oldest first."""
    own = select(EventQuestion).where(EventQuestion.conversation_id == conversation_id)
    return list(session.scalars(own.order_by(EventQuestion.id)))


def _same(session: Session, event: Opening, text: str, key: str) -> EventQuestion | None:
    if found := session.scalar(select(EventQuestion).where(EventQuestion.key == key)):
        return found
    alike = (
        EventQuestion.opening_id == event.id,
        EventQuestion.text == text,
        EventQuestion.answered_at.is_(None),
    )
    return session.scalar(select(EventQuestion).where(*alike).order_by(EventQuestion.id).limit(1))


def _check_limits(session: Session, event: Opening, conversation_id: str | None, now: datetime) -> None:
    count = select(func.count()).select_from(EventQuestion)
    here = (EventQuestion.opening_id == event.id, EventQuestion.answered_at.is_(None))
    if (session.scalar(count.where(*here)) or 0) >= MOST_WAITING:
        raise NotAllowed("问题已经收得很多了，请当天来问，或者到村委会当面问。")
    if conversation_id is None:
        return
    today = (EventQuestion.conversation_id == conversation_id, EventQuestion.asked_at > now - timedelta(days=1))
    if (session.scalar(count.where(*today)) or 0) >= MOST_A_DAY:
        raise NotAllowed(f"一天最多问 {MOST_A_DAY} 个，请明天再问，也可以当天来问。")
