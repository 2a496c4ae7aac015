"""村里有1件事在征求意见: one line behind an answer, once for each topic and conversation."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.replies import Reply, ReplyKind
from actions.topics import listing
from bot.conversations import delivery
from bot.conversations.models import Conversation, ConversationStatus, Message


def mention(session: Session, conversation_id: str, replies: Sequence[Reply], *, now: datetime) -> bool:
    """Whether something was said; commits. Never in a form, after danger, or to who speaks with a person or has heard
    of the topic already.
    """
    is_answered = bool(replies) and all(reply.kind is ReplyKind.answer and not reply.form for reply in replies)
    conversation = session.get(Conversation, conversation_id) if is_answered else None
    if conversation is None or conversation.place_id is None or conversation.emergency_at is not None:
        return False
    if conversation.status is not ConversationStatus.bot:
        return False
    known = {topic.id for topic in listing.of_conversation(session, conversation_id)}
    found = [t for t in listing.open_topics(session, conversation.place_id, now) if t.id not in known]
    fresh = [topic for topic in found if not _is_told(session, conversation_id, _key(topic.id))]
    if not fresh:
        return False
    # One at a time: the next is for another day, and nobody is made to read a list that they didn't ask for.
    line = Reply(
        ReplyKind.text,
        f"村里有{len(found)}件事在征求意见，{'' if len(found) == 1 else '比如'}“{fresh[0].title}”。想看说“议事”。",
    )
    is_told = delivery.tell(session, conversation_id, line, key=_key(fresh[0].id))
    session.commit()
    return is_told


def _is_told(session: Session, conversation_id: str, key: str) -> bool:
    own = (Message.conversation_id == conversation_id, Message.client_id == key)
    return session.scalar(select(Message.id).where(*own)) is not None


def _key(topic_id: int) -> str:
    return f"topic-{topic_id}-mentioned"
