"""A message is acted on once: given to Rasa a second time, it hears what was said the first time.

An app that dies leaves its message with Rasa, whose turn may end, and be kept, after another app has taken the message
over and has looked for it in the tracker in vain (bot/rasa_client.py, take_back). Here the conversation's lock is held.
"""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

_handle, _save = MessageProcessor.handle_message, MessageProcessor.save_tracker
_log = MessageProcessor._handle_message_with_tracker


class HeardBefore(Exception):
    """What was said to this message."""

    def __init__(self, said: list[Event]) -> None:
        super().__init__(f"{len(said)} replies")
        self.said = said


def said_to(tracker: DialogueStateTracker, message: int) -> list[Event]:
    """In this session; []: it is to be acted on."""
    events = list(tracker.events)
    turns = [n for n, event in enumerate(events) if isinstance(event, UserUttered)]
    at = next((n for n in reversed(turns) if _number(events[n]) == message), None)
    if at is None:
        return []
    until = next((n for n in turns if n > at), len(events))
    return [event for event in events[at:until] if isinstance(event, BotUttered)]


def _number(of: UserMessage | Event | None) -> int | None:
    """Our app's, of its message."""
    number = (getattr(of, "metadata", None) or {}).get("message")
    return number if isinstance(number, int) else None


async def _log_once(self: MessageProcessor, message: UserMessage, tracker: DialogueStateTracker) -> None:
    number = _number(message)
    if number is not None and (said := said_to(tracker, number)):
        raise HeardBefore(said)
    await _log(self, message, tracker)


async def _save_what_was_answered(self: MessageProcessor, tracker: DialogueStateTracker) -> None:
    """A turn that says nothing has failed: Rasa goes on without an action that raises, or whose server was killed. Our
    app gives the message again, when another may have had its turn already.
    """
    number = _number(tracker.latest_message)
    if number is None or said_to(tracker, number):
        await _save(self, tracker)


async def _handle_once(self: MessageProcessor, message: UserMessage) -> list[dict[str, Any]] | None:
    try:
        return await _handle(self, message)
    except HeardBefore as before:
        tracker = DialogueStateTracker(message.sender_id, [])  # asked for nothing but whom it is of
        await self._send_bot_messages(before.said, tracker, message.output_channel)
        return None


def install() -> None:
    """Make every processor of this Python do so; calling it again changes nothing."""
    MessageProcessor._handle_message_with_tracker = _log_once
    MessageProcessor.handle_message = _handle_once
    MessageProcessor.save_tracker = _save_what_was_answered
