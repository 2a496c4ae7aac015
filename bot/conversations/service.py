"""A conversation begun, rated, forgotten."""

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from actions import persons
from actions.cases.models import Case, LookupTry, Photo
from actions.cases.status import OPEN
from actions.deputies import service as deputies
from actions.disclosure import questions as disclosure_questions
from actions.events import questions as event_questions
from actions.feedback import WRONG, UnansweredQuestion, record_unanswered
from actions.hearings import service as hearings
from actions.helpers import referrals
from actions.outcomes import ActionOutcome
from actions.points import own as points
from actions.roster import slips
from actions.topics import following as topics
from actions.visits import grid
from bot.conversations import private
from bot.conversations.models import Conversation, InternalNote, Message
from bot.conversations.remains import cut_loose
from knowledge.clock import utc_now
from knowledge.tables import changed

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # of a claim given up: free for the next, who sees that it isn't the first


def start(session: Session, *, channel: str, place: str | None) -> Conversation:
    conversation = Conversation(id=secrets.token_urlsafe(18), channel=channel, place_id=place)
    session.add(conversation)
    session.commit()
    return conversation


def rate(session: Session, message: Message, value: str, *, why: str = "") -> None:
    """A 没用 goes on the list of unanswered questions, once; what was said for a legal worker alone doesn't. `why`:
    what was wrong, one of `actions.feedback.WRONG`.
    """
    if value == "down" and message.rating != "down" and message.in_reply_to:
        asked = session.get(Message, message.in_reply_to)
        conversation = session.get(Conversation, message.conversation_id)
        if asked and conversation and not private.among(session, [asked.id]):
            record_unanswered(
                session,
                asked.text,
                reason="rated_down",
                conversation_id=conversation.id,
                message_id=message.id,
                place=conversation.place_id,
            )
    message.rating = value
    if why and message.in_reply_to:
        told = update(UnansweredQuestion).where(
            UnansweredQuestion.message_id == message.id, UnansweredQuestion.reason.in_(("rated_down", *WRONG))
        )
        session.execute(told.values(reason=f"down_{why}"))
    session.commit()


def forget(session: Session, conversation_id: str, *, is_asked: bool = True) -> bool:
    """Delete a conversation with all that was said in it. False when there is none. `is_asked`: at the resident's own
    wish; a paper slip outlives a conversation that was only kept for long enough.
    """
    topics.forget(session, conversation_id, now=utc_now())  # while the roster still knows who spoke here
    points.forget(session, conversation_id)
    (slips.forget if is_asked else slips.let_go)(session, conversation_id)
    session.execute(delete(UnansweredQuestion).where(UnansweredQuestion.conversation_id == conversation_id))
    session.execute(delete(InternalNote).where(InternalNote.conversation_id == conversation_id))
    session.execute(delete(LookupTry).where(LookupTry.asker == conversation_id))
    persons.part(session, conversation_id)
    session.execute(delete(Photo).where(Photo.conversation_id == conversation_id, Photo.case_id.is_(None)))
    disclosure_questions.forget(session, conversation_id)
    referrals.forget(session, conversation_id, now=utc_now())
    grid.forget(session, conversation_id)
    event_questions.forget(session, conversation_id)
    hearings.forget(session, conversation_id)
    deputies.forget(session, conversation_id)
    cut_loose(session, conversation_id)
    session.execute(
        delete(ActionOutcome).where(
            ActionOutcome.message_id.in_(select(Message.id).where(Message.conversation_id == conversation_id))
        )
    )
    session.execute(delete(Message).where(Message.conversation_id == conversation_id, Message.in_reply_to.is_not(None)))
    session.execute(delete(Message).where(Message.conversation_id == conversation_id))
    gone = changed(session, delete(Conversation).where(Conversation.id == conversation_id))
    session.commit()
    return gone > 0


def open_page(session: Session, conversation_id: str, *, count: int) -> bool:
    """Once for a link of this count, which ends all other links and what a browser held before.

    False: it was used, or closed.
    """
    done = changed(
        session,
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.page_count == count)
        .values(page_count=count + 1),
    )
    session.commit()
    return done > 0


def close_pages(session: Session, conversation_id: str) -> None:
    """No browser shows the conversation any more, and no link opens it; the caller commits."""
    session.execute(
        update(Conversation).where(Conversation.id == conversation_id).values(page_count=Conversation.page_count + 1)
    )


def older_than(session: Session, age: timedelta) -> list[str]:
    """Conversations whose last message is older than `age` and that have no open case."""
    busy = select(Case.conversation_id).where(Case.conversation_id.is_not(None), Case.status.in_(OPEN))
    return list(
        session.scalars(
            select(Conversation.id).where(
                Conversation.updated_at < datetime.now(UTC) - age, Conversation.id.not_in(busy)
            )
        )
    )
