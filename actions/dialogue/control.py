"""Yes, no, stop, to a person: by what stands open."""

import re
from datetime import UTC, datetime
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.bookings.appointments import held_by
from actions.cases.finding import of_person
from actions.cases.status import MOVES, CaseStatus
from actions.dialogue import booking, case
from actions.dialogue.dispute import ReportDispute
from actions.dialogue.follow_up import AnswerFollowUp
from actions.dialogue.forms import awaited, said, unfinished
from actions.dialogue.hearing import dispute as words
from actions.dialogue.hearing import phrases
from actions.dialogue.question import AnswerQuestion
from actions.persons import threads_of


class RequestHandoff(ReportDispute):
    """Says the word; `bot.turns` puts the conversation into the queue and tells the resident where they stand."""

    def name(self) -> str:
        return "action_request_handoff"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if re.fullmatch(r"[\d\s-]{1,12}", said(tracker)):  # figures ask for nobody
            done = Report(self.services).answers_case(dispatcher, tracker, domain)
            if done is None:
                dispatcher.utter_message(
                    json_message={
                        "kind": "asking",
                        "text": "您发的是一串数字，我没看明白。查进度请说“查进度”，想报事请说“我要报个事”。",
                    }
                )
            return done or []
        dispatcher.utter_message(
            json_message={"kind": "handoff", "text": "好，这就请工作人员来。", "handoff": {"reason": "asked"}}
        )
        return []


def _as_said(tracker: Tracker, text: str) -> Tracker:
    """The same turn, as if the resident had said it in full: 对 to 确定撤回吗 is 确认撤回."""
    tracker.latest_message["text"] = text
    return tracker


class _AfterCase(ReportDispute):
    """Short words that answer a case's question, when that is the last thing the resident heard."""

    def resumes(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType] | None:
        """接着报, or 登记吧, whatever the classifier took it for; None for other words."""
        text = said(tracker)
        if tracker.active_loop_name or phrases.is_question(text):
            return None
        if phrases.is_resume(text):
            return ReportDispute.run(self, dispatcher, tracker, domain)
        is_bare = (
            len(text) <= 14
            and phrases.is_explicit(text)
            and not words.matter_in(text)
            and phrases.yes_or_no(text) is None
        )
        return self.begin(dispatcher, tracker, text) if is_bare else None

    def answers_case(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType] | None:
        """What came of it; None where the words are no such answer."""
        text = said(tracker)
        if tracker.active_loop_name or len(text) > 30:
            return None
        what = awaited(tracker) or ""
        if what == case.MARK and case.stars(text):
            return case.RateCase(self.services).run(dispatcher, tracker, domain)
        if what.startswith(case.LOOK_UP) and re.fullmatch(r"\D{0,6}\d{4}", text):
            return case.CheckCase(self.services).run(
                dispatcher, _as_said(tracker, f"{what.removeprefix(case.LOOK_UP)} {text[-4:]}"), domain
            )
        with self.services.sessions() as session:
            if case.asking(session, tracker) is None:
                return None
        if case.verdict(text) is None and (len(text) > 6 or phrases.is_explicit(text)):
            return None
        return case.ConfirmCase(self.services).run(dispatcher, tracker, domain)


class Report(_AfterCase):
    """又犯了, to 真解决了吗, is no new report."""

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        done = self.answers_case(dispatcher, tracker, domain)
        return super().run(dispatcher, tracker, domain) if done is None else done


class Question(AnswerQuestion):
    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        report = Report(self.services)
        if (done := report.resumes(dispatcher, tracker, domain)) is not None:
            return done
        text = said(tracker)
        if (
            not tracker.active_loop_name
            and re.search(r"(?:找|见|约)(?:个|一个|一下|下)?律师", text)
            and not phrases.is_question(text)
        ):
            return booking.StartBooking(self.services).run(dispatcher, tracker, domain)
        if (
            not phrases.is_question(said(tracker))
            and (done := report.answers_case(dispatcher, tracker, domain)) is not None
        ):
            return done
        return super().run(dispatcher, tracker, domain)


class FollowUp(AnswerFollowUp):
    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        done = Report(self.services).resumes(dispatcher, tracker, domain)
        return super().run(dispatcher, tracker, domain) if done is None else done


class Check(case.CheckCase):
    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        done = Report(self.services).resumes(dispatcher, tracker, domain)
        return super().run(dispatcher, tracker, domain) if done is None else done


class Affirm(_AfterCase):
    """A yes to what was asked just now: to file, to withdraw, to cancel; otherwise only a friendly word."""

    def name(self) -> str:
        return "action_affirm"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        what = awaited(tracker)
        if what and ("确认撤回" in what or "确认取消" in what):
            doer = booking.CancelBooking if "预约" in what else case.WithdrawCase
            return [*doer(self.services).run(dispatcher, _as_said(tracker, what), domain), SlotSet("awaits", None)]
        if (done := self.resumes(dispatcher, tracker, domain)) is not None:
            return done
        if tracker.get_slot("dispute_offer"):
            return self.begin(dispatcher, tracker, said(tracker))
        if (done := self.answers_case(dispatcher, tracker, domain)) is not None:
            return done
        dispatcher.utter_message(
            json_message={"kind": "smalltalk", "text": "好的。还有什么想问的，直接说就行。", **unfinished(tracker)}
        )
        return []


class Deny(_AfterCase):
    def name(self) -> str:
        return "action_deny"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if re.search(r"不去|去不了|不见了|不约", said(tracker)):
            with self.services.sessions() as session:
                has_booking = bool(held_by(session, *threads_of(session, tracker.sender_id), now=datetime.now(UTC)))
            if has_booking and not awaited(tracker):
                return booking.CancelBooking(self.services).run(dispatcher, tracker, domain)
        if "没" in said(tracker) and (done := self.answers_case(dispatcher, tracker, domain)) is not None:
            return done
        text = (
            "好，那就不动它。"
            if awaited(tracker)
            else "好，那就不弄了。"
            if tracker.get_slot("dispute_offer")
            else "好的。"
        )
        dispatcher.utter_message(json_message={"kind": "smalltalk", "text": f"{text}有别的事随时问我。"})
        return [SlotSet("dispute_offer", None), SlotSet("awaits", None)]


class Stop(ReportDispute):
    def name(self) -> str:
        return "action_stop"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        with self.services.sessions() as session:
            has_case = any(CaseStatus.withdrawn in MOVES[c.status] for c in of_person(session, tracker.sender_id))
            has_booking = bool(held_by(session, *threads_of(session, tracker.sender_id), now=datetime.now(UTC)))
        if has_case and re.search(r"撤|作废", text):
            return case.WithdrawCase(self.services).run(dispatcher, tracker, domain)
        if has_booking and re.search(r"(?:改|换)(?:到|成|约|期|个?时间)", text):
            return booking.StartBooking(self.services).run(dispatcher, tracker, domain)
        if has_booking and re.search(r"取消|退|不去", text):
            return booking.CancelBooking(self.services).run(dispatcher, tracker, domain)
        dispatcher.utter_message(json_message={"kind": "smalltalk", "text": "好，先到这里。您什么时候想问，再来就行。"})
        return [SlotSet("pending_question", None), SlotSet("dispute_offer", None), SlotSet("awaits", None)]
