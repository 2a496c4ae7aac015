"""What every action is given, and how it speaks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.outcomes import ActionOutcome
from knowledge.search.searcher import Searcher

ASKS = {"ask_law", "ask_policy", "ask_village_rule", "ask_case_story", "ask_service_guide", "ask_legal_aid"}


@dataclass(frozen=True)
class Services:
    """What actions need from the application; given to each action when it is built."""

    sessions: Callable[[], Session]
    searcher: Searcher
    today: Callable[[], date]
    topic: Callable[[str], str]  # of a message, for routing


def place_of(tracker: Tracker) -> str | None:
    value = (tracker.latest_message.get("metadata") or {}).get("place")
    return value if isinstance(value, str) else None


def say(dispatcher: CollectingDispatcher, kind: str, text: str, **more: Any) -> None:
    dispatcher.utter_message(json_message={"kind": kind, "text": text, **more})


def message_of(tracker: Tracker) -> int | None:
    """Our row of the message that Rasa is at."""
    value = (tracker.latest_message.get("metadata") or {}).get("message")
    return value if isinstance(value, int) else None


def said_before(session: Session, tracker: Tracker, dispatcher: CollectingDispatcher) -> bool:
    """Whether an earlier try carried this message out; its words are said again."""
    message = message_of(tracker)
    done = session.get(ActionOutcome, message) if message is not None else None
    for reply in done.replies if done else ():
        dispatcher.utter_message(json_message=reply)
    return done is not None


def keep(session: Session, tracker: Tracker, reply: dict[str, Any]) -> None:
    """Say this from now on; committed by the deed that follows in the same session."""
    if (message := message_of(tracker)) is not None:
        session.add(ActionOutcome(message_id=message, replies=[reply]))
