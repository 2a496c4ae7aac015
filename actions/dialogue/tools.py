"""Two short forms that compute: the last day of a time limit, and whether legal aid is likely. Neither is a ruling."""

import re
from datetime import UTC, date, datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import dates, deadlines, legal_aid
from actions.cases.service import calendar
from actions.dialogue import asides, commands
from actions.dialogue import dispute_text as words
from actions.dialogue.dispute import intent_of, said
from actions.dialogue.knowledge import ASKS, Services
from actions.dialogue.outcomes import message_of

_LINE = [{"label": "拨打 12348", "href": "tel:12348"}]
_DATE = re.compile(r"(?:(\d{4})[年./-])?(\d{1,2})[月./-](\d{1,2})[日号]?")
# intents the forms read themselves
_OWN = frozenset(
    {"ask_deadline", "check_legal_aid", "change_place", "ask_capabilities", "supplement_case", "rate_case"}
)


def _say(dispatcher: CollectingDispatcher, text: str, **more: Any) -> None:
    dispatcher.utter_message(json_message={"kind": "asking", "text": text, **more})


def read_day(text: str, *, today: date) -> date | None:
    """A past day in figures or words; one without a year is the last such day."""
    if found := _DATE.search(text):
        try:
            day = date(int(found.group(1) or today.year), int(found.group(2)), int(found.group(3)))
        except ValueError:
            return None
        return day if found.group(1) or day <= today else day.replace(year=day.year - 1)
    past = dates.find_past(text, now=datetime.now(UTC))
    return past.start.astimezone(dates.SHANGHAI).date() if past else None


def is_vague(text: str) -> bool:
    """去年3月 names no day."""
    past = None if _DATE.search(text) else dates.find_past(text, now=datetime.now(UTC))
    return past is not None and (past.end - past.start).days > 1


class _Form(Action):
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
        if words.is_drop(text) or words.is_pause(text) or re.search(r"不(?:测|算|问)了", text):
            _say(dispatcher, "好，不算了。想问别的，直接说。", kind="smalltalk")
            return [*self.empty(), SlotSet("requested_slot", None)]
        if aside := asides.find(text, asides.TOOLS):
            _say(dispatcher, aside, kind="smalltalk")
            return [SlotSet(f"{self.prefix}_message", message_of(tracker))]
        return [] if commands.is_meant(text, intent, sure, but=_OWN) else None

    def not_heard(self, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, hint: str) -> list[EventType]:
        """[] for a question, which the rules answer; otherwise the hint, and the form asks again."""
        if words.is_question(text) and len(text) >= 6 and intent_of(tracker)[0] in ASKS:
            return []
        _say(dispatcher, hint, kind="smalltalk")
        return [SlotSet(f"{self.prefix}_message", message_of(tracker))]

    def empty(self) -> list[EventType]:
        return [SlotSet(f"{self.prefix}_{s}", None) for s in (*self.steps, "message")]

    def heard(self, tracker: Tracker) -> bool:
        return message_of(tracker) is not None and message_of(tracker) == tracker.get_slot(f"{self.prefix}_message")


class StartDeadline(_Form):
    prefix, steps = "deadline", ("matter", "start")

    def name(self) -> str:
        return "action_start_deadline"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        found = deadlines.find_matter(text) or deadlines.find_matter(tracker.get_slot("last_question") or "")
        day = None if is_vague(text) else read_day(text, today=self.services.today())
        return [
            *self.empty(),
            SlotSet("deadline_said", text),
            SlotSet("deadline_message", message_of(tracker)),
            *([SlotSet("deadline_matter", found[0].id)] if len(found) == 1 else []),
            *([SlotSet("deadline_start", day.isoformat())] if day and len(found) == 1 else []),
            FollowupAction("deadline_form"),
        ]


class ValidateDeadline(StartDeadline):
    def name(self) -> str:
        return "validate_deadline_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        if self.heard(tracker):
            return [SlotSet("deadline_message", message_of(tracker))]
        if (left := self.leave(dispatcher, tracker, text)) is not None:
            return left
        mark = SlotSet("deadline_message", message_of(tracker))
        if tracker.get_slot("requested_slot") == "deadline_matter":
            exact = next((m for m in deadlines.MATTERS.values() if m.title_zh in (text, words.tidy(text))), None)
            found = [exact] if exact else deadlines.find_matter(text)
            return (
                [SlotSet("deadline_matter", found[0].id), mark]
                if len(found) == 1
                else [SlotSet("deadline_said", text), mark]
                if found
                else self.not_heard(dispatcher, tracker, text, "没听明白是哪一种，点一个就行。")
            )
        if other := next((m for m in deadlines.MATTERS.values() if m.title_zh in (text, words.tidy(text))), None):
            return [SlotSet("deadline_matter", other.id), mark]
        day = read_day(text, today=self.services.today())
        if day is None:
            return self.not_heard(
                dispatcher,
                tracker,
                text,
                "没听出是哪一天。记不清就看看收到的文书上写的日期；实在没有，打 12348 问，律师免费帮您看。",
            )
        if day > self.services.today() or day < deadlines.EARLIEST:
            _say(dispatcher, "这个日子好像不对，请再说一次，比如“2026年9月1日”。")
            return [mark]
        if is_vague(text):
            _say(dispatcher, "您说的是个大概，我先按其中最早的一天算；想算得准，再说一次具体日子。", kind="smalltalk")
        return [SlotSet("deadline_start", day.isoformat()), mark]


class AskDeadline(_Form):
    prefix, steps = "deadline", ("matter", "start")

    def __init__(self, services: Services, step: str) -> None:
        super().__init__(services)
        self.step = step

    def name(self) -> str:
        return f"action_ask_deadline_{self.step}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if self.step == "matter":
            found = deadlines.find_matter(tracker.get_slot("deadline_said") or "") or [
                deadlines.MATTERS[m]
                for m in (
                    "labour_arbitration",
                    "reconsideration",
                    "land_arbitration",
                    "general_limitation",
                    "judicial_confirmation",
                )
            ]
            _say(
                dispatcher,
                "您要算的是哪一种期限？",
                buttons=[{"title": m.title_zh, "payload": m.title_zh} for m in found[:6]],
            )
        else:
            matter = deadlines.MATTERS[tracker.get_slot("deadline_matter")]
            _say(dispatcher, f"从{matter.starts_zh}算起。那是哪一天？比如“2026年9月1日”或者“上个月8号”。")
        return []


class TellDeadline(StartDeadline):
    def name(self) -> str:
        return "action_tell_deadline"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        matter, start = tracker.get_slot("deadline_matter"), tracker.get_slot("deadline_start")
        if not matter or not start:
            return []
        with self.services.sessions() as session:
            days = calendar(session)
        try:
            found = deadlines.last_day(matter, date.fromisoformat(start), calendar=days, today=self.services.today())
        except ValueError:
            _say(dispatcher, "这个日子我算不了，请拨打 12348 问问律师。", links=_LINE)
            return self.empty()
        dispatcher.utter_message(
            json_message={
                "kind": "deadline",
                "text": found.text_zh,
                "links": _LINE,
                "buttons": [{"title": "约律师", "payload": "想约律师"}],
            }
        )
        return self.empty()


class StartAid(_Form):
    prefix, steps = "aid", ("matter", "group", "means")

    def name(self) -> str:
        return "action_start_legal_aid"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        known = [(q, legal_aid.read_option(q, text)) for q in ("matter", "group")] if len(text) >= 8 else []
        _say(dispatcher, "好，问您三个小问题，帮您看看能不能申请法律援助。")
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
        _say(
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
                "links": _LINE,
                "buttons": [{"title": "约法律工作者", "payload": "想约律师"}],
            }
        )
        return self.empty()


class StopTool(_Form):
    prefix, steps = "deadline", ("matter", "start")

    def name(self) -> str:
        return "action_stop_tool"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        dispatcher.utter_message(json_message={"kind": "smalltalk", "text": "好，不算了。想问别的，直接说。"})
        return [*self.empty(), *(SlotSet(f"aid_{s}", None) for s in ("matter", "group", "means", "message"))]


def actions(services: Services) -> list[Action]:
    kinds = (StartDeadline, ValidateDeadline, TellDeadline, StartAid, ValidateAid, TellAid, StopTool)
    return [
        *(kind(services) for kind in kinds),
        *(AskDeadline(services, s) for s in ("matter", "start")),
        *(AskAid(s) for s in ("matter", "group", "means")),
    ]
