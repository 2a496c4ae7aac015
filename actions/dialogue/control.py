"""Yes, no, stop, to a person: by what stands open."""

import re
from dataclasses import replace

from actions.cases.finding import of_person
from actions.cases.status import MOVES, CaseStatus
from actions.dialogue.affairs.disclosure import AskDisclosure, is_not_posted
from actions.dialogue.affairs.raising import RaiseTopic, is_for_all
from actions.dialogue.booking import CancelBooking, StartBooking, held_by
from actions.dialogue.case import (
    EARLIER,
    LOOK_UP,
    MARK,
    CheckCase,
    ConfirmCase,
    RateCase,
    SupplementCase,
    WithdrawCase,
    asking,
    stars,
    verdict,
)
from actions.dialogue.community.exchange import with_sheet
from actions.dialogue.deadline import ValidateDeadline
from actions.dialogue.dispute import ReportDispute, go_on_buttons
from actions.dialogue.follow_up import AnswerFollowUp
from actions.dialogue.frame import person, tools
from actions.dialogue.frame.base import CustomAction, Said, Services, Turn, say, slots
from actions.dialogue.frame.case_buttons import pressed
from actions.dialogue.hearing import dispute as words
from actions.dialogue.hearing import phrases
from actions.dialogue.hearing.matters import listed_matters
from actions.dialogue.legal_aid import ValidateAid
from actions.dialogue.question import AnswerQuestion
from actions.dialogue.reckoning import reckoned
from actions.dialogue.smalltalk import aside
from actions.replies import Reply, ReplyKind

INTENTS = {  # what staff read
    "affirm": "说“是”",
    "deny": "说“不”",
    "stop": "说“不弄了”",
    "human_handoff": "找真人",
}
_PERSON = re.compile(
    r"(?:让|叫|找|换|派|喊|请)(?:你们)?个?(?:真|活|管事的?)?人(?:来|过来)?(?:跟|和|给|同)我"
    r"(?:讲|说|聊|谈|打|回|联系)|有没有活人|要跟真?人说"
)
_PROGRESS = re.compile(
    r"(?:上[回次]|之前|前[几两]?[天次]|昨天|给你们)[^，。]{0,4}(?:登记|报|反映|投诉|上报)的?[^。]{0,24}"
    r"(?:到哪|进度|咋样|怎么样|有结果|没结果|没动静|没人|办了)"
)
_STORY = 60  # characters; a question at its end makes no question of it: it is answered, and offered to be filed
_LAWYER = re.compile(r"(?:找|见|约)(?:个|一个|一下|下)?律师")
# 法律顾问来不来，我想排个号 is a question, and asks for an hour all the same.
_HOUR = re.compile(r"(?:律师|法律顾问|调解员|司法所)[^。]{0,24}(?:[排挂]个?号|约个?(?:时间|号|时候))")


class Open:
    """What stands open in the conversation; asked before the rule that Rasa chose."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def resumes(self, turn: Turn) -> Said | None:
        """接着报, or 登记吧, whatever the classifier took it for; None for other words."""
        text = turn.text
        if turn.form or phrases.is_question(text):
            return None
        report = ReportDispute(self._services)
        if phrases.is_resume(text):
            return report.do(turn)
        is_bare = len(text) <= 14 and phrases.is_explicit(text) and not words.matter_in(text)
        return report.begin(turn) if is_bare and phrases.yes_or_no(text) is None else None

    def answers_case(self, turn: Turn) -> Said | None:
        """Short words that answer a case's question, when that is the last thing the resident heard.

        None where the words are no such answer.
        """
        text, what = turn.text, turn.awaited
        if turn.form or len(text) > 30:
            return None
        if what == MARK and stars(text):
            return RateCase(self._services).do(turn)
        if what.startswith(LOOK_UP) and re.fullmatch(r"\D{0,6}\d{4}", text):
            return CheckCase(self._services).do(replace(turn, text=f"{what.removeprefix(LOOK_UP)} {text[-4:]}"))
        with self._services.sessions() as session:
            if asking(session, turn) is None:
                return None
        if verdict(text) is None and (len(text) > 6 or phrases.is_explicit(text)):
            return None
        return ConfirmCase(self._services).do(turn)


class _ByWhatIsOpen(CustomAction):
    def __init__(self, services: Services, name: str = "") -> None:
        super().__init__(services, name)
        self.open = Open(services)


class RequestHandoff(_ByWhatIsOpen):
    names = ("action_request_handoff",)

    def do(self, turn: Turn) -> Said:
        if re.fullmatch(r"[\d\s-]{1,12}", turn.text):  # figures ask for nobody
            text = "您发的是一串数字，我没看明白。查进度请说“查进度”，想报事请说“我要报个事”。"
            return self.open.answers_case(turn) or say(Reply(ReplyKind.asking, text))
        return person.called()


class Report(_ByWhatIsOpen):
    """又犯了, to 真解决了吗, is no new report."""

    names = ("action_report_dispute",)

    def do(self, turn: Turn) -> Said:
        return with_sheet(self.services, turn, self._reported(turn))

    def _reported(self, turn: Turn) -> Said:
        if not turn.form and (done := pressed(self.services, turn)) is not None:
            return done
        if not turn.form and (said := aside(turn.text, turn.message)) is not None:
            return say(said)
        if not turn.form and _PERSON.search(turn.text):
            return RequestHandoff(self.services, self.name()).do(turn)
        if not turn.form and turn.text.startswith("补充") and self._has_case(turn):
            return SupplementCase(self.services).do(turn)
        if not turn.form and (listed_matters(turn.text) or reckoned(self.services, turn) is not None):
            return AnswerQuestion(self.services).do(turn)
        if not turn.form and is_not_posted(turn.text):
            return AskDisclosure(self.services).do(turn)
        if not turn.form and turn.place and is_for_all(turn.text):
            return RaiseTopic(self.services).do(turn)
        if not turn.form and _PROGRESS.search(turn.text):
            return CheckCase(self.services).do(turn)
        return self.open.answers_case(turn) or ReportDispute(self.services).do(turn)

    def _has_case(self, turn: Turn) -> bool:
        with self.services.sessions() as session:
            return bool(of_person(session, turn.conversation_id))


class Question(_ByWhatIsOpen):
    names = ("action_answer_question",)

    def do(self, turn: Turn) -> Said:
        return with_sheet(self.services, turn, self._answered(turn))

    def _answered(self, turn: Turn) -> Said:
        if not turn.form and (done := pressed(self.services, turn)) is not None:
            return done
        if not turn.form and (said := aside(turn.text, turn.message)) is not None:
            return say(said)
        if (resumed := self.open.resumes(turn)) is not None:
            return resumed
        if not turn.form and _PERSON.search(turn.text):
            return RequestHandoff(self.services, self.name()).do(turn)
        if not turn.form and _HOUR.search(turn.text):
            return StartBooking(self.services).do(turn)
        if not phrases.is_question(turn.text):
            if not turn.form and _LAWYER.search(turn.text):
                return StartBooking(self.services).do(turn)
            if (answered := self.open.answers_case(turn)) is not None:
                return answered
        return AnswerQuestion(self.services).do(turn)


class Matter(CustomAction):
    """Words that were taken for something else and tell a trouble or ask a question."""

    def __init__(self, services: Services) -> None:
        super().__init__(services, "matter")

    def do(self, turn: Turn) -> Said:
        is_question = phrases.is_question(turn.text) and len(turn.text) < _STORY
        is_asked = turn.intent.startswith("ask_") or is_question or listed_matters(turn.text)
        told = Question if is_asked else Report
        return told(self.services, self.name()).do(turn)


class FollowUp(_ByWhatIsOpen):
    names = ("action_answer_follow_up",)

    def do(self, turn: Turn) -> Said:
        return self.open.resumes(turn) or AnswerFollowUp(self.services).do(turn)


class Check(_ByWhatIsOpen):
    names = ("action_check_case",)

    def do(self, turn: Turn) -> Said:
        return self.open.resumes(turn) or CheckCase(self.services).do(turn)


class Affirm(_ByWhatIsOpen):
    """A yes to what was asked just now: to file, to withdraw, to cancel; otherwise only a friendly word."""

    names = ("action_affirm",)

    def do(self, turn: Turn) -> Said:
        what = turn.awaited
        if "确认撤回" in what or "确认取消" in what:
            # as if the resident had said it in full
            doer = CancelBooking(self.services) if "预约" in what else WithdrawCase(self.services)
            return doer.do(replace(turn, text=what)) + say(events=slots(awaits=None))
        if what.endswith(EARLIER):
            return SupplementCase(self.services).do(replace(turn, text=what)) + say(events=slots(awaits=None))
        if (resumed := self.open.resumes(turn)) is not None:
            return resumed
        if _is_just_offered(turn):
            return ReportDispute(self.services).begin(turn)
        friendly = Reply(ReplyKind.smalltalk, "好的。还有什么想问的，直接说就行。", buttons=go_on_buttons(turn))
        return self.open.answers_case(turn) or say(friendly)


def _is_just_offered(turn: Turn) -> bool:
    """Whether to file it is what a bare yes answers: an offer that was passed over for another question is past."""
    offered = turn.slot("dispute_offer")
    return bool(offered) and offered == turn.slot("last_question")


class Deny(_ByWhatIsOpen):
    names = ("action_deny",)

    def do(self, turn: Turn) -> Said:
        if re.search(r"不去|去不了|不见了|不约", turn.text) and not turn.awaited:
            with self.services.sessions() as session:
                has_booking = bool(held_by(session, turn))
            if has_booking:
                return CancelBooking(self.services).do(turn)
        if "没" in turn.text and (answered := self.open.answers_case(turn)) is not None:
            return answered
        text = "好，那就不弄了。" if _is_just_offered(turn) else "好的。"
        if turn.awaited:
            text = "好，那就不动它。"
        reply = Reply(ReplyKind.smalltalk, f"{text}有别的事随时问我。")
        return say(reply, events=slots(dispute_offer=None, awaits=None))


class Stop(CustomAction):
    names = ("action_stop",)

    def do(self, turn: Turn) -> Said:
        with self.services.sessions() as session:
            own = of_person(session, turn.conversation_id)
            has_case = any(CaseStatus.withdrawn in MOVES[c.status] for c in own)
            has_booking = bool(held_by(session, turn))
        if has_case and re.search(r"撤|作废", turn.text):
            return WithdrawCase(self.services).do(turn)
        if has_booking and re.search(r"(?:改|换)(?:到|成|约|期|个?时间)", turn.text):
            return StartBooking(self.services).do(turn)
        if has_booking and re.search(r"取消|退|不去", turn.text):
            return CancelBooking(self.services).do(turn)
        reply = Reply(ReplyKind.smalltalk, "好，先到这里。您什么时候想问，再来就行。")
        return say(reply, events=slots(pending_question=None, dispute_offer=None, awaits=None))


class StopTool(CustomAction):
    """Out of either of the two tools."""

    names = ("action_stop_tool",)

    def do(self, turn: Turn) -> Said:
        return say(tools.FAREWELL, events=(*ValidateDeadline.empty(), *ValidateAid.empty()))
