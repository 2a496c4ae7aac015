"""Receiving is idempotent, claiming lapses, and replies are stored once: every message is answered exactly once,
whoever is killed in between.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions import persons
from actions.bookings.models import Appointment
from actions.cases.models import ActionOutcome, Case, Photo
from actions.cases.status import OPEN
from actions.feedback import UnansweredQuestion, record_unanswered
from actions.storable import storable
from bot.conversations.models import Conversation, ConversationStatus, InternalNote, Message, Sender

CLAIM_LAPSES = timedelta(seconds=45)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # of a claim given up: free for the next, who sees that it isn't the first
MAX_CHARACTERS = 2000


def start(session: Session, *, channel: str, place: str | None) -> Conversation:
    conversation = Conversation(id=secrets.token_urlsafe(18), channel=channel, place_id=place)
    session.add(conversation)
    session.commit()
    return conversation


def receive(session: Session, conversation: Conversation, *, client_id: str, text: str) -> Message:
    """Store what a resident said, before anything is done with it.

    A repeated `client_id` gives the first message back.
    """
    found = _by_client_id(session, conversation.id, client_id)
    if found:
        return found
    message = Message(conversation_id=conversation.id, client_id=client_id, sender=Sender.resident, text=storable(text))
    session.add(message)
    conversation.updated_at = datetime.now(UTC)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        found = _by_client_id(session, conversation.id, client_id)
        if found is None:
            raise
        return found
    return message


def _by_client_id(session: Session, conversation_id: str, client_id: str) -> Message | None:
    return session.scalar(
        select(Message).where(Message.conversation_id == conversation_id, Message.client_id == client_id)
    )


def claim(session: Session, message_id: int) -> bool:
    """Whether this caller may answer now: nobody has, and nobody else has been at it for CLAIM_LAPSES."""
    now = datetime.now(UTC)
    taken = session.execute(
        update(Message)
        .where(
            Message.id == message_id,
            Message.answered_at.is_(None),
            (Message.claimed_at.is_(None)) | (Message.claimed_at < now - CLAIM_LAPSES),
        )
        .values(claimed_at=now)
    )
    session.commit()
    return bool(taken.rowcount)


def renew(session: Session, message_id: int) -> bool:
    """Hold a claim for another CLAIM_LAPSES. False: the message has been answered."""
    held = session.execute(
        update(Message)
        .where(Message.id == message_id, Message.answered_at.is_(None))
        .values(claimed_at=datetime.now(UTC))
    )
    session.commit()
    return bool(held.rowcount)


def release(session: Session, message_id: int) -> None:
    session.execute(
        update(Message).where(Message.id == message_id, Message.answered_at.is_(None)).values(claimed_at=_LONG_AGO)
    )
    session.commit()


def release_all(session: Session) -> None:
    """Give up every claim, for whoever held one is dead: the app alone answers, and it is just starting."""
    session.execute(
        update(Message)
        .where(Message.answered_at.is_(None), Message.claimed_at.is_not(None))
        .values(claimed_at=_LONG_AGO)
    )
    session.commit()


def store_replies(session: Session, message: Message, replies: Sequence[dict[str, Any]]) -> list[Message]:
    """Replies and the mark that the message is answered, in one transaction; [] when somebody else was first."""
    done = session.execute(
        update(Message)
        .where(Message.id == message.id, Message.answered_at.is_(None))
        .values(answered_at=datetime.now(UTC))
    )
    if not done.rowcount:
        session.rollback()
        return []
    # While Rasa was thinking a person may have taken over; from then on the bot is silent.
    if (
        session.scalar(select(Conversation.status).where(Conversation.id == message.conversation_id))
        is ConversationStatus.open
    ):
        replies = [r for r in replies if r.get("kind") == "emergency"]
    rows = []
    for ordinal, reply in enumerate(replies):
        body = {k: v for k, v in reply.items() if k not in ("text", "kind", "sender") and v}
        rows.append(
            Message(
                conversation_id=message.conversation_id,
                sender=Sender.bot,
                kind=reply.get("kind", "text"),
                text=reply.get("text", ""),
                body=body,
                in_reply_to=message.id,
                ordinal=ordinal,
            )
        )
    session.add_all(rows)
    session.execute(
        update(Conversation).where(Conversation.id == message.conversation_id).values(updated_at=datetime.now(UTC))
    )
    session.commit()
    return rows


def notice_once(session: Session, message: Message, text: str, links: list[dict[str, str]]) -> None:
    """Tell the resident that an answer will come later; at most once a message."""
    session.add(
        Message(
            conversation_id=message.conversation_id,
            client_id=f"wait-{message.id}",
            sender=Sender.system,
            kind="text",
            text=text,
            body={"links": links},
        )
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()


def replies_to(session: Session, message_id: int) -> list[Message]:
    return list(session.scalars(select(Message).where(Message.in_reply_to == message_id).order_by(Message.ordinal)))


def messages_after(session: Session, conversation_id: str, after: int) -> list[Message]:
    return list(
        session.scalars(
            select(Message)
            .where(Message.conversation_id == conversation_id, Message.id > after)
            .order_by(Message.id)
            .limit(500)
        )
    )


def all_messages(session: Session, conversation_id: str) -> list[Message]:
    return list(session.scalars(select(Message).where(Message.conversation_id == conversation_id).order_by(Message.id)))


def unanswered(session: Session, *, older_than: timedelta, limit: int = 200) -> list[int]:
    """The first message of each conversation that waits and that nobody is at, oldest first: conversations don't
    wait for each other.
    """
    now = datetime.now(UTC)
    free = Message.claimed_at.is_(None) | (Message.claimed_at < now - CLAIM_LAPSES)
    first = func.min(Message.id)
    waiting = select(first).where(
        Message.sender == Sender.resident, Message.answered_at.is_(None), free, Message.created_at < now - older_than
    )
    return list(session.scalars(waiting.group_by(Message.conversation_id).order_by(first).limit(limit)))


def touch(session: Session, conversation_id: str, text: str, *, key: str) -> None:
    """A word of the system in the conversation, once a key."""
    session.add(
        Message(
            conversation_id=conversation_id,
            client_id=key,
            sender=Sender.system,
            kind="text",
            text=text,
            answered_at=datetime.now(UTC),
        )
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()


def in_a_row(session: Session, conversation_id: str) -> tuple[int, int]:
    """How many of the bot's last answers in a row were abstentions, and how many were rated 没用."""
    rows = session.execute(
        select(Message.kind, Message.rating)
        .where(
            Message.conversation_id == conversation_id,
            Message.sender == Sender.bot,
            Message.kind.in_(("answer", "abstention")),
        )
        .order_by(Message.id.desc())
        .limit(4)
    ).all()
    abstained = next((i for i, row in enumerate(rows) if row.kind != "abstention"), len(rows))
    down = next((i for i, row in enumerate(rows) if row.rating != "down"), len(rows))
    return abstained, down


def last_words(session: Session, conversation_id: str, *, messages: int = 6) -> str:
    """What the resident said lately, in order, one message a line."""
    rows = session.scalars(
        select(Message.text)
        .where(Message.conversation_id == conversation_id, Message.sender == Sender.resident)
        .order_by(Message.id.desc())
        .limit(messages)
    ).all()
    return "\n".join(text[:300] for text in reversed(rows))


def rate(session: Session, message: Message, value: str) -> None:
    """A 没用 goes on the list of unanswered questions, once."""
    if value == "down" and message.rating != "down" and message.in_reply_to:
        asked = session.get(Message, message.in_reply_to)
        conversation = session.get(Conversation, message.conversation_id)
        if asked and conversation:
            record_unanswered(
                session,
                asked.text,
                reason="rated_down",
                conversation_id=conversation.id,
                message_id=message.id,
                place=conversation.place_id,
            )
    message.rating = value
    session.commit()


def forget(session: Session, conversation_id: str) -> bool:
    """Delete a conversation with all that was said in it. False when there is none."""
    session.execute(delete(UnansweredQuestion).where(UnansweredQuestion.conversation_id == conversation_id))
    session.execute(delete(InternalNote).where(InternalNote.conversation_id == conversation_id))
    persons.part(session, conversation_id)
    session.execute(delete(Photo).where(Photo.conversation_id == conversation_id, Photo.case_id.is_(None)))
    # A filed case stays with the office that handles it; the thread it came from is cut.
    session.execute(update(Case).where(Case.conversation_id == conversation_id).values(conversation_id=None))
    session.execute(
        update(Appointment).where(Appointment.conversation_id == conversation_id).values(conversation_id=None)
    )
    session.execute(
        delete(ActionOutcome).where(
            ActionOutcome.message_id.in_(select(Message.id).where(Message.conversation_id == conversation_id))
        )
    )
    session.execute(delete(Message).where(Message.conversation_id == conversation_id, Message.in_reply_to.is_not(None)))
    session.execute(delete(Message).where(Message.conversation_id == conversation_id))
    gone = session.execute(delete(Conversation).where(Conversation.id == conversation_id))
    session.commit()
    return bool(gone.rowcount)


def open_page(session: Session, conversation_id: str, *, count: int) -> bool:
    """Once for a link of this count, which ends all other links and what a browser held before.

    False: it was used, or closed.
    """
    done = session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.page_count == count)
        .values(page_count=count + 1)
    )
    session.commit()
    return bool(done.rowcount)


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


def turns_so_far(session: Session, conversation_id: str) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(Message)
            .where(Message.conversation_id == conversation_id, Message.sender == Sender.resident)
        )
        or 0
    )
