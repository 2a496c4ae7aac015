"""What was said when a message's wish was carried out, stored in the transaction of the deed: a second try at the
message, after somebody was killed in between, says it again and does nothing.
"""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.cases.models import ActionOutcome


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
