"""What was said in a conversation, as the member of staff may read it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.errors import NotFound
from bot.conversations import private
from bot.conversations.agents import withdrawing
from bot.conversations.models import Conversation, Message
from bot.staff import rights
from bot.web.staff.desk import Seat, Who
from bot.web.staff.typed import words

_MESSAGES_SHOWN = 300


def held(session: Session, who: Who, conversation_id: str) -> Conversation:
    """Raises NotFound, NotAllowed."""
    found = session.get(Conversation, words(conversation_id, 40))
    if found is None:
        raise NotFound("没有这段对话，可能居民已经删除。")
    rights.check_place(session, who.staff, found.place_id)
    return found


@dataclass(frozen=True)
class Thread:
    """The latest messages, oldest first, as the agent sees them."""

    messages: list[Message]
    shown: dict[str, Any]

    @classmethod
    def of(cls, at: Seat, conversation: Conversation) -> Self:
        latest = select(Message).where(Message.conversation_id == conversation.id).order_by(Message.id.desc())
        messages = list(at.session.scalars(latest.limit(_MESSAGES_SHOWN)))[::-1]
        is_theirs = private.meets(at.session, conversation.id, at.staff.id)
        hidden = set() if is_theirs else private.among(at.session, [m.id for m in messages])
        now = datetime.now(UTC)
        shown = {
            "conversation": conversation,
            "messages": messages,
            "hidden": hidden,
            "hidden_text": private.HIDDEN,
            "withdrawable": {m.id for m in messages if withdrawing.may_withdraw(m, at.staff.id, now=now)},
            "withdrawn_by_me": {m.id for m in messages if m.withdrawn_at and m.body.get(withdrawing.BY) == at.staff.id},
        }
        return cls(messages, {**shown, "remaining": at.tools.remaining(conversation.id)})

    @property
    def open(self) -> list[Message]:
        """Those that this member of staff may read."""
        return [m for m in self.messages if m.id not in self.shown["hidden"]]

    def page(self, at: Seat) -> HTMLResponse:
        return at.page("inbox/thread.html", **self.shown)
