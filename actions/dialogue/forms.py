"""One form: asks, hears, corrects, pauses, drops."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.dialogue.base import ASKS, Services, message_of
from actions.dialogue.hearing import asides, commands, phrases
from actions.dialogue.hearing import dispute as words
from knowledge.normalise import normalise

STARTED = "dispute_id"
_DOUBLE_TAP_S = 3.0


def said(tracker: Tracker) -> str:
    return normalise(tracker.latest_message.get("text") or "")


def intent_of(tracker: Tracker) -> tuple[str, float]:
    intent = tracker.latest_message.get("intent") or {}
    return intent.get("name") or "", float(intent.get("confidence") or 0)


def fields_of(tracker: Tracker) -> dict[str, str | None]:
    return {s: tracker.get_slot(f"dispute_{s}") for s in words.STEPS}


def previous_message(tracker: Tracker) -> tuple[int | None, float]:
    """The resident's message before this one and when it was said (seconds since 1970); (None, 0) at the beginning."""
    heard = [
        e for e in tracker.events if e.get("event") == "user" and (e.get("metadata") or {}).get("message") is not None
    ]
    this = message_of(tracker)
    before = [e for e in heard if e["metadata"]["message"] != this]
    return (before[-1]["metadata"]["message"], float(before[-1].get("timestamp") or 0)) if before else (None, 0.0)


def is_double_tap(tracker: Tracker) -> bool:
    """The same words twice within moments: one press of a button, not an answer to two questions."""
    heard = [
        e for e in tracker.events if e.get("event") == "user" and (e.get("metadata") or {}).get("message") is not None
    ][-2:]
    return (
        len(heard) == 2
        and heard[0].get("text") == heard[1].get("text")
        and float(heard[1].get("timestamp") or 0) - float(heard[0].get("timestamp") or 0) < _DOUBLE_TAP_S
    )


def waiting_for(tracker: Tracker, what: str) -> str:
    """For the slot `awaits`: a yes in the very next message means `what`."""
    return f"{message_of(tracker)} {what}"


def awaited(tracker: Tracker) -> str | None:
    """What a yes means now; None where something else was said since it was asked."""
    message, _, what = (tracker.get_slot("awaits") or "").partition(" ")
    return what if what and message == str(previous_message(tracker)[0]) else None


def unfinished(tracker: Tracker) -> dict[str, Any]:
    """What is said after another matter, while a report lies half told: that it can go on."""
    if not (tracker.get_slot(STARTED) and is_told(fields_of(tracker))):
        return {}
    return {"buttons": [{"title": "接着报刚才的事", "payload": "接着报上次的事"}]}


def is_told(fields: dict[str, str | None]) -> bool:
    return bool(fields.get("what"))


HOTLINE = [{"label": "拨打 12348", "href": "tel:12348"}]

# intents the forms read themselves
_OWN = frozenset(
    {"ask_deadline", "check_legal_aid", "change_place", "ask_capabilities", "supplement_case", "rate_case"}
)


def say_step(dispatcher: CollectingDispatcher, text: str, **more: Any) -> None:
    dispatcher.utter_message(json_message={"kind": "asking", "text": text, **more})


class ToolForm(Action):
    """Shared by both: a message is heard once, a command or a question goes to the other rules."""

    prefix: str
    steps: tuple[str, ...]

    def __init__(self, services: Services) -> None:
        self.services = services

    def leave(self, dispatcher: CollectingDispatcher, tracker: Tracker, text: str) -> list[EventType] | None:
        """What isn't an answer: stopping, a small question about the form, or ([]) a message for the other rules;
        None for an answer.
        """
        intent, sure = intent_of(tracker)
        if phrases.is_drop(text) or phrases.is_pause(text) or re.search(r"不(?:测|算|问)了", text):
            say_step(dispatcher, "好，不算了。想问别的，直接说。", kind="smalltalk")
            return [*self.empty(), SlotSet("requested_slot", None)]
        if aside := asides.find(text, asides.TOOLS):
            say_step(dispatcher, aside, kind="smalltalk")
            return [SlotSet(f"{self.prefix}_message", message_of(tracker))]
        return [] if commands.is_meant(text, intent, sure, but=_OWN) else None

    def not_heard(self, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, hint: str) -> list[EventType]:
        """[] for a question, which the rules answer; otherwise the hint, and the form asks again."""
        if phrases.is_question(text) and len(text) >= 6 and intent_of(tracker)[0] in ASKS:
            return []
        say_step(dispatcher, hint, kind="smalltalk")
        return [SlotSet(f"{self.prefix}_message", message_of(tracker))]

    def empty(self) -> list[EventType]:
        return [SlotSet(f"{self.prefix}_{s}", None) for s in (*self.steps, "message")]

    def heard(self, tracker: Tracker) -> bool:
        return message_of(tracker) is not None and message_of(tracker) == tracker.get_slot(f"{self.prefix}_message")


class StopTool(ToolForm):
    prefix, steps = "deadline", ("matter", "start")

    def name(self) -> str:
        return "action_stop_tool"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        dispatcher.utter_message(json_message={"kind": "smalltalk", "text": "好，不算了。想问别的，直接说。"})
        return [*self.empty(), *(SlotSet(f"aid_{s}", None) for s in ("matter", "group", "means", "message"))]
