"""我想问这一项: what somebody asks about something posted, answered in public without who asked."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.calendar.workdays import Unit, calendar
from actions.disclosure import posting, sheets
from actions.disclosure.models import DisclosureQuestion
from actions.disclosure.status import READABLE
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.storable import row_of, storable
from knowledge.anonymity.detector import mask
from knowledge.tables import changed

WORKDAYS = 10  # our own promise; the law says that inquiries are taken (村民委员会组织法 35), not by when
MOST_WORDS = 300
MOST_A_DAY = 3  # of a conversation
MOST_WAITING = 40  # of one posting, so that a flood from many browsers ends
_LEAST_WORDS = 2


def ask(
    session: Session, *, disclosure_id: int, conversation_id: str | None, text: str, key: str, now: datetime
) -> DisclosureQuestion:
    """The question as kept; the same key, or the same words that still wait, are one. The caller commits.

    Raises InvalidInput, NotAllowed, NotFound.
    """
    item = posting.get(session, disclosure_id)
    if item.state not in READABLE:
        raise NotFound("没有找到这一份。")
    text = storable(text).strip()
    if not _LEAST_WORDS <= len(text) <= MOST_WORDS:
        raise InvalidInput(f"想问什么，请写 {_LEAST_WORDS} 到 {MOST_WORDS} 个字。")
    if found := _same(session, item.id, text, key):
        return found
    _check_limits(session, item.id, conversation_id, now)
    due, _ = calendar(session).due(now, amount=WORKDAYS, unit=Unit.workdays)
    question = DisclosureQuestion(
        disclosure_id=item.id,
        key=key[:120],
        conversation_id=conversation_id,
        text=text,
        shown_text=mask(text),
        asked_at=now,
        due_at=due,
    )
    try:
        with session.begin_nested():
            session.add(question)
            session.flush()
    except IntegrityError:
        return session.scalars(select(DisclosureQuestion).where(DisclosureQuestion.key == key[:120])).one()
    return question


def get(session: Session, number: int) -> DisclosureQuestion:
    """Raises NotFound."""
    found = row_of(session, DisclosureQuestion, number)
    if found is None:
        raise NotFound("没有找到这个提问。")
    return found


def answer(
    session: Session,
    question: DisclosureQuestion,
    *,
    text: str,
    shown_text: str,
    is_public: bool,
    by: str,
    now: datetime,
) -> None:
    """Once. `shown_text`: the question as the page has it. The caller commits, and tells who asked.

    Raises InvalidInput, Conflict, NotAllowed.
    """
    text, shown_text = storable(text).strip()[:2000], storable(shown_text).strip()[:MOST_WORDS]
    if len(text) < _LEAST_WORDS or not shown_text:
        raise InvalidInput("请写上答复，也写上公布出来的问题。")
    sheets.check_words(text)
    sheets.check_words(shown_text)
    duty = posting.duty_of(session, posting.get(session, question.disclosure_id))
    for said in (text, shown_text) if is_public else ():
        sheets.check_no_names(said, duty)
    if question.answered_at is not None:
        raise NotAllowed("这个提问已经答复过了。")
    waiting = (DisclosureQuestion.id == question.id, DisclosureQuestion.answered_at.is_(None))
    done = update(DisclosureQuestion).where(*waiting)
    # Who asked is told in their conversation; what they wrote beside the question is needed no more.
    values = {
        "text": shown_text,
        "answer": text,
        "shown_text": shown_text,
        "is_public": is_public,
        "answered_at": now,
        "answered_by": by,
    }
    if not changed(session, done.values(**values), synchronize=False):
        raise Conflict
    session.refresh(question)


def waiting(session: Session, disclosure_ids: list[int] | None = None) -> list[DisclosureQuestion]:
    """The oldest first; None: everywhere."""
    asked = select(DisclosureQuestion).where(DisclosureQuestion.answered_at.is_(None))
    if disclosure_ids is not None:
        asked = asked.where(DisclosureQuestion.disclosure_id.in_(disclosure_ids))
    return list(session.scalars(asked.order_by(DisclosureQuestion.due_at, DisclosureQuestion.id).limit(200)))


def forget(session: Session, conversation_id: str) -> None:
    """What waits is gone; what was answered stays on the page, where nobody is named. The caller commits."""
    own = DisclosureQuestion.conversation_id == conversation_id
    session.execute(delete(DisclosureQuestion).where(own, DisclosureQuestion.answered_at.is_(None)))
    session.execute(update(DisclosureQuestion).where(own).values(conversation_id=None))


def of_conversation(session: Session, conversation_id: str) -> list[DisclosureQuestion]:
    """Oldest first."""
    own = select(DisclosureQuestion).where(DisclosureQuestion.conversation_id == conversation_id)
    return list(session.scalars(own.order_by(DisclosureQuestion.id)))


def _same(session: Session, number: int, text: str, key: str) -> DisclosureQuestion | None:
    found = session.scalar(select(DisclosureQuestion).where(DisclosureQuestion.key == key[:120]))
    if found is not None:
        return found
    alike = (
        DisclosureQuestion.disclosure_id == number,
        DisclosureQuestion.text == text,
        DisclosureQuestion.answered_at.is_(None),
    )
    return session.scalar(select(DisclosureQuestion).where(*alike).order_by(DisclosureQuestion.id).limit(1))


def _check_limits(session: Session, number: int, conversation_id: str | None, now: datetime) -> None:
    count = select(func.count()).select_from(DisclosureQuestion)
    open_here = (DisclosureQuestion.disclosure_id == number, DisclosureQuestion.answered_at.is_(None))
    if (session.scalar(count.where(*open_here)) or 0) >= MOST_WAITING:
        raise NotAllowed("这一项已经有很多人问了，正在等答复。请过几天来看，也可以到村委会当面问。")
    if conversation_id is None:
        return
    today = (
        DisclosureQuestion.conversation_id == conversation_id,
        DisclosureQuestion.asked_at > now - timedelta(days=1),
    )
    if (session.scalar(count.where(*today)) or 0) >= MOST_A_DAY:
        raise NotAllowed(f"一天最多问 {MOST_A_DAY} 个，请明天再问，也可以到村委会当面问。")
