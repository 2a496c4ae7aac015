"""我想问这一项: what somebody asks about something posted, answered in public without who asked."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions import asked
from actions.asked import Limit
from actions.calendar.workdays import Unit, calendar
from actions.disclosure import posting, sheets
from actions.disclosure.models import DisclosureQuestion
from actions.disclosure.status import READABLE
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.storable import row_of, storable
from knowledge.anonymity.detector import mask

WORKDAYS = 10  # our own promise; the law says that inquiries are taken (村民委员会组织法 35), not by when
MOST_WORDS = 300
MOST_A_DAY = 3  # of a conversation
MOST_WAITING = 40  # of one posting, so that a flood from many browsers ends
_LEAST_WORDS = 2
_WAITING = Limit(MOST_WAITING, "这一项已经有很多人问了，正在等答复。请过几天来看，也可以到村委会当面问。")
_DAILY = Limit(MOST_A_DAY, f"一天最多问 {MOST_A_DAY} 个，请明天再问，也可以到村委会当面问。")


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
    here, key = (DisclosureQuestion.disclosure_id == item.id,), key[:120]
    if found := asked.same(session, DisclosureQuestion, here, text=text, key=key):
        return found
    asked.check_limits(
        session, DisclosureQuestion, here, conversation_id=conversation_id, now=now, waiting=_WAITING, daily=_DAILY
    )
    due, _ = calendar(session).due(now, amount=WORKDAYS, unit=Unit.workdays)
    question = DisclosureQuestion(
        disclosure_id=item.id,
        key=key,
        conversation_id=conversation_id,
        text=text,
        shown_text=mask(text),
        asked_at=now,
        due_at=due,
    )
    return asked.keep(session, question)


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
    asked.settle(session, question, answer=text, shown_text=shown_text, is_public=is_public, by=by, now=now)


def waiting(session: Session, disclosure_ids: list[int] | None = None) -> list[DisclosureQuestion]:
    """The oldest first; None: everywhere."""
    found = select(DisclosureQuestion).where(DisclosureQuestion.answered_at.is_(None))
    if disclosure_ids is not None:
        found = found.where(DisclosureQuestion.disclosure_id.in_(disclosure_ids))
    return list(session.scalars(found.order_by(DisclosureQuestion.due_at, DisclosureQuestion.id).limit(200)))


def forget(session: Session, conversation_id: str) -> None:
    """What waits is gone; what was answered stays on the page, where nobody is named. The caller commits."""
    asked.forget(session, DisclosureQuestion, conversation_id)


def of_conversation(session: Session, conversation_id: str) -> list[DisclosureQuestion]:
    """Oldest first."""
    return asked.of_conversation(session, DisclosureQuestion, conversation_id)
