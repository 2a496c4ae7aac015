"""A reply as JSON."""

from dataclasses import asdict
from typing import Any

from actions.replies import Reply, ReplyKind
from bot.conversations.models import Message, Sender
from knowledge.answering.told import Citation


def message_json(message: Message) -> dict[str, Any]:
    return {
        **reply_json(message.reply),
        "id": message.id,
        "client_id": message.client_id if message.sender is Sender.resident else None,
        "sender": message.sender.value,
        "in_reply_to": message.in_reply_to,
        "at": message.created_at.isoformat(),
        "kind": message.kind,
        "rating": message.rating,
        "can_rate": message.sender is Sender.bot and message.kind == ReplyKind.answer,
    }


def reply_json(said: Reply) -> dict[str, Any]:
    return {
        "kind": said.kind.value,
        "text": said.text,
        "next": said.next or None,
        "links": [asdict(link) for link in said.links],
        "citations": [_citation_json(number, citation) for number, citation in enumerate(said.citations, 1)],
        "buttons": [button.as_json() for button in said.buttons],
        "agent": said.agent or None,
        # danger now: its numbers stay in sight
        "is_urgent": said.kind is ReplyKind.emergency and not said.is_soft,
    }


def _citation_json(number: int, citation: Citation) -> dict[str, Any]:
    """Without the score, which tells a resident nothing."""
    return {"number": number, **{name: value for name, value in asdict(citation).items() if name != "score"}}
