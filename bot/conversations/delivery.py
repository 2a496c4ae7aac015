"""What the bot says by itself: each is a row first, under a key that makes a second try harmless."""

from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.bookings import appointments as bookings
from actions.cases import finding, numbers
from actions.replies import Reply, ReplyKind, buttons_in
from actions.topics import following
from bot.conversations.models import Conversation, Message, Sender


def tell(session: Session, conversation_id: str, reply: Reply, *, key: str) -> bool:
    """Put a message into a conversation, once a key; the caller commits.

    False: it is there already, or the conversation is gone.
    """
    if session.get(Conversation, conversation_id) is None:
        return False
    now = datetime.now(UTC)
    try:
        with session.begin_nested():
            session.add(
                Message(
                    conversation_id=conversation_id,
                    client_id=key,
                    sender=Sender.bot,
                    kind=reply.kind.value,
                    text=reply.text,
                    body=reply.body(),
                    answered_at=now,
                )
            )
    except IntegrityError:
        return False
    session.execute(update(Conversation).where(Conversation.id == conversation_id).values(updated_at=now))
    return True


def tell_case_events(session: Session) -> int:
    """Everything residents should hear of their cases by now and haven't. Safe to run in several processes at once."""
    done = 0
    for event in finding.untold(session):
        # First of all, so that what is told can't be taken back at the same moment; cut short, it isn't told at all.
        if finding.told(session, event, now=datetime.now(UTC)):
            for case, say in finding.audience(session, event):
                if case.conversation_id:
                    done += tell(
                        session,
                        case.conversation_id,
                        Reply(ReplyKind.case, say, buttons=buttons_in(event.buttons), case=numbers.spoken(case.number)),
                        key=f"case-event-{event.id}" + (f"-{case.id}" if case is not event.case else ""),
                    )
        session.commit()
    return done


def tell_topic_events(session: Session) -> int:
    """Everything followers of a topic should hear by now and haven't; each once, also with several workers."""
    done = 0
    for event in following.untold(session):
        if event.say and following.told(session, event, now=datetime.now(UTC)):
            reply = Reply(ReplyKind.text, event.say, buttons=buttons_in(event.buttons))
            for conversation_id in following.audience(session, event):
                done += tell(session, conversation_id, reply, key=f"topic-event-{event.id}")
        session.commit()
    return done


def tell_appointments(session: Session, *, now: datetime) -> int:
    """Reminders and news of appointments; each under its own key."""
    done = 0
    for appointment, key, text in bookings.due_words(session, now=now):
        if appointment.conversation_id:
            done += tell(session, appointment.conversation_id, Reply(ReplyKind.booking, text), key=key)
    session.commit()
    return done
