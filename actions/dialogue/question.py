"""A question answered from knowledge."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.dialogue.base import ASKS, Services, place_of, say
from actions.feedback import record_unanswered
from knowledge.answering.compose import ANSWER_FROM, Abstention, Answer, answer
from knowledge.normalise import normalise
from knowledge.places import Level, Place, village_labels, villages_in

# An unsure intent may still be a legal question; then the sources themselves must be surer.
_FALLBACK_FROM = TOLD_FROM = 0.75  # nor was a trouble that is told a question
_MOST_BUTTONS = 12


def split_matters(text: str) -> list[str]:
    """Several matters in one message, in their order: `彩礼能退吗？另外低保怎么办` -> two. At most three."""
    parts = re.split(
        r"[？?！!]\s*(?=\S)|[，,。；;]?\s*(?:另外|还有就是|还有个事|还想问|再问一下|顺便问|第二个问题|其次)[，,：:]?",
        text,
    )
    parts = [p.strip("，,。；; ") for p in parts if p and len(p.strip()) >= 4]
    if len(parts) < 2 or len(parts) > 4 or min(map(len, parts)) < 4:
        return [text]
    return parts[:3]


class Answering(Action):
    def __init__(self, services: Services) -> None:
        self.services = services

    def _answer_one(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        question: str,
        *,
        intent: str,
        threshold: float,
        said: str,
        is_asked: bool = True,
    ) -> bool:
        """`is_asked`: False for what wasn't a question; then silence is better than an abstention."""
        place = place_of(tracker)
        with self.services.sessions() as session:
            found = answer(
                session,
                self.services.searcher,
                question,
                day=self.services.today(),
                place=place,
                intent=intent,
                threshold=threshold,
            )
            if isinstance(found, Abstention) and not is_asked:
                return False
            if isinstance(found, Abstention):
                meta = tracker.latest_message.get("metadata") or {}
                record_unanswered(
                    session,
                    said,
                    reason="abstained",
                    conversation_id=tracker.sender_id,
                    message_id=meta.get("message"),
                    place=place,
                )
                session.commit()
                say(
                    dispatcher,
                    "abstention",
                    "这个问题我没有把握，不敢乱答。我已经记下来，会有人补上。",
                    next="急着要答复，可以拨打 12348 免费问律师，办事的事拨打 12345。",
                    links=[{"label": "拨打 12348", "href": "tel:12348"}, {"label": "拨打 12345", "href": "tel:12345"}],
                    confidence=found.confidence,
                    topic=self.services.topic(said),  # which topics lack documents (`bot/conversations/coverage.py`)
                )
                return False
        shown = payload_of(found)
        if intent == "ask_legal_aid":
            shown["buttons"] = [*shown["buttons"], {"title": "三个问题，帮我看看能不能申请", "payload": "法律援助自测"}]
        say(dispatcher, "answer", found.text, **shown)
        return True


def payload_of(found: Answer) -> dict[str, Any]:
    return {
        "next": found.next,
        "citations": [asdict(c) for c in found.citations],
        "confidence": found.confidence,
        "topic": found.topic,
        "buttons": [{"title": t, "payload": p} for t, p in found.buttons],
    }


class AnswerQuestion(Answering):
    def name(self) -> str:
        return "action_answer_question"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = normalise(tracker.latest_message.get("text") or "")
        intent = (tracker.latest_message.get("intent") or {}).get("name") or ""
        sure = intent in ASKS
        if not sure and len(text) < 4:
            say(
                dispatcher,
                "asking",
                "我没太听明白。您想问哪方面的事？比如土地、工资、低保、彩礼、邻里纠纷，多说一两句就行。",
            )
            return []
        if intent == "ask_village_rule" and (near := self._unsure_village(place_of(tracker))) is not None:
            buttons = self._villages(near)
            say(
                dispatcher,
                "asking",
                f"您是哪个村的？各村的村规不一样。{'' if buttons else '直接说“我是某某村的”就行。'}",
                buttons=buttons,
            )
            return [SlotSet("pending_question", text)]
        for matter in split_matters(text):
            self._answer_one(
                dispatcher,
                tracker,
                matter,
                intent=intent if sure else "ask_law",
                threshold=ANSWER_FROM if sure else _FALLBACK_FROM,
                said=matter,
            )
        return [SlotSet("last_question", text), SlotSet("last_intent", intent), SlotSet("plain_count", 0.0)]

    def _unsure_village(self, place: str | None) -> list[Place] | None:
        """None where the village is known; else those it may be, [] for any: a township's own account knows the
        township only.
        """
        with self.services.sessions() as session:
            known = session.get(Place, place) if place else None
            if known is not None and known.level is Level.village:
                return None
            return villages_in(session, known.id) if known else []

    def _villages(self, only: Sequence[Place] = ()) -> list[dict[str, str]]:
        """A button a village; none where a county has imported so many that saying the name is quicker."""
        with self.services.sessions() as session:
            labels = village_labels(session)
        found = [(label, payload) for place, label, payload in labels if not only or place.id in {p.id for p in only}]
        return (
            [{"title": label, "payload": f"我是{payload}的"} for label, payload in found]
            if len(found) <= _MOST_BUTTONS
            else []
        )
