"""Yes, no, stop, a person: the small steps between the forms; and the list of all actions."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.dialogue import booking, case, dispute, mediation, tools
from actions.dialogue.dispute import ReportDispute
from actions.dialogue.knowledge import AnswerQuestion, Services
from knowledge.normalise import normalise


class _Fixed(Action):
    action_name: str
    kind = "smalltalk"
    text: str
    next: str | None = None
    links: tuple[dict[str, str], ...] = ()

    def name(self) -> str:
        return self.action_name

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        dispatcher.utter_message(json_message={"kind": self.kind, "text": self.text, "next": self.next, "links": list(self.links)})
        return []


class RequestHandoff(Action):
    """Says the word; `bot.turns` puts the conversation into the queue and tells the resident where they stand."""

    def name(self) -> str:
        return "action_request_handoff"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        dispatcher.utter_message(json_message={"kind": "handoff", "text": "好，这就请工作人员来。", "handoff": {"reason": "asked"}})
        return []


class Affirm(ReportDispute):
    """A yes to the offer to file what was told; otherwise only a friendly word."""

    def name(self) -> str:
        return "action_affirm"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if tracker.get_slot("dispute_offer"):
            return self.begin(dispatcher, tracker, normalise(tracker.latest_message.get("text") or ""))
        dispatcher.utter_message(json_message={"kind": "smalltalk", "text": "好的。还有什么想问的，直接说就行。"})
        return []


class Deny(_Fixed):
    action_name = "action_deny"
    text = "好，那就不弄了。有别的事随时问我。"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        super().run(dispatcher, tracker, domain)
        return [SlotSet("dispute_offer", None)]


class Stop(_Fixed):
    action_name = "action_stop"
    text = "好，先到这里。您什么时候想问，再来就行。"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        super().run(dispatcher, tracker, domain)
        return [SlotSet("pending_question", None), SlotSet("dispute_offer", None)]


def all_actions(services: Services) -> list[Action]:
    from actions.dialogue.knowledge import AnswerFollowUp, ChangePlace, ExplainPlainly

    return [
        *(kind(services) for kind in (AnswerQuestion, AnswerFollowUp, ChangePlace, ExplainPlainly, Affirm)),
        *(kind() for kind in (RequestHandoff, Deny, Stop)),
        *dispute.actions(services),
        *case.actions(services),
        *mediation.actions(services),
        *booking.actions(services),
        *tools.actions(services),
    ]
