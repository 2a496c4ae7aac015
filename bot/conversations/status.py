"""Who answers in a conversation; here is the table of its moves, and the one function that makes them.

bot ──request──> waiting ──accept──> open ──give_back / close──> bot
 └─────────────accept (an agent steps in)──────^  │
                   waiting <──transfer / forgotten┘
                   waiting ──resident doesn't want to wait──> bot
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from actions.errors import NotAllowed
from bot.conversations.models import Conversation, ConversationStatus
from knowledge.tables import changed

Status = ConversationStatus
MOVES: dict[Status, frozenset[Status]] = {
    Status.bot: frozenset({Status.waiting, Status.open}),
    Status.waiting: frozenset({Status.open, Status.bot}),
    Status.open: frozenset({Status.bot, Status.waiting}),
}


def move(session: Session, conversation_id: str, to: Status, *, start: Sequence[Status], **values: Any) -> bool:
    """One conditional update: of two who press at once, one moves it."""
    if not all(to in MOVES[s] for s in start):
        raise NotAllowed
    done = changed(
        session,
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.status.in_(start))
        .values(status=to, updated_at=datetime.now(UTC), **values),
    )
    session.expire_all()
    return done > 0
