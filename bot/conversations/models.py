"""The thread of messages: our memory of a conversation (Rasa's tracker is not)."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from actions.replies import Reply
from knowledge.clock import utc_now
from knowledge.tables import Base, UtcDateTime


class ConversationStatus(enum.StrEnum):
    bot = "bot"
    waiting = "waiting"
    open = "open"


class Sender(enum.StrEnum):
    resident = "resident"
    bot = "bot"
    agent = "agent"
    system = "system"


class Conversation(Base):
    __tablename__ = "conversation"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    status: Mapped[ConversationStatus] = mapped_column(
        Enum(ConversationStatus, native_enum=False, length=20), default=ConversationStatus.bot, index=True
    )
    place_id: Mapped[str | None] = mapped_column(String(40))
    emergency_kind: Mapped[str | None] = mapped_column(String(20))
    emergency_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # staff see these first
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handoff_reason: Mapped[str | None] = mapped_column(String(20))
    is_green: Mapped[bool] = mapped_column(default=False)  # 绿色通道: its case goes first, so does its conversation
    topic: Mapped[str | None] = mapped_column(String(20))  # of the matter, as the classifier heard it at the hand-over
    team_id: Mapped[int | None] = mapped_column(Integer, index=True)
    agent_id: Mapped[int | None] = mapped_column(Integer, index=True)
    agent_name: Mapped[str | None] = mapped_column(String(40))
    agent_active_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # forgotten after a while, back to the queue
    agent_typing_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resident_typing_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agent_seen: Mapped[int] = mapped_column(Integer, default=0)  # the last message each side has had before their eyes
    resident_seen: Mapped[int] = mapped_column(Integer, default=0)
    # times a link opened it in a browser, or the resident closed it there: what a browser held before opens nothing
    page_count: Mapped[int] = mapped_column(Integer, default=0)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)


class InternalNote(Base):
    """What agents tell each other. Not a message, so no channel can ever deliver it."""

    __tablename__ = "internal_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    author: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class CannedReply(Base):
    """A sentence that agents put into the reply with one press; edited under /staff/settings."""

    __tablename__ = "canned_reply"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(Integer, default=100)
    text: Mapped[str] = mapped_column(String(300), unique=True)


class Message(Base):
    """A resident's message is unanswered until `answered_at` is set, in the transaction that stores its replies."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "client_id"),
        UniqueConstraint("in_reply_to", "ordinal"),
        Index("ix_message_unanswered", "sender", "answered_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    client_id: Mapped[str | None] = mapped_column(String(64))
    sender: Mapped[Sender] = mapped_column(Enum(Sender, native_enum=False, length=20))
    kind: Mapped[str] = mapped_column(String(20), default="text")
    text: Mapped[str] = mapped_column(Text)  # as typed
    body: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # next, links, citations as shown, buttons, file
    in_reply_to: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    ordinal: Mapped[int | None]
    rating: Mapped[str | None] = mapped_column(String(4))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # somebody is at it, or was: a claim lapses
    claimed_by: Mapped[str | None] = mapped_column(String(120))  # the process that is at it (bot/shared/processes.py)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # tries at an answer that raised
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # 撤回: no resident reads it any more
    withdraws: Mapped[int | None] = mapped_column(Integer)  # this one says that that one was withdrawn

    @property
    def reply(self) -> Reply:
        return Reply.of_message(self.kind, self.text, self.body)


class Attachment(Base):
    """What an agent sent along: a picture or a PDF, written anew, never as it came."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), unique=True)
    kind: Mapped[str] = mapped_column(String(8))  # photo | pdf
    name: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(Integer)  # bytes
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    small: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)  # of a picture, as a JPEG
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Alarm(Base):
    """Somebody may be in danger, or waits too long: said outside our pages, too, without a word of what was said."""

    __tablename__ = "alarm"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    told: Mapped[list[str]] = mapped_column(JSON, default=list)  # keys of the robots that have it
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # all have it
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
