"""What somebody writes down about a step, and whether that is enough: each refusal says what is missing."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from actions.decisions.models import Decision
from actions.decisions.status import WAY, Step
from actions.errors import InvalidInput

POSTED_DAYS = 15  # 村民委员会组织法 35, 城市居民委员会组织法 34: 公布的期限不得少于十五日
_EARLIEST = date(2000, 1, 1)
_LONG_NUMBER = re.compile(r"\d(?:[\s-]?\d){10,}")
_LEAST_WORDS = 4  # a reason that people read; less is a slip of the finger
MOST_YUAN = 10**11


@dataclass(frozen=True)
class Who:
    """A member of staff."""

    id: int
    name: str


@dataclass(frozen=True)
class Entry:
    """What a form brings; only what the step asks for is read."""

    on_day: date | None = None
    words: str = ""
    document: str = ""  # the paper that orders it: its number, or a court's
    present: int | None = None
    entitled: int | None = None
    yes: int | None = None
    is_cleared: bool = False
    posted_from: date | None = None
    posted_to: date | None = None
    file_id: int | None = None
    yuan_in: int | None = None
    yuan_out: int | None = None
    corrects_id: int | None = None
    first_day_counts: bool = False  # as a legal worker decided (`actions/rulings`), never as a form says


@dataclass(frozen=True)
class Checked:
    """What is stored of an entry."""

    on_day: date
    words: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


def check(step: Step, entry: Entry, decision: Decision, today: date) -> Checked:
    """Raises InvalidInput."""
    return _CHECKS[step](entry, decision, today)


def last_day(decision: Decision) -> date:
    """When the last thing on its way happened, as far as it was written down and not sent back."""
    days = [s.on_day for s in decision.steps if s.step in WAY and s.refused_at is None]
    return max(days, default=_EARLIEST)


def day_in_order(day: date | None, decision: Decision, today: date) -> date:
    """Raises InvalidInput for a day to come, or one before the step before."""
    if day is None:
        raise InvalidInput("请填是哪一天。")
    if day > today:
        raise InvalidInput("这一天还没到，办过了再记。")
    if day < (before := last_day(decision)):
        raise InvalidInput(f"上一步是{before.month}月{before.day}日，这一步不能在它前面。")
    return day


def said(text: str, what: str) -> str:
    if len(text.strip()) < _LEAST_WORDS:
        raise InvalidInput(f"请写明{what}，大家会看到。")
    check_no_number(text)
    return text.strip()


def check_no_number(text: str) -> None:
    """A telephone, a card, an identity: none of them belongs where everybody reads. Raises InvalidInput."""
    if _LONG_NUMBER.search(text):
        raise InvalidInput("这里大家都看得到，请不要写电话、身份证号、银行卡号。")


def posted(entry: Entry, today: date) -> tuple[date, date]:
    """From when to when it hangs on the board. Raises InvalidInput for less than the law asks for."""
    if entry.posted_from is None or entry.posted_to is None:
        raise InvalidInput("请填从哪天贴到哪天。")
    if entry.posted_from > today:
        raise InvalidInput("还没贴出来，贴了再记。")
    # the day it was put up isn't counted (民法典 201), unless a legal worker decided otherwise
    until = entry.posted_from + timedelta(days=POSTED_DAYS - entry.first_day_counts)
    if entry.posted_to < until:
        raise InvalidInput(f"公开不能少于{POSTED_DAYS}天，最早贴到{until.month}月{until.day}日。")
    return entry.posted_from, entry.posted_to


def whole(number: int | None, what: str, *, most: int = MOST_YUAN) -> int:
    if number is None or not 0 <= number <= most:
        raise InvalidInput(f"请填{what}，要是整数。")
    return number


def _discuss(entry: Entry, decision: Decision, today: date) -> Checked:
    present = whole(entry.present, "到了几个人")
    if present < 2:
        raise InvalidInput("两委商议至少要两个人。")
    words = said(entry.words, "谁和这件事有利害关系、怎么回避的，没有也写“都没有利害关系”")
    return Checked(day_in_order(entry.on_day, decision, today), words, {"present": present})


def _deliberate(entry: Entry, decision: Decision, today: date) -> Checked:
    entitled, present = whole(entry.entitled, "应到多少党员"), whole(entry.present, "到了多少党员")
    yes = whole(entry.yes, "多少人同意")
    if not entitled or present > entitled or yes > present:
        raise InvalidInput("人数对不上：到会的不能比应到的多，同意的不能比到会的多。")
    figures = {"entitled": entitled, "present": present, "yes": yes}
    return Checked(day_in_order(entry.on_day, decision, today), entry.words.strip(), figures)


def _clear(entry: Entry, decision: Decision, today: date) -> Checked:
    if entry.is_cleared:
        return Checked(today, entry.words.strip(), {"is_cleared": True})
    return Checked(today, said(entry.words, "哪里不合法、怎么改"), {"is_cleared": False})


def _publish(entry: Entry, decision: Decision, today: date) -> Checked:
    start, _ = posted(entry, today)
    if entry.file_id is None:
        raise InvalidInput("请附上公开栏的照片。")
    return Checked(day_in_order(start, decision, today), entry.words.strip())


def _result(entry: Entry, decision: Decision, today: date) -> Checked:
    start, _ = posted(entry, today)
    if entry.file_id is None:
        raise InvalidInput("请附上办成后的照片或者公开栏的照片。")
    money = {"yuan_in": whole(entry.yuan_in, "收到多少钱"), "yuan_out": whole(entry.yuan_out, "花了多少钱")}
    return Checked(day_in_order(start, decision, today), said(entry.words, "办成了什么"), money)


def _ordered(entry: Entry, decision: Decision, today: date) -> Checked:
    words = said(entry.words, "为什么")
    document = said(entry.document, "依据哪份文书，比如乡镇的文号、法院的案号")
    return Checked(_any_day(entry.on_day, today), words, {"document": document})


def _resume(entry: Entry, decision: Decision, today: date) -> Checked:
    return Checked(_any_day(entry.on_day, today), said(entry.words, "为什么可以接着办"))


def _correct(entry: Entry, decision: Decision, today: date) -> Checked:
    if entry.corrects_id not in {s.id for s in decision.steps}:
        raise InvalidInput("请选更正的是哪一条。")
    return Checked(_any_day(entry.on_day, today), said(entry.words, "原来写的哪里不对、应该是什么"))


def _any_day(day: date | None, today: date) -> date:
    if day is not None and not _EARLIEST <= day <= today:
        raise InvalidInput("日期不对，请核对。")
    return day or today


_CHECKS: dict[Step, Callable[[Entry, Decision, date], Checked]] = {
    Step.discuss: _discuss,
    Step.deliberate: _deliberate,
    Step.clear: _clear,
    Step.publish: _publish,
    Step.result: _result,
    Step.suspend: _ordered,
    Step.annul: _ordered,
    Step.resume: _resume,
    Step.correct: _correct,
}
WRITTEN = frozenset(_CHECKS)  # the others are made by a meeting, or with a case
