"""What was said, in order, once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict
from actions.replies import Reply, ReplyKind
from actions.storable import storable
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from knowledge.tables import changed

MAX_CHARACTERS = 2000
AT_ONCE = 500  # messages; a page asks for the rest
_LOOKED_BACK = 8  # messages that we came with, between a question of ours and its answer


def receive(session: Session, conversation: Conversation, *, client_id: str, text: str, button: str = "") -> Message:
    """Store what a resident said, before anything is done with it. `button`: what stood on the one that said it.

    A repeated `client_id` gives the first message back. Raises Conflict for a key under which we spoke ourselves.
    """
    found = _by_client_id(session, conversation.id, client_id)
    if found:
        return found
    message = Message(
        conversation_id=conversation.id,
        client_id=client_id,
        sender=Sender.resident,
        text=storable(text),
        body={"button": storable(button, 200)} if button else {},
    )
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
    found = session.scalar(
        select(Message).where(Message.conversation_id == conversation_id, Message.client_id == client_id)
    )
    if found is not None and found.sender is not Sender.resident:
        raise Conflict("这条消息的编号不对，请刷新页面再发。")
    return found


def store_replies(session: Session, message: Message, replies: Sequence[Reply]) -> list[Message]:
    """Replies and the mark that the message is answered, in one transaction; [] when somebody else was first."""
    rows = add_replies(session, message, replies)
    if rows is None:
        session.rollback()
        return []
    session.commit()
    return rows


def add_replies(session: Session, message: Message, replies: Sequence[Reply]) -> list[Message] | None:
    """As `store_replies`, for who commits them with a deed of its own; None when somebody else was first."""
    done = changed(
        session,
        update(Message)
        .where(Message.id == message.id, Message.answered_at.is_(None))
        .values(answered_at=datetime.now(UTC)),
    )
    if not done:
        return None
    # While Rasa was thinking a person may have taken over; from then on the bot is silent.
    if (
        session.scalar(select(Conversation.status).where(Conversation.id == message.conversation_id))
        is ConversationStatus.open
    ):
        replies = [reply for reply in replies if reply.kind is ReplyKind.emergency]
    rows = [
        Message(
            conversation_id=message.conversation_id,
            sender=Sender.bot,
            kind=reply.kind.value,
            text=reply.text,
            body=reply.body(),
            in_reply_to=message.id,
            ordinal=ordinal,
        )
        for ordinal, reply in enumerate(replies)
    ]
    session.add_all(rows)
    session.execute(
        update(Conversation).where(Conversation.id == message.conversation_id).values(updated_at=datetime.now(UTC))
    )
    return rows


def forget_words(session: Session, message: Message, instead: str) -> None:
    """What was said isn't kept, nor the button that said it: this stands there. The caller commits, with what was made
    of the words.
    """
    session.execute(update(Message).where(Message.id == message.id).values(text=instead, body={}))


def said_last(session: Session, message: Message) -> Message | None:
    """What the message answers: our last words before it, or what we came with by ourselves if it had buttons."""
    ours = (
        select(Message)
        .where(
            Message.conversation_id == message.conversation_id,
            Message.id < message.id,
            Message.sender != Sender.resident,
        )
        .order_by(Message.id.desc())
    )
    last = session.scalar(ours.limit(1))  # nearly always it; each row has its sources with it, some kilobytes
    if last is None or last.in_reply_to is not None:
        return last
    rows = session.scalars(ours.limit(_LOOKED_BACK))
    return next((row for row in rows if row.in_reply_to is not None or row.reply.buttons), None)


def notice_once(session: Session, message: Message, notice: Reply) -> None:
    """Tell the resident that an answer will come later; at most once a message."""
    session.add(
        Message(
            conversation_id=message.conversation_id,
            client_id=f"wait-{message.id}",
            sender=Sender.system,
            kind=notice.kind.value,
            text=notice.text,
            body=notice.body(),
        )
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()


def replies_to(session: Session, message_id: int) -> list[Message]:
    return list(session.scalars(select(Message).where(Message.in_reply_to == message_id).order_by(Message.ordinal)))


def messages_after(session: Session, conversation_id: str, after: int) -> list[Message]:
    """As the resident may read them: of one that was withdrawn only that it was."""
    return list(
        session.scalars(
            select(Message)
            .where(Message.conversation_id == conversation_id, Message.id > after, Message.withdrawn_at.is_(None))
            .order_by(Message.id)
            .limit(AT_ONCE)
        )
    )


def newest(session: Session, conversation_id: str) -> list[Message]:
    """What a page that is opened shows: the last `AT_ONCE`, in order, without what was withdrawn."""
    said = (Message.conversation_id == conversation_id, Message.withdrawn_at.is_(None))
    return list(session.scalars(select(Message).where(*said).order_by(Message.id.desc()).limit(AT_ONCE)))[::-1]


def all_messages(session: Session, conversation_id: str) -> list[Message]:
    said = (Message.conversation_id == conversation_id, Message.withdrawn_at.is_(None))
    return list(session.scalars(select(Message).where(*said).order_by(Message.id)))


def is_asked(session: Session, message: Message) -> bool:
    """Whether the message answers a question of ours: a form's, or one we came with about a case (解决了吗)."""
    last = session.scalar(
        select(Message)
        .where(
            Message.conversation_id == message.conversation_id,
            Message.id < message.id,
            Message.sender != Sender.resident,
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    if last is None:
        return False
    said = last.reply
    is_ours_to_begin = last.in_reply_to is None and last.sender is Sender.bot
    return bool(said.form) or (said.kind is ReplyKind.case and is_ours_to_begin and bool(said.buttons))


def is_in_form(session: Session, conversation_id: str) -> bool:
    """Whether the last thing the bot said belongs to a form, which is still open then."""
    said = (Message.conversation_id == conversation_id, Message.sender == Sender.bot)
    last = session.scalar(select(Message).where(*said).order_by(Message.id.desc()).limit(1))
    return last is not None and bool(last.reply.form)


def touch(session: Session, conversation_id: str, text: str, *, key: str, body: dict[str, Any] | None = None) -> bool:
    """A word of the system in the conversation, once a key: whether it is new."""
    session.add(
        Message(
            conversation_id=conversation_id,
            client_id=key,
            sender=Sender.system,
            kind="text",
            text=text,
            body=body or {},
            answered_at=datetime.now(UTC),
        )
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        return False
    return True


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


def told_in_danger(session: Session, message: Message) -> str:
    """The resident's words before these, where we answered them with what to do at once: the dialogue never heard
    them, and these may go on with them. "" otherwise, also where a card only stood behind an answer.
    """
    before = session.scalar(
        select(Message)
        .where(
            Message.conversation_id == message.conversation_id,
            Message.id < message.id,
            Message.sender == Sender.resident,
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    if before is None:
        return ""
    told = (row.reply for row in replies_to(session, before.id))
    return before.text if any(one.kind is ReplyKind.emergency and not one.is_soft for one in told) else ""


def turns_so_far(session: Session, conversation_id: str) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(Message)
            .where(Message.conversation_id == conversation_id, Message.sender == Sender.resident)
        )
        or 0
    )
