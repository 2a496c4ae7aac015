from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.dialogue.base import message_of
from actions.dialogue.forms import HOTLINE, ToolForm, said, say_step
from actions.tools import legal_aid


class StartAid(ToolForm):
    prefix, steps = "aid", ("matter", "group", "means")

    def name(self) -> str:
        return "action_start_legal_aid"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        known = [(q, legal_aid.read_option(q, text)) for q in ("matter", "group")] if len(text) >= 8 else []
        say_step(dispatcher, "好，问您三个小问题，帮您看看能不能申请法律援助。")
        return [
            *self.empty(),
            *(SlotSet(f"aid_{q}", v) for q, v in known if v),
            SlotSet("aid_message", message_of(tracker)),
            FollowupAction("legal_aid_form"),
        ]


class ValidateAid(StartAid):
    def name(self) -> str:
        return "validate_legal_aid_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        if self.heard(tracker):
            return [SlotSet("aid_message", message_of(tracker))]
        if (left := self.leave(dispatcher, tracker, text)) is not None:
            return left
        step = (tracker.get_slot("requested_slot") or "").removeprefix("aid_")
        value = legal_aid.read_option(step, text) if step in legal_aid.QUESTIONS else None
        if value is None:
            return self.not_heard(
                dispatcher, tracker, text, "没听明白是哪一种，点一个就行；都不像，就说“别的事”或者“都不是”。"
            )
        return [SlotSet(f"aid_{step}", value), SlotSet("aid_message", message_of(tracker))]


class AskAid(Action):
    def __init__(self, step: str) -> None:
        self.step = step

    def name(self) -> str:
        return f"action_ask_aid_{self.step}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        question = legal_aid.QUESTIONS[self.step]
        say_step(
            dispatcher,
            question.text_zh,
            buttons=[{"title": o.label_zh, "payload": o.label_zh} for o in question.options],
        )
        return []


class TellAid(StartAid):
    def name(self) -> str:
        return "action_tell_legal_aid"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        chosen = [tracker.get_slot(f"aid_{s}") for s in self.steps]
        if not all(chosen):
            return []
        found = legal_aid.assess(*chosen)
        sources = "、".join(f"《{law}》{article}" for law, article in found.articles)
        dispatcher.utter_message(
            json_message={
                "kind": "legal_aid",
                "text": f"{found.text_zh}\n依据：{sources}。\n要带：{'；'.join(found.papers_zh)}。",
                "next": found.where_zh,
                "links": HOTLINE,
                "buttons": [{"title": "约法律工作者", "payload": "想约律师"}],
            }
        )
        return self.empty()
