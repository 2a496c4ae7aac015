"""Why a conversation is before us: the words that called for a person, and what its agent hasn't read."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import ColumnElement, Row, ScalarSelect, func, select, true
from sqlalchemy.orm import Session, aliased

from actions.replies import ReplyKind
from bot.conversations import private
from bot.conversations.models import Conversation, Message, Sender

_Said = Row[str, int, int]  # conversation, message, length of its text
_A_SENTENCE = 6  # 转人工 alone says nothing of the matter
_LOOKED_AT, _KEPT = 200, 30  # messages of a conversation: the newest, and of them those before it began to wait


def words(session: Session, conversations: Sequence[Conversation]) -> dict[str, str]:
    """By conversation: of who may be in danger the message that was heard as danger, of the others the last sentence
    before they began to wait. What was said while an appointment was made stays hidden here, too.
    """
    in_danger = [c.id for c in conversations if c.emergency_at is not None or c.handoff_reason == "danger"]
    alarming = _alarming(session, in_danger)
    others = [c for c in conversations if c.id not in alarming]
    said = _said(session, [c.id for c in others], before_waiting=True)
    # All that was said came after: it began to wait by itself, or was put there.
    said |= _said(session, [c.id for c in others if c.id not in said], before_waiting=False)
    told = {c.id: _sentence(c, said.get(c.id, [])) for c in others}
    calling = session.scalars(select(Message).where(Message.id.in_([i for i in told.values() if i is not None]))).all()
    hidden = private.among(session, [m.id for m in calling])
    shown = {m.conversation_id: private.HIDDEN if m.id in hidden else m.text for m in calling}
    return {c.id: alarming.get(c.id) or shown.get(c.id, "") for c in conversations}


def unread(session: Session, conversations: Sequence[Conversation]) -> dict[str, int]:
    """By conversation that has any: how many of the resident's messages its agent hasn't had before their eyes."""
    if not conversations:
        return {}
    counted = (
        select(Message.conversation_id, func.count())
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.conversation_id.in_([c.id for c in conversations]),
            Message.sender == Sender.resident,
            Message.id > Conversation.agent_seen,
        )
        .group_by(Message.conversation_id)
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def _said(session: Session, ids: Sequence[str], *, before_waiting: bool) -> dict[str, list[_Said]]:
    """By conversation its resident's last _KEPT messages of the last _LOOKED_AT, in order: the database walks back
    along the index and stops there, however long the conversation is.
    """
    if not ids:
        return {}
    oldest = func.coalesce(_back(_LOOKED_AT), 0)
    is_before = Conversation.waiting_since.is_(None) | (Message.created_at <= Conversation.waiting_since)
    first = func.coalesce(_back(_KEPT, since=oldest, before_waiting=before_waiting), oldest)
    rows = session.execute(
        select(Message.conversation_id, Message.id, func.length(Message.text))
        .select_from(Conversation)
        .join(Message, (Message.conversation_id == Conversation.id) & (Message.id >= first))
        .where(Conversation.id.in_(ids), Message.sender == Sender.resident, is_before if before_waiting else true())
        .order_by(Message.conversation_id, Message.id)
    )
    return {conversation: list(some) for conversation, some in groupby(rows, key=lambda row: row[0])}


def _back(many: int, *, since: ColumnElement[int] | None = None, before_waiting: bool = False) -> ScalarSelect[int]:
    """The resident's message so many back, of each conversation; none where there are fewer."""
    said = aliased(Message)
    found = select(said.id).where(said.conversation_id == Conversation.id, said.sender == Sender.resident)
    if since is not None:
        found = found.where(said.id >= since)
    if before_waiting:
        found = found.where(Conversation.waiting_since.is_(None) | (said.created_at <= Conversation.waiting_since))
    return found.order_by(said.id.desc()).limit(1).offset(many - 1).correlate(Conversation).scalar_subquery()


def _alarming(session: Session, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    newest = (
        select(func.max(Message.in_reply_to))
        .where(Message.conversation_id.in_(ids), Message.kind == ReplyKind.emergency.value)
        .group_by(Message.conversation_id)
    )
    return {m.conversation_id: m.text for m in session.scalars(select(Message).where(Message.id.in_(newest)))}


def _sentence(conversation: Conversation, said: Sequence[_Said]) -> int | None:
    """The id of the message."""
    sentences = [row for row in said if row[2] >= _A_SENTENCE] or list(said)
    if conversation.handoff_reason == "asked" and len(sentences) > 1:
        sentences = sentences[:-1]  # the last one asks for a person; what for was said before
    return sentences[-1][1] if sentences else None
