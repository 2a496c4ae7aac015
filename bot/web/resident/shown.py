"""A reply as JSON."""

from typing import Any

from bot.conversations.models import Message, Sender


def message_json(message: Message) -> dict[str, Any]:
    body = message.body or {}
    return {
        "id": message.id,
        "client_id": message.client_id if message.sender is Sender.resident else None,
        "sender": message.sender.value,
        "in_reply_to": message.in_reply_to,
        "at": message.created_at.isoformat(),
        "kind": message.kind,
        "text": message.text,
        "next": body.get("next"),
        "links": body.get("links", []),
        "citations": [
            {"number": i, **{k: v for k, v in c.items() if k != "score"}}
            for i, c in enumerate(body.get("citations", []), 1)
        ],
        "buttons": body.get("buttons", []),
        "agent": body.get("agent"),
        "rating": message.rating,
        "can_rate": message.sender is Sender.bot and message.kind == "answer",
    }
