"""The last day of a time limit, counted in two questions. No ruling."""

import re
from datetime import UTC, date, datetime

from rasa_sdk.events import FollowupAction

from actions.calendar import dates
from actions.calendar.workdays import calendar
from actions.dialogue.frame.base import NOTHING, CustomAction, Said, Turn, say, slots
from actions.dialogue.frame.tools import ToolForm
from actions.dialogue.hearing import phrases
from actions.replies import Button, Reply, ReplyKind, phone_links
from actions.tools import deadlines, matters
from knowledge import clock

_DATE = re.compile(r"(?:(\d{4})[年./-])?(\d{1,2})[月./-](\d{1,2})[日号]?")
_USUAL = ("labour_arbitration", "reconsideration", "land_arbitration", "general_limitation", "judicial_confirmation")
_ROUGHLY = Reply(ReplyKind.smalltalk, "您说的是个大概，我先按其中最早的一天算；想算得准，再说一次具体日子。")


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


class ValidateDeadline(ToolForm):
    names = ("validate_deadline_form",)
    prefix = "deadline"
    fields = ("matter", "start", "message")

    def read_step(self, turn: Turn, step: str) -> Said:
        exact = next((m for m in matters.MATTERS.values() if m.title_zh in (turn.text, phrases.tidy(turn.text))), None)
        if exact:
            return say(events=slots(deadline_matter=exact.id))
        return self._matter(turn) if step == "matter" else self._start(turn)

    def _matter(self, turn: Turn) -> Said:
        found = matters.find_matter(turn.text)
        if not found:
            return self.not_heard(turn, "没听明白是哪一种，点一个就行。")
        one = slots(deadline_matter=found[0].id) if len(found) == 1 else slots(deadline_said=turn.text)
        return say(events=one)

    def _start(self, turn: Turn) -> Said:
        today = self.services.today()
        day = read_day(turn.text, today=today)
        if day is None:
            return self.not_heard(
                turn, "没听出是哪一天。记不清就看看收到的文书上写的日期；实在没有，打 12348 问，律师免费帮您看。"
            )
        if day > today or day < deadlines.EARLIEST:
            return say(Reply(ReplyKind.asking, "这个日子好像不对，请再说一次，比如“2026年9月1日”。"))
        heard = say(events=slots(deadline_start=day.isoformat()))
        return say(_ROUGHLY) + heard if is_vague(turn.text) else heard


class StartDeadline(CustomAction):
    names = ("action_start_deadline",)

    def do(self, turn: Turn) -> Said:
        found = matters.find_matter(turn.text) or matters.find_matter(turn.slot("last_question") or "")
        day = None if is_vague(turn.text) else read_day(turn.text, today=self.services.today())
        known: dict[str, str] = {}
        if len(found) == 1:
            known["deadline_matter"] = found[0].id
            if day:
                known["deadline_start"] = day.isoformat()
        return say(
            events=[
                *ValidateDeadline.empty(),
                *slots(deadline_said=turn.text, deadline_message=turn.message, **known),
                FollowupAction("deadline_form"),
            ]
        )


class AskDeadline(CustomAction):
    names = ("action_ask_deadline_matter", "action_ask_deadline_start")

    def do(self, turn: Turn) -> Said:
        if self.name().endswith("_start"):
            matter = matters.MATTERS[turn.slot("deadline_matter")]
            text = f"从{matter.starts_zh}算起。那是哪一天？比如“2026年9月1日”或者“上个月8号”。"
            return say(Reply(ReplyKind.asking, text))
        found = matters.find_matter(turn.slot("deadline_said") or "")
        offered = found[:6] or [matters.MATTERS[m] for m in _USUAL]
        buttons = tuple(Button(m.title_zh, m.title_zh) for m in offered)
        return say(Reply(ReplyKind.asking, "您要算的是哪一种期限？", buttons=buttons))


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
            lawyer = Button("约律师", "想约律师")
            told = Reply(ReplyKind.deadline, found.text_zh, links=phone_links("12348"), buttons=(lawyer,))
        return say(told, events=ValidateDeadline.empty())
