"""A reply as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from actions.replies import Reply, ReplyKind
from bot.conversations.agents import attachments, photos
from bot.conversations.agents.attachments import Links
from bot.conversations.models import Conversation, Message, Sender
from bot.web.resident.live import is_typing
from knowledge.answering.told import Citation


def news_json(
    conversation: Conversation, found: Sequence[Message], *, degraded: str | None, files: Links
) -> dict[str, Any]:
    """What a page asks for or is told: messages that it hasn't got, and how the conversation stands."""
    return {
        "messages": [message_json(m, files) for m in found],
        "status": conversation.status.value,
        "agent": conversation.agent_name,
        "typing": is_typing(conversation.agent_typing_at, datetime.now(UTC)),
        "degraded": degraded,
    }


def message_json(message: Message, files: Links | None = None) -> dict[str, Any]:
    """`files`: makes the addresses of what was sent along; `withdraws`: the message that the page takes away."""
    said = reply_json(message.reply)
    return {
        **said,
        "text": message.body.get("button") or said["text"],
        "id": message.id,
        "client_id": message.client_id if message.sender is Sender.resident else None,
        "sender": message.sender.value,
        "in_reply_to": message.in_reply_to,
        "at": message.created_at.isoformat(),
        "kind": message.kind,
        "rating": message.rating,
        "file": _file_json(message, files),
        "withdraws": message.withdraws,
        "can_rate": message.sender is Sender.bot and message.kind == ReplyKind.answer,
    }


def _file_json(message: Message, files: Links | None) -> dict[str, Any] | None:
    if (photo := photos.told_of(message)) is not None:
        path = files.photo_path(photo) if files else None
        small = f"{path}/small" if path else None
        return {"kind": attachments.PHOTO, "name": "照片", "size": 0, "href": path, "small": small, "is_own": True}
    told = attachments.told_of(message)
    if told is None:
        return None
    path = files.path(told["id"]) if files else None
    small = f"{path}/small" if path and told["kind"] == attachments.PHOTO else None
    return {"kind": told["kind"], "name": told["name"], "size": told["size"], "href": path, "small": small}


def reply_json(said: Reply) -> dict[str, Any]:
    return {
        "kind": said.kind.value,
        "text": said.text,
        "next": said.next or None,
        "links": [asdict(link) for link in said.links],
        "citations": [_citation_json(number, citation) for number, citation in enumerate(said.citations, 1)],
        "buttons": [button.as_json() for button in said.buttons],
        "agent": said.agent or None,
        "case": said.case or None,
        # danger now: its numbers stay in sight
        "is_urgent": said.kind is ReplyKind.emergency and not said.is_soft,
    }


def _citation_json(number: int, citation: Citation) -> dict[str, Any]:
    """Without the score, which tells a resident nothing."""
    return {"number": number, **{name: value for name, value in asdict(citation).items() if name != "score"}}
