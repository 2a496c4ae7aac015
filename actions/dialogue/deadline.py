"""The last day of a time limit: told where the matter and the day it runs from are sure, else one thing is asked.

No ruling.
"""

from datetime import date

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.calendar.workdays import calendar
from actions.dialogue.frame.base import NOTHING, CustomAction, Said, Turn, say, slots
from actions.dialogue.frame.tools import ToolForm
from actions.dialogue.hearing import phrases
from actions.replies import Button, Reply, ReplyKind, phone_links
from actions.tools import deadlines, hearing, matters
from actions.tools.hearing import Doubt, Heard
from actions.tools.matter_words import WHICH
from actions.tools.matters import Matter

INTENTS = {"ask_deadline": "算期限"}  # what staff read
_USUAL = ("labour_arbitration", "reconsideration", "land_arbitration", "general_limitation", "judicial_confirmation")
_LAWYER = Button("约律师", "想约律师")
_ASKED_TWICE = "又问了一遍"  # stands in deadline_said once the matter is known and its day wasn't understood
_DOUBTS = {
    Doubt.vague: "“{said}”是个大概，差一天结果就不一样。看看文书、短信、病历上的日子，找不到就打 12348 问问律师：",
    Doubt.impossible: "“{said}”这一天，日历上没有，您再看看：",
    Doubt.ahead: "“{said}”还没到，要的是已经过去的那一天：",
    Doubt.year: "“{said}”是哪一年的？请连年份一起说，比如“去年{said}”：",
    Doubt.several: "您说了几个日子，我不敢乱挑：",
    Doubt.no_day: "没听出是哪一天。记不清就看看收到的文书上写的日期：",
}


def _told(text: str) -> Reply:
    return Reply(ReplyKind.deadline, text, links=phone_links("12348"), buttons=(_LAWYER,))


class ValidateDeadline(ToolForm):
    names = ("validate_deadline_form",)
    prefix = "deadline"
    fields = ("matter", "start", "said", "message")

    def read_step(self, turn: Turn, step: str) -> Said:
        exact = next((m for m in matters.MATTERS.values() if m.title_zh in (turn.text, phrases.tidy(turn.text))), None)
        if exact:
            start, _, _ = hearing.start_in(turn.slot("deadline_said") or "", exact, today=self.services.today())
            return say(events=slots(**_filled(exact, start)))
        return self._matter(turn) if step == "matter" else self._start(turn)

    def _matter(self, turn: Turn) -> Said:
        """The answer alone, or together with what was said before: 我是被害人, after 判决书收到了嫌判轻."""
        today, before = self.services.today(), turn.slot("deadline_said") or ""
        heard = hearing.hear(turn.text, today=today)
        if before and not (heard.answer or heard.matter):
            together = hearing.hear(f"{before}，{turn.text}", today=today)
            heard = together if together.answer or together.matter or not heard.matters else heard
        if heard.answer:
            return say(_told(heard.answer.text_on(today)), events=self._ended())
        if not heard.matters:
            return self.not_heard(turn, "没听明白是哪一种，点一个就行。")
        return say(events=slots(**_known(heard, f"{before}，{turn.text}" if before else turn.text)))

    def _ended(self) -> tuple[EventType, ...]:
        return (*self.empty(), SlotSet("requested_slot", None))

    def _start(self, turn: Turn) -> Said:
        today, matter = self.services.today(), matters.MATTERS[turn.slot("deadline_matter")]
        day, doubt, said = hearing.day_in(turn.text, today=today)
        if doubt is Doubt.several:
            day, doubt, said = hearing.start_in(turn.text, matter, today=today)
        if day is not None and day >= deadlines.EARLIEST:
            return say(events=slots(deadline_start=day.isoformat()))
        if turn.slot("deadline_said") == _ASKED_TWICE and not phrases.is_question(turn.text):
            return say(_told(deadlines.rule(matter, today)), events=self._ended())
        hint = _DOUBTS[doubt or Doubt.vague].format(said=said or turn.text[:10])
        heard = self.not_heard(turn, hint)
        return heard + say(events=slots(deadline_said=_ASKED_TWICE)) if heard.replies else heard


def _known(heard: Heard, text: str) -> dict[str, str | None]:
    """The slots that what was heard fills."""
    return {"deadline_said": text[:300]} if heard.matter is None else _filled(heard.matter, heard.start)


def _filled(matter: Matter, start: date | None) -> dict[str, str | None]:
    is_counted = start is not None and start >= deadlines.EARLIEST
    return {
        "deadline_matter": matter.id,
        "deadline_start": start.isoformat() if start and is_counted else None,
        "deadline_said": None,
    }


class StartDeadline(CustomAction):
    names = ("action_start_deadline",)

    def do(self, turn: Turn) -> Said:
        today, before = self.services.today(), turn.slot("last_question") or ""
        text, heard = turn.text, hearing.hear(turn.text, today=today)
        if before and (heard.is_vague or not (heard.answer or heard.matters)):
            asked = hearing.hear(before, today=today)  # 帮我算算最晚哪天, after a question
            text, heard = (before, asked) if asked.answer or asked.matters else (text, heard)
        if heard.answer:
            return say(_told(heard.answer.text_on(today)), events=ValidateDeadline.empty())
        return say(
            events=[
                *ValidateDeadline.empty(),
                *slots(deadline_message=turn.message, **_known(heard, text)),
                FollowupAction("deadline_form"),
            ]
        )


class AskDeadline(CustomAction):
    names = ("action_ask_deadline_matter", "action_ask_deadline_start")

    def do(self, turn: Turn) -> Said:
        if self.name().endswith("_start"):
            matter = matters.MATTERS[turn.slot("deadline_matter")]
            text = (  # who can't name the day at least knows the rule
                f"{matter.title_zh}，时间是{matter.span_zh}，从{matter.starts_zh}算起。那是哪一天？"
                "比如“2026年9月1日”或者“上个月8号”。"
            )
            return say(Reply(ReplyKind.asking, text))
        heard = hearing.hear(turn.slot("deadline_said") or "", today=self.services.today())
        offered = heard.matters[:6] or tuple(matters.MATTERS[m] for m in _USUAL)
        buttons = tuple(Button(m.title_zh, m.title_zh) for m in offered)
        text = WHICH if heard.ask in ("", WHICH) else f"{heard.ask}\n{WHICH}"
        return say(Reply(ReplyKind.asking, text, buttons=buttons))


class TellDeadline(CustomAction):
    names = ("action_tell_deadline",)

    def do(self, turn: Turn) -> Said:
        matter, start = turn.slot("deadline_matter"), turn.slot("deadline_start")
        if not matter or not start:
            return NOTHING
        with self.services.sessions() as session:
            days = calendar(session)
        try:
            found = deadlines.last_day(matter, date.fromisoformat(start), calendar=days, today=self.services.today())
        except ValueError:
            told = Reply(ReplyKind.asking, "这个日子我算不了，请拨打 12348 问问律师。", links=phone_links("12348"))
        else:
            told = _told(found.text_zh)
        return say(told, events=ValidateDeadline.empty())
