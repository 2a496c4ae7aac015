"""Two short forms that compute: the last day of a time limit, and whether legal aid is likely. Neither is a ruling."""

import re
from datetime import UTC, date, datetime
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.calendar import dates
from actions.calendar.workdays import calendar
from actions.dialogue.base import Services, message_of
from actions.dialogue.forms import HOTLINE, ToolForm, said, say_step
from actions.dialogue.hearing import phrases
from actions.tools import deadlines, matters
from knowledge import clock

_DATE = re.compile(r"(?:(\d{4})[年./-])?(\d{1,2})[月./-](\d{1,2})[日号]?")


def read_day(text: str, *, today: date) -> date | None:
    """A past day in figures or words; one without a year is the last such day."""
    if found := _DATE.search(text):
        try:
            day = date(int(found.group(1) or today.year), int(found.group(2)), int(found.group(3)))
        except ValueError:
            return None
        return day if found.group(1) or day <= today else day.replace(year=day.year - 1)
    past = dates.find_past(text, now=datetime.now(UTC))
    return past.start.astimezone(clock.SHANGHAI).date() if past else None


def is_vague(text: str) -> bool:
    """去年3月 names no day."""
    past = None if _DATE.search(text) else dates.find_past(text, now=datetime.now(UTC))
    return past is not None and (past.end - past.start).days > 1


class StartDeadline(ToolForm):
    prefix, steps = "deadline", ("matter", "start")

    def name(self) -> str:
        return "action_start_deadline"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        found = matters.find_matter(text) or matters.find_matter(tracker.get_slot("last_question") or "")
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
            exact = next((m for m in matters.MATTERS.values() if m.title_zh in (text, phrases.tidy(text))), None)
            found = [exact] if exact else matters.find_matter(text)
            return (
                [SlotSet("deadline_matter", found[0].id), mark]
                if len(found) == 1
                else [SlotSet("deadline_said", text), mark]
                if found
                else self.not_heard(dispatcher, tracker, text, "没听明白是哪一种，点一个就行。")
            )
        if other := next((m for m in matters.MATTERS.values() if m.title_zh in (text, phrases.tidy(text))), None):
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
            say_step(dispatcher, "这个日子好像不对，请再说一次，比如“2026年9月1日”。")
            return [mark]
        if is_vague(text):
            say_step(
                dispatcher, "您说的是个大概，我先按其中最早的一天算；想算得准，再说一次具体日子。", kind="smalltalk"
            )
        return [SlotSet("deadline_start", day.isoformat()), mark]


class AskDeadline(ToolForm):
    prefix, steps = "deadline", ("matter", "start")

    def __init__(self, services: Services, step: str) -> None:
        super().__init__(services)
        self.step = step

    def name(self) -> str:
        return f"action_ask_deadline_{self.step}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if self.step == "matter":
            found = matters.find_matter(tracker.get_slot("deadline_said") or "") or [
                matters.MATTERS[m]
                for m in (
                    "labour_arbitration",
                    "reconsideration",
                    "land_arbitration",
                    "general_limitation",
                    "judicial_confirmation",
                )
            ]
            say_step(
                dispatcher,
                "您要算的是哪一种期限？",
                buttons=[{"title": m.title_zh, "payload": m.title_zh} for m in found[:6]],
            )
        else:
            matter = matters.MATTERS[tracker.get_slot("deadline_matter")]
            say_step(dispatcher, f"从{matter.starts_zh}算起。那是哪一天？比如“2026年9月1日”或者“上个月8号”。")
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
            say_step(dispatcher, "这个日子我算不了，请拨打 12348 问问律师。", links=HOTLINE)
            return self.empty()
        dispatcher.utter_message(
            json_message={
                "kind": "deadline",
                "text": found.text_zh,
                "links": HOTLINE,
                "buttons": [{"title": "约律师", "payload": "想约律师"}],
            }
        )
        return self.empty()
