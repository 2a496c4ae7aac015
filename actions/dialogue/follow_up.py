from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.dialogue.base import Services, place_of, say
from actions.dialogue.question import Answering, payload_of
from actions.feedback import record_unanswered
from knowledge.answering.compose import ANSWER_FROM, Answer, answer
from knowledge.normalise import normalise


class AnswerFollowUp(Answering):
    """A question that only makes sense after the last one: both are searched together."""

    def name(self) -> str:
        return "action_answer_follow_up"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = normalise(tracker.latest_message.get("text") or "")
        last = tracker.get_slot("last_question")
        if not last:
            say(dispatcher, "asking", "您想接着问哪件事？把事情说一句，我好找准依据。")
            return []
        intent = (
            "ask_case_story" if "案例" in text or "例子" in text else (tracker.get_slot("last_intent") or "ask_law")
        )
        self._answer_one(
            dispatcher,
            tracker,
            f"{last[-150:]} {text}",
            intent=intent,
            threshold=ANSWER_FROM,
            said=f"{last[-150:]} / {text}",
        )
        return [SlotSet("plain_count", 0.0)]


class ExplainPlainly(Action):
    """没看懂: once a plainer wording, then a person."""

    def name(self) -> str:
        return "action_explain_plainly"

    def __init__(self, services: Services) -> None:
        self.services = services

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        last = tracker.get_slot("last_question")
        count = float(tracker.get_slot("plain_count") or 0)
        if last:
            with self.services.sessions() as session:
                meta = tracker.latest_message.get("metadata") or {}
                record_unanswered(
                    session,
                    last,
                    reason="not_understood",
                    conversation_id=tracker.sender_id,
                    message_id=meta.get("message"),
                    place=place_of(tracker),
                )
                found = (
                    answer(
                        session,
                        self.services.searcher,
                        last,
                        day=self.services.today(),
                        place=place_of(tracker),
                        intent="ask_service_guide",
                    )
                    if count == 0
                    else None
                )
                session.commit()
            if isinstance(found, Answer):
                say(dispatcher, "answer", f"换个说法：{found.text}", **payload_of(found))
                return [SlotSet("plain_count", 1.0)]
        say(
            dispatcher,
            "handoff",
            "是我没说清楚。这件事还是请人给您讲更稳当。",
            next="工作时间可以到镇司法所或村委会当面问；随时可以拨打 12348，律师免费讲给您听。",
            links=[{"label": "拨打 12348", "href": "tel:12348"}],
        )
        return [SlotSet("plain_count", 0.0)]
