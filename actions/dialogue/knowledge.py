"""Rasa's custom actions over the knowledge base: slots and messages in, one `custom` object out."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.cases.routing import below
from actions.feedback import record_unanswered
from knowledge.answers import ANSWER_FROM, Abstention, Answer, answer
from knowledge.models import Level, Place
from knowledge.normalise import normalise
from knowledge.search import Searcher

ASKS = {"ask_law", "ask_policy", "ask_village_rule", "ask_case_story", "ask_service_guide", "ask_legal_aid"}
# An unsure intent may still be a legal question; then the sources themselves must be surer.
_FALLBACK_FROM = TOLD_FROM = 0.75  # nor was a trouble that is told a question
_MOST_BUTTONS = 12


@dataclass(frozen=True)
class Services:
    """What actions need from the application; given to each action when it is built."""

    sessions: Callable[[], Session]
    searcher: Searcher
    today: Callable[[], date]
    topic: Callable[[str], str]  # of a message, for routing


def _place(tracker: Tracker) -> str | None:
    value = (tracker.latest_message.get("metadata") or {}).get("place")
    return value if isinstance(value, str) else None


def _say(dispatcher: CollectingDispatcher, kind: str, text: str, **more: Any) -> None:
    dispatcher.utter_message(json_message={"kind": kind, "text": text, **more})


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


class _Answering(Action):
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
        place = _place(tracker)
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
                _say(
                    dispatcher,
                    "abstention",
                    "这个问题我没有把握，不敢乱答。我已经记下来，会有人补上。",
                    next="急着要答复，可以拨打 12348 免费问律师，办事的事拨打 12345。",
                    links=[{"label": "拨打 12348", "href": "tel:12348"}, {"label": "拨打 12345", "href": "tel:12345"}],
                    confidence=found.confidence,
                    topic=self.services.topic(said),  # which topics lack documents (`bot/coverage.py`)
                )
                return False
        shown = _payload(found)
        if intent == "ask_legal_aid":
            shown["buttons"] = [*shown["buttons"], {"title": "三个问题，帮我看看能不能申请", "payload": "法律援助自测"}]
        _say(dispatcher, "answer", found.text, **shown)
        return True


def _payload(found: Answer) -> dict[str, Any]:
    return {
        "next": found.next,
        "citations": [asdict(c) for c in found.citations],
        "confidence": found.confidence,
        "topic": found.topic,
        "buttons": [{"title": t, "payload": p} for t, p in found.buttons],
    }


class AnswerQuestion(_Answering):
    def name(self) -> str:
        return "action_answer_question"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = normalise(tracker.latest_message.get("text") or "")
        intent = (tracker.latest_message.get("intent") or {}).get("name") or ""
        sure = intent in ASKS
        if not sure and len(text) < 4:
            _say(
                dispatcher,
                "asking",
                "我没太听明白。您想问哪方面的事？比如土地、工资、低保、彩礼、邻里纠纷，多说一两句就行。",
            )
            return []
        if intent == "ask_village_rule" and (near := self._unsure_village(_place(tracker))) is not None:
            buttons = self._villages(near)
            _say(
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
            return (
                [v for p in below(session, known.id) if (v := session.get_one(Place, p)).level is Level.village]
                if known
                else []
            )

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


class AnswerFollowUp(_Answering):
    """A question that only makes sense after the last one: both are searched together."""

    def name(self) -> str:
        return "action_answer_follow_up"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = normalise(tracker.latest_message.get("text") or "")
        last = tracker.get_slot("last_question")
        if not last:
            _say(dispatcher, "asking", "您想接着问哪件事？把事情说一句，我好找准依据。")
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


class ChangePlace(AnswerQuestion):
    def name(self) -> str:
        return "action_change_place"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = normalise(tracker.latest_message.get("text") or "")
        with self.services.sessions() as session:
            found = find_villages(session, text)
        if len(found) > 1:
            _say(dispatcher, "asking", f"叫{found[0].name}的村不止一个，您是哪一个？", buttons=self._villages(found))
            return []
        if not found:
            buttons = self._villages()
            _say(
                dispatcher,
                "asking",
                (
                    f"这个村我这里还没有资料。您可以{'从下面选' if buttons else '说村的全名，前面带上乡镇'}，"
                    "也可以直接问法律和办事的问题。"
                ),
                buttons=buttons,
            )
            return []
        village = found[0]
        pending = tracker.get_slot("pending_question")
        _say(
            dispatcher,
            "smalltalk",
            f"好，记下了，您是{village.name}的。" + ("" if pending else "想问什么，直接说。"),
            place=village.id,
        )
        if pending:
            tracker.latest_message["metadata"] = {**(tracker.latest_message.get("metadata") or {}), "place": village.id}
            self._answer_one(
                dispatcher, tracker, pending, intent="ask_village_rule", threshold=ANSWER_FROM, said=pending
            )
            return [
                SlotSet("pending_question", None),
                SlotSet("last_question", pending),
                SlotSet("last_intent", "ask_village_rule"),
                SlotSet("place", village.id),
            ]
        return [SlotSet("place", village.id)]


def find_village(session: Session, text: str) -> Place | None:
    """The village named in a text; None also where several have that name, because a guess would send a matter to
    strangers.
    """
    found = find_villages(session, text)
    return found[0] if len(found) == 1 else None


def find_villages(session: Session, text: str) -> list[Place]:
    """The village named in a text, several where they share the name. The longest name wins, so 王家湾 isn't taken for
    王家, and 青石乡石桥村 is not the 石桥村 of another township.
    """
    townships = {p.id: p.name for p in session.scalars(select(Place).where(Place.level == Level.township))}
    said, best = "", list[Place]()
    for place in session.scalars(select(Place).where(Place.level == Level.village).order_by(Place.id)):
        names = [place.name, *place.aliases, townships.get(place.parent_id or "", "") + place.name]
        name = max((n for n in names if len(n) >= 2 and n in text), key=len, default="")
        if len(name) > len(said):
            said, best = name, [place]
        elif name and name == said:
            best.append(place)
    return best


def village_labels(session: Session) -> list[tuple[Place, str, str]]:
    """All villages, as shown and as said: the township is told where two have one name."""
    places = {p.id: p for p in session.scalars(select(Place).order_by(Place.id))}
    villages = [p for p in places.values() if p.level is Level.village]
    count = Counter(p.name for p in villages)
    above = {p.id: places[p.parent_id].name if p.parent_id in places else "" for p in villages}
    return [
        (p, f"{p.name}（{above[p.id]}）", above[p.id] + p.name) if count[p.name] > 1 else (p, p.name, p.name)
        for p in villages
    ]


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
                    place=_place(tracker),
                )
                found = (
                    answer(
                        session,
                        self.services.searcher,
                        last,
                        day=self.services.today(),
                        place=_place(tracker),
                        intent="ask_service_guide",
                    )
                    if count == 0
                    else None
                )
                session.commit()
            if isinstance(found, Answer):
                _say(dispatcher, "answer", f"换个说法：{found.text}", **_payload(found))
                return [SlotSet("plain_count", 1.0)]
        _say(
            dispatcher,
            "handoff",
            "是我没说清楚。这件事还是请人给您讲更稳当。",
            next="工作时间可以到镇司法所或村委会当面问；随时可以拨打 12348，律师免费讲给您听。",
            links=[{"label": "拨打 12348", "href": "tel:12348"}],
        )
        return [SlotSet("plain_count", 0.0)]
