"""Reporting a dispute: a form that feels like talking. Slots hold what was said; `actions.cases.service` files it."""

from datetime import UTC, datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.cases import service
from actions.dialogue import dispute_text as words
from actions.dialogue.knowledge import AnswerQuestion, Services, _place, find_village
from actions.dialogue.outcomes import message_of, said_before
from knowledge.answers import ANSWER_FROM
from knowledge.models import Place
from knowledge.normalise import normalise

SLOTS = [f"dispute_{s}" for s in words.STEPS]
_COMMANDS = {"check_case", "book_consultation", "human_handoff", "stop", "thanks", "goodbye", "ask_capabilities", "change_place", "greet"}
_SURE = 0.6
_STARTED = "dispute_id"
_ASK = {
    "what": "您慢慢说：出了什么事？",
    "where": "这事在哪儿？哪个村、什么位置，说一声。",
    "when": "大概什么时候的事？记不清就说“记不清”。",
    "who": "跟谁有关？不用说名字，说是邻居、老板、村里还是别的人就行。",
    "wish": "您希望怎么解决？比如停下来、赔钱、道歉、调解。",
    "care": "家里有没有需要优先照顾的？比如老人、残疾人、农民工讨薪、挨了打、拖了好几年。没有就说没有。",
    "contact": "办事的人怎么联系您？可以留手机号；不想留名就说“匿名”；也可以就在这里回复您。",
}
_BUTTONS = {
    "when": ["今天", "昨天", "记不清"],
    "who": ["邻居", "老板", "村里", "说不清"],
    "wish": ["调解一下", "停下来", "赔偿损失", "请帮忙处理"],
    "care": ["没有", "高龄或独居老人", "残疾人", "农民工工资", "拖了很久"],
    "contact": ["在这里回复就行", "匿名"],
}


def said(tracker: Tracker) -> str:
    return normalise(tracker.latest_message.get("text") or "")


def intent_of(tracker: Tracker) -> tuple[str, float]:
    intent = tracker.latest_message.get("intent") or {}
    return intent.get("name") or "", float(intent.get("confidence") or 0)


def fields_of(tracker: Tracker) -> dict[str, str | None]:
    return {s: tracker.get_slot(f"dispute_{s}") for s in words.STEPS}


def empty() -> list[EventType]:
    return [SlotSet(s, None) for s in [*SLOTS, _STARTED, "dispute_confirm", "dispute_message", "dispute_offer"]]


def is_told(fields: dict[str, str | None]) -> bool:
    return bool(fields.get("what"))


class ReportDispute(AnswerQuestion):
    """A trouble told: what the law says, and the offer to file it. Asked to file, the form begins at once."""

    def name(self) -> str:
        return "action_report_dispute"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        held = fields_of(tracker)
        if tracker.active_loop_name == "dispute_form":
            self._answer_one(dispatcher, tracker, text, intent="ask_law", threshold=ANSWER_FROM, said=text)
            return []  # a question in the middle of the report; the form asks on
        if is_told(held) and tracker.get_slot(_STARTED) and (words.is_resume(text) or len(text) < 8):
            dispatcher.utter_message(json_message={"kind": "asking", "text": f"好，接着报您上次说的：{held['what']}"})
            return [FollowupAction("dispute_form")]
        if not words.is_explicit(text):
            if len(text) >= 8:
                self._answer_one(dispatcher, tracker, text, intent="ask_law", threshold=ANSWER_FROM, said=text, is_asked=words.is_question(text))
            dispatcher.utter_message(
                json_message={
                    "kind": "smalltalk",
                    "text": "这件事要不要我替您登记上报？登记以后有编号，谁在办、办到哪一步，我都会告诉您。",
                    "buttons": [{"title": "要，帮我登记", "payload": "帮我登记上报"}, {"title": "先不用", "payload": "先不用"}],
                }
            )
            return [SlotSet("dispute_offer", text), SlotSet("last_question", text), SlotSet("last_intent", "ask_law")]
        return self.begin(dispatcher, tracker, text)

    def begin(self, dispatcher: CollectingDispatcher, tracker: Tracker, text: str) -> list[EventType]:
        """Fill from what was told just now, or just before."""
        offered = tracker.get_slot("dispute_offer")
        told = offered if offered and len(text) < 16 else text
        place = _place(tracker)
        found = words.extract(told, now=datetime.now(UTC))
        what = told if len(told) >= 8 or found.get("who") else None
        with self.services.sessions() as session:
            village = find_village(session, told) or (session.get(Place, place) if place else None)
        if "where" in found and village and village.name not in found["where"]:
            found["where"] = village.name + found["where"]
        elif "where" not in found and village and village.name in told:
            found["where"] = village.name
        fields: dict[str, str | None] = {**found, "what": what}
        ready = words.acknowledgement(fields) if what else "好，我来帮您登记，几句话就好。中途想问别的、想改、想停，直接说。"
        dispatcher.utter_message(json_message={"kind": "asking", "text": ready})
        return [
            *empty(),
            *(SlotSet(f"dispute_{k}", v) for k, v in fields.items() if v),
            SlotSet(_STARTED, f"{tracker.sender_id}:{message_of(tracker) or datetime.now(UTC).timestamp()}"),
            SlotSet("dispute_message", message_of(tracker)),
            FollowupAction("dispute_form"),
        ]


class ValidateDispute(Action):
    """Takes from a message what belongs to the form. Returning nothing gives the message to the other rules, and then asks again."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "validate_dispute_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        step = (tracker.get_slot("requested_slot") or "").removeprefix("dispute_")
        message = message_of(tracker)
        if message is not None and message == tracker.get_slot("dispute_message"):
            return [SlotSet("dispute_message", message)]  # heard already; its reply was lost on the way
        text, (intent, sure) = said(tracker), intent_of(tracker)
        found = self.read(dispatcher, tracker, step, text, intent, sure)
        return [*found, SlotSet("dispute_message", message)] if found else []

    def read(self, dispatcher: CollectingDispatcher, tracker: Tracker, step: str, text: str, intent: str, sure: float) -> list[EventType]:
        fields = fields_of(tracker)
        if words.is_drop(text) or words.is_pause(text):
            return []
        if words.is_back(text):
            filled = [s for s in words.STEPS if fields.get(s)]
            before = filled[: words.STEPS.index(step)] if step in words.STEPS else filled
            return [SlotSet(f"dispute_{before[-1]}", None), SlotSet("dispute_confirm", None)] if before else []
        if fixed := words.correction(text, fields):
            corrected, value = fixed
            if value:
                value = words.read_step(corrected, value, now=datetime.now(UTC)) or value
                dispatcher.utter_message(json_message={"kind": "asking", "text": f"改好了，{words.FIELDS[corrected]}：{value}。"})
            return [SlotSet(f"dispute_{corrected}", value), SlotSet("dispute_confirm", None)]
        if step == "confirm":
            answer = words.yes_or_no(text)
            if answer is True or (intent == "affirm" and sure >= 0.8 and len(text) <= 8):
                return [SlotSet("dispute_confirm", "yes")]
            if answer is False or intent == "deny":
                buttons = [{"title": name, "payload": f"{name}要改"} for s, name in words.FIELDS.items() if fields.get(s)]
                dispatcher.utter_message(json_message={"kind": "asking", "text": "哪一项要改？直接说“地点不对，是村口”这样的话也行；不想报了就说“不报了”。", "buttons": buttons})
                return [SlotSet("dispute_confirm", None), SlotSet("requested_slot", "dispute_confirm")]
            return []
        if text in _BUTTONS.get(step, ()) or (step == "contact" and words.phone_in(text)):
            return [SlotSet(f"dispute_{step}", words.read_step(step, text, now=datetime.now(UTC)) or text)]  # a button is never a command
        if intent in _COMMANDS and sure >= _SURE and not (step == "contact" and intent in ("stop", "deny")) and not (step == "where" and intent == "change_place"):
            return []
        if step != "what" and len(text) >= 4 and ((words.is_question(text) and (intent.startswith("ask_") or intent == "nlu_fallback")) or text.endswith(("?", "？", "吗"))):
            return []
        value = words.read_step(step, text, now=datetime.now(UTC)) if step in words.STEPS else None
        if value is None or (step == "who" and words.is_wish(text)):
            # Not what was asked, but perhaps what will be asked next: 让他把墙拆了 while the day is wanted.
            return [SlotSet(f"dispute_{k}", v) for k, v in words.extract(text, now=datetime.now(UTC)).items() if not fields.get(k) and k != "care"]
        more = {k: v for k, v in words.extract(text, now=datetime.now(UTC)).items() if not fields.get(k) and k != step} if len(text) >= 8 else {}
        if step == "where":
            with self.services.sessions() as session:
                village = find_village(session, text) or (session.get(Place, _place(tracker)) if _place(tracker) else None)
            if village and village.name not in value and not any(a in value for a in village.aliases):
                value = village.name + value
        return [SlotSet(f"dispute_{k}", v) for k, v in {**more, step: value}.items()]


class AskDispute(Action):
    """One question of the form."""

    def __init__(self, step: str) -> None:
        self.step = step

    def name(self) -> str:
        return f"action_ask_dispute_{self.step}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        buttons = [{"title": b, "payload": b} for b in _BUTTONS.get(self.step, [])]
        dispatcher.utter_message(json_message={"kind": "asking", "text": _ASK[self.step], "buttons": buttons, "form": "dispute"})
        return []


class AskConfirm(Action):
    def name(self) -> str:
        return "action_ask_dispute_confirm"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        fields = fields_of(tracker)
        lines = [f"{words.FIELDS[s]}：{fields[s]}" for s in words.STEPS if fields.get(s) and not (s == "care" and fields[s] == "没有")]
        dispatcher.utter_message(
            json_message={
                "kind": "asking",
                "text": "我念一遍，您听对不对：\n" + "\n".join(lines) + "\n\n这样报上去，行吗？有照片可以点“照片”加上。",
                "buttons": [{"title": "对，报上去", "payload": "对，报上去"}, {"title": "有错，要改", "payload": "不对"}, {"title": "不报了", "payload": "不报了"}],
                "form": "dispute",
            }
        )
        return []


class FileDispute(Action):
    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_file_dispute"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        fields = fields_of(tracker)
        if tracker.get_slot("dispute_confirm") != "yes" or not fields["what"]:
            return []
        contact = fields["contact"] or ""
        place = _place(tracker)
        with self.services.sessions() as session:
            if said_before(session, tracker, dispatcher):
                return empty()
            village = find_village(session, fields["where"] or "") or (session.get(Place, place) if place else None)
            case = service.file(
                session,
                request_key=f"dispute:{tracker.get_slot(_STARTED)}",
                conversation_id=tracker.sender_id,
                place=village.id if village else None,
                category=self.services.topic(fields["what"]),
                fields={
                    "what": fields["what"][:2000],
                    "spot": (fields["where"] or "")[:500],
                    "when_said": (fields["when"] or "")[:200],
                    "other_party": (fields["who"] or "")[:500],
                    "wish": (fields["wish"] or "")[:1000],
                    "is_anonymous": contact == "匿名",
                    "phone": contact if contact[:1].isdigit() else None,
                    "green": [g for g in (fields["care"] or "").split("、") if g in words.GREEN],
                },
                now=datetime.now(UTC),
                message_id=message_of(tracker),
            )
            dispatcher.utter_message(json_message=service.filed_reply(case, service.place_name(session, case)))
        return empty()


class StopForm(Action):
    """Inside a form: stop for good, or come back later."""

    def name(self) -> str:
        return "action_stop_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if words.is_pause(said(tracker)):
            dispatcher.utter_message(json_message={"kind": "smalltalk", "text": "好，先放着，您说过的我都记着。什么时候想接着报，说“接着报”就行，哪天都可以。", "buttons": [{"title": "接着报", "payload": "接着报上次的事"}]})
            return []
        dispatcher.utter_message(json_message={"kind": "smalltalk", "text": "好，不报了，刚才说的都没有交上去。以后想报，再跟我说。"})
        return empty()


def actions(services: Services) -> list[Action]:
    return [ReportDispute(services), ValidateDispute(services), *(AskDispute(s) for s in words.STEPS), AskConfirm(), FileDispute(services), StopForm()]
