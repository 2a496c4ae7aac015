"""Reporting a dispute: a form that feels like talking. Slots hold what was said; `actions.cases.moves` files it."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.cases import filing, green
from actions.dialogue.base import ASKS, Services, message_of, place_of, said_before
from actions.dialogue.forms import STARTED, fields_of, intent_of, is_double_tap, is_told, said
from actions.dialogue.hearing import asides, commands, phrases
from actions.dialogue.hearing import dispute as words
from actions.dialogue.question import TOLD_FROM, AnswerQuestion
from knowledge.answering.compose import ANSWER_FROM
from knowledge.places import Place, find_village

SLOTS = [f"dispute_{s}" for s in words.STEPS]

_AT = re.compile(r"地点是(.{2,300})")  # where, and nothing yet of what: a location sent from a telephone
_STORY = 60  # characters; beyond, a question mark in it makes no question of it
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
# Asked again, in other words, after an answer that said nothing of it.
_AGAIN = {
    "what": "我还没弄明白。出了什么事？说一两句就行，比如“邻居砌墙占了我家路”。",
    "where": "说个大概就行：在哪儿？比如“村东头”“3组”。实在说不清，就说“说不清”。",
    "when": "大概什么时候的事？“上个月”“前天晚上”这样说就行，记不清就说“记不清”。",
    "who": "跟谁有关，大概说一下就行，比如邻居、老板、村里；不知道就说“说不清”。",
    "wish": "您希望怎么解决？说一句就行，没想好就说“请帮忙处理”。",
    "care": "没听明白是哪一样要优先照顾，点一个就行；没有就说“没有”。",
    "contact": "怎么联系您？手机号、“匿名”，或者“在这里回复”，选一样就行。",
}


def empty() -> list[EventType]:
    return [
        SlotSet(s, None)
        for s in [*SLOTS, STARTED, "dispute_confirm", "dispute_message", "dispute_offer", "dispute_hint"]
    ]


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
        if is_told(held) and tracker.get_slot(STARTED) and (phrases.is_resume(text) or len(text) < 8):
            dispatcher.utter_message(json_message={"kind": "asking", "text": f"好，接着报您上次说的：{held['what']}"})
            return [FollowupAction("dispute_form")]
        if not phrases.is_explicit(text):
            asks = phrases.is_question(text) and len(text) < _STORY
            if len(text) >= 8:
                self._answer_one(
                    dispatcher,
                    tracker,
                    text,
                    intent="ask_law",
                    threshold=ANSWER_FROM if asks else TOLD_FROM,
                    said=text,
                    is_asked=asks,
                )
            dispatcher.utter_message(
                json_message={
                    "kind": "smalltalk",
                    "text": "这件事要不要我替您登记上报？登记以后有编号，谁在办、办到哪一步，我都会告诉您。",
                    "buttons": [
                        {"title": "要，帮我登记", "payload": "帮我登记上报"},
                        {"title": "先不用", "payload": "先不用"},
                    ],
                }
            )
            return [SlotSet("dispute_offer", text), SlotSet("last_question", text), SlotSet("last_intent", "ask_law")]
        return self.begin(dispatcher, tracker, text)

    def begin(self, dispatcher: CollectingDispatcher, tracker: Tracker, text: str) -> list[EventType]:
        """Fill from what was told just now, or just before."""
        offered, matter = tracker.get_slot("dispute_offer"), "" if phrases.is_resume(text) else words.matter_in(text)
        told = offered if offered and (not matter or not phrases.is_explicit(text)) else text
        if told == offered:
            matter = words.matter_in(told) or told
        now = datetime.now(UTC)
        if spot := _AT.fullmatch(matter):
            told, matter = spot[1], ""
        found = (
            {"where": spot[1]}
            if spot
            else {
                **{k: v for k, v in words.extract(told, now=now).items() if k in ("contact", "care") or not matter},
                **words.extract(matter, now=now),
            }
        )
        what = matter if len(matter) >= 4 and matter != found.get("who") else None
        with self.services.sessions() as session:
            named = find_village(session, told)
        if "where" in found:
            found["where"] = in_village(self.services, tracker, found["where"], told)
        elif named and named.name in told:
            found["where"] = named.name
        fields: dict[str, str | None] = {
            **{k: phrases.tidy(v) for k, v in found.items()},
            "what": phrases.tidy(what) if what else None,
        }
        ready = (
            words.acknowledgement(fields)
            if what
            else "好，我来帮您登记，几句话就好。中途想问别的、想改、想停，直接说。"
        )
        if phrases.is_resume(text) and not what:
            ready = "我这里没有报了一半的事。要报新的，几句话就好。"
        dispatcher.utter_message(json_message={"kind": "asking", "text": ready})
        return [
            *empty(),
            *(SlotSet(f"dispute_{k}", v) for k, v in fields.items() if v),
            SlotSet(STARTED, f"{tracker.sender_id}:{message_of(tracker) or datetime.now(UTC).timestamp()}"),
            SlotSet("dispute_message", message_of(tracker)),
            FollowupAction("dispute_form"),
        ]


class ValidateDispute(AnswerQuestion):
    """Takes from a message what belongs to the form.

    Returning nothing gives the message to the other rules, and then asks again.
    """

    def name(self) -> str:
        return "validate_dispute_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        step = (tracker.get_slot("requested_slot") or "").removeprefix("dispute_")
        message = message_of(tracker)
        mark = SlotSet("dispute_message", message)
        if message is not None and message == tracker.get_slot("dispute_message"):
            return [mark]  # heard already; its reply was lost on the way
        text, (intent, sure) = said(tracker), intent_of(tracker)
        if is_double_tap(tracker):
            return [mark]
        if phrases.is_drop(text) and text not in _BUTTONS.get(step, ()):
            self.say(dispatcher, "好，不报了，刚才说的都没有交上去。以后想报，再跟我说。", kind="smalltalk")
            return [*empty(), SlotSet("requested_slot", None)]
        if phrases.is_pause(text) and not phrases.is_resume(text):
            self.say(
                dispatcher,
                "好，先放着，您说过的我都记着。什么时候想接着报，说“接着报”就行，哪天都可以。",
                kind="smalltalk",
                buttons=[{"title": "接着报", "payload": "接着报上次的事"}],
            )
            return [mark, SlotSet("dispute_hint", None), SlotSet("requested_slot", None)]
        found = self.read(dispatcher, tracker, step, text, intent, sure)
        return [SlotSet("dispute_hint", None), *found, mark] if found is not None else []

    def say(self, dispatcher: CollectingDispatcher, text: str, *, kind: str = "asking", **more: Any) -> None:
        dispatcher.utter_message(json_message={"kind": kind, "text": text, **more})

    def read(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, step: str, text: str, intent: str, sure: float
    ) -> list[EventType] | None:
        """Slots for what was said; [] asks the same again, None leaves the message to the rules."""
        fields, now = fields_of(tracker), datetime.now(UTC)
        if phrases.is_back(text):
            filled = [s for s in words.STEPS if fields.get(s)]
            before = (
                filled[: sum(s in filled for s in words.STEPS[: words.STEPS.index(step)])]
                if step in words.STEPS
                else filled
            )
            return [SlotSet(f"dispute_{before[-1]}", None), SlotSet("dispute_confirm", None)] if before else []
        if phrases.is_resume(text) or (
            step != "what" and phrases.is_explicit(text) and not words.matter_in(text) and not phrases.yes_or_no(text)
        ):
            return []  # the button that began it, pressed late or twice
        if fields["what"] and fields["what"] in (phrases.tidy(text), phrases.tidy(words.matter_in(text))):
            return []  # the same message again
        if fixed := words.correction(text, fields, now=now):
            return self.correct(dispatcher, tracker, *fixed)
        if (aside := asides.find(text, asides.REPORT)) and (step != "what" or phrases.is_question(text)):
            self.say(dispatcher, aside, kind="smalltalk")
            return []
        if step == "confirm":
            return self.confirm(dispatcher, tracker, text, intent, sure)
        if step in ("where", "who", "wish") and fields.get("when") and words.is_only_a_time(text, now=now):
            return self.correct(dispatcher, tracker, "when", text)
        for other in ("wish", "care", "contact"):
            if other != step and text in _BUTTONS[other] and text not in ("没有", *_BUTTONS.get(step, ())):
                # an older button
                return (
                    []
                    if fields.get(other)
                    else [SlotSet(f"dispute_{other}", words.read_step(other, text, now=now) or text)]
                )
        if text in _BUTTONS.get(step, ()):
            # a button is never a command
            return [SlotSet(f"dispute_{step}", words.read_step(step, text, now=now) or text)]
        value = words.read_step(step, text, now=now) if step in words.STEPS else None
        is_plain = value is not None and (
            step in ("when", "contact", "care")
            or (step == "where" and words.spot_in(text) is not None)
            or (step == "wish" and words.is_wish(text))
        )
        if (
            not is_plain
            and commands.is_meant(text, intent, sure)
            and not (intent == "change_place" and step == "where")
        ):
            return None
        if step != "what" and not is_plain and len(text) >= 4 and phrases.is_question(text):
            return self.answer(dispatcher, tracker, text, intent)
        if step == "where" and value is None and tracker.get_slot("dispute_hint"):
            value = "说不清"  # asked twice is enough
        if value is None or (step in ("where", "who") and words.is_wish(text)):
            # Not what was asked, but perhaps what will be asked next: 让他把墙拆了 while the day is wanted.
            others = {k: phrases.tidy(v) for k, v in words.extract(text, now=now).items() if k != step}
            if fresh := [SlotSet(f"dispute_{k}", v) for k, v in others.items() if not fields.get(k)]:
                return fresh
            if "where" in others and len(text) <= 20:
                return self.correct(dispatcher, tracker, "where", others["where"])
            if value is None and intent in ASKS and sure >= 0.6 and len(text) >= 6:
                return None
            return [SlotSet("dispute_hint", self.hint(step, text))]
        more = (
            {k: v for k, v in words.extract(text, now=now).items() if not fields.get(k) and k != step}
            if len(text) >= 8
            else {}
        )
        if step == "where":
            value = in_village(self.services, tracker, value, value)
        elif step == "what":
            value = words.matter_in(value) or value
        return [SlotSet(f"dispute_{k}", phrases.tidy(v)) for k, v in {**more, step: value}.items()]

    def correct(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, step: str, value: str | None
    ) -> list[EventType]:
        if value:
            read = words.read_step(step, value, now=datetime.now(UTC))
            if step == "contact" and read is None:
                return [
                    SlotSet("dispute_contact", None),
                    SlotSet("dispute_confirm", None),
                    SlotSet("dispute_hint", self.hint(step, value)),
                ]
            value = in_village(self.services, tracker, value, value) if step == "where" else read or value
            self.say(dispatcher, f"改好了，{words.FIELDS[step]}：{value}。")
        return [SlotSet(f"dispute_{step}", value), SlotSet("dispute_confirm", None)]

    def confirm(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, intent: str, sure: float
    ) -> list[EventType] | None:
        fields, now = fields_of(tracker), datetime.now(UTC)
        answer = phrases.yes_or_no(text)
        if answer is True or (intent == "affirm" and sure >= 0.8 and len(text) <= 8):
            return [SlotSet("dispute_confirm", "yes")]
        again = [SlotSet("dispute_confirm", None), SlotSet("requested_slot", "dispute_confirm")]
        buttons = [{"title": name, "payload": f"{name}要改"} for s, name in words.FIELDS.items() if fields.get(s)]
        if answer is False or intent == "deny":
            return [
                *again,
                SlotSet(
                    "dispute_hint",
                    _dumps("哪一项要改？直接说“地点不对，是村口”这样的话也行；不想报了就说“不报了”。", buttons),
                ),
            ]
        if (
            phrases.phone_in(text)
            or (words.is_wish(text) and not phrases.is_question(text))
            or (
                words.read_step("contact", text, now=now)
                and not phrases.is_question(text)
                and len(text) <= 12
                and not commands.is_meant(text, intent, sure)
            )
        ):
            step = "wish" if words.is_wish(text) and not phrases.phone_in(text) else "contact"
            return self.correct(dispatcher, tracker, step, text)
        if commands.is_meant(text, intent, sure):
            return None
        if len(text) >= 4 and phrases.is_question(text):
            return self.answer(dispatcher, tracker, text, intent)
        return [
            *again,
            SlotSet(
                "dispute_hint",
                _dumps(
                    "没听明白是要报上去，还是要改。要报就说“对”，要改就点一项。",
                    [{"title": "对，报上去", "payload": "对，报上去"}, *buttons],
                ),
            ),
        ]

    def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, intent: str
    ) -> list[EventType] | None:
        """A question in between.

        What the rules would take for small talk is looked up here, and never met with a shrug alone.
        """
        if intent in ASKS:
            return None
        if not self._answer_one(
            dispatcher, tracker, text, intent="ask_law", threshold=ANSWER_FROM, said=text, is_asked=False
        ):
            self.say(dispatcher, "这一句我答不准，报完以后可以说“转人工”问工作人员。咱们先接着报。", kind="smalltalk")
        return []

    def hint(self, step: str, text: str) -> str:
        if step == "contact" and (count := phrases.odd_number_in(text)):
            return (
                f"这个号码好像{'少了' if count < 11 else '多了' if count > 11 else '不对，错了'}几位：手机号是 11 位，"
                f"您发的是 {count} 位，麻烦核对一下号码再发一次。不想留就说“匿名”。"
            )
        return _AGAIN.get(step, "")


def in_village(services: Services, tracker: Tracker, spot: str, text: str) -> str:
    """The spot with its village before it, unless it names one or lies outside: 村口 -> 李家沟村口."""
    with services.sessions() as session:
        village = find_village(session, text) or (session.get(Place, place_of(tracker)) if place_of(tracker) else None)
    if (
        village is None
        or village.name in spot
        or any(a in spot for a in village.aliases)
        or re.match(r"[镇县乡城]|.{1,4}[镇县市乡街城]", spot)
    ):
        return spot
    return f"{village.name}，具体位置说不清" if spot == "说不清" else village.name + spot.removeprefix("村")


def _dumps(text: str, buttons: list[dict[str, str]]) -> str:
    return json.dumps({"text": text, "buttons": buttons}, ensure_ascii=False)


class AskDispute(Action):
    """One question of the form."""

    def __init__(self, step: str) -> None:
        self.step = step

    def name(self) -> str:
        return f"action_ask_dispute_{self.step}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        buttons = [{"title": b, "payload": b} for b in _BUTTONS.get(self.step, [])]
        if commands.hands_over(tracker):
            return []
        text = tracker.get_slot("dispute_hint") or _ASK[self.step]
        dispatcher.utter_message(
            json_message={"kind": "asking", "text": text, "buttons": buttons, "form": "dispute", "step": self.step}
        )
        return []


class AskConfirm(Action):
    def name(self) -> str:
        return "action_ask_dispute_confirm"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        fields = fields_of(tracker)
        if commands.hands_over(tracker):
            return []
        if hint := tracker.get_slot("dispute_hint"):
            dispatcher.utter_message(json_message={"kind": "asking", **json.loads(hint), "form": "dispute"})
            return []
        lines = [
            f"{words.FIELDS[s]}：{fields[s]}"
            for s in words.STEPS
            if fields.get(s) and not (s == "care" and fields[s] == "没有")
        ]
        dispatcher.utter_message(
            json_message={
                "kind": "asking",
                "text": "我念一遍，您听对不对：\n" + "\n".join(lines) + "\n\n这样报上去，行吗？有照片可以再加上。",
                "buttons": [
                    {"title": "对，报上去", "payload": "对，报上去"},
                    {"title": "有错，要改", "payload": "不对"},
                    {"title": "不报了", "payload": "不报了"},
                ],
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
        place = place_of(tracker)
        with self.services.sessions() as session:
            if said_before(session, tracker, dispatcher):
                return empty()
            village = find_village(session, fields["where"] or "") or (session.get(Place, place) if place else None)
            case = filing.file(
                session,
                request_key=f"dispute:{tracker.get_slot(STARTED)}",
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
                    "green": [g for g in (fields["care"] or "").split("、") if g in green.GREEN],
                },
                now=datetime.now(UTC),
                message_id=message_of(tracker),
            )
            dispatcher.utter_message(json_message=filing.filed_reply(session, case))
        return empty()


class StopForm(Action):
    """Inside a form: stop for good, or come back later."""

    def name(self) -> str:
        return "action_stop_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if phrases.is_pause(said(tracker)):
            dispatcher.utter_message(
                json_message={
                    "kind": "smalltalk",
                    "text": "好，先放着，您说过的我都记着。什么时候想接着报，说“接着报”就行，哪天都可以。",
                    "buttons": [{"title": "接着报", "payload": "接着报上次的事"}],
                }
            )
            return []
        dispatcher.utter_message(
            json_message={"kind": "smalltalk", "text": "好，不报了，刚才说的都没有交上去。以后想报，再跟我说。"}
        )
        return empty()


def actions(services: Services) -> list[Action]:
    return [
        ValidateDispute(services),
        *(AskDispute(s) for s in words.STEPS),
        AskConfirm(),
        FileDispute(services),
        StopForm(),
    ]
