"""Dates as residents say them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache, lru_cache

from actions.calendar import said_days
from actions.calendar.jio import jionlp as _jionlp
from actions.calendar.jio import one_at_a_time as _one_at_a_time
from actions.calendar.said_days import SaidDay
from knowledge.clock import SHANGHAI

WEEKDAYS = "一二三四五六日"
_READ, _LONGEST_RUN = 120, 20  # 2026年11月24日上午9点30分 has 18
_IDIOMS = re.compile(r"一天到晚|三天两头|一年到头|成天到晚|五一村|整天|天天|有一天")
_HOUR = re.compile(r"(上午|早上|早晨|中午|下午|傍晚|晚上)?([一二三四五六七八九十两]{1,2}|\d{1,2})点")


@dataclass(frozen=True)
class DateRange:
    """start, end: aware, UTC, end exclusive by at most a second; said: the resident's words."""

    start: datetime
    end: datetime
    said: str

    @property
    def label(self) -> str:
        """For reading back: 11月25日（周三）下午."""
        start, end = self.start.astimezone(SHANGHAI), self.end.astimezone(SHANGHAI)
        day = day_label(start)
        if start.date() != end.date():
            return f"{day}到{day_label(end)}"
        if (end - start) >= timedelta(hours=20):
            return day
        return f"{day}{'上午' if start.hour < 12 else '下午' if start.hour < 18 else '晚上'}" + (
            f"{start:%H:%M}" if end - start < timedelta(hours=2) else ""
        )


def day_label(moment: datetime) -> str:
    local = moment.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日（周{WEEKDAYS[local.weekday()]}）"


@lru_cache(maxsize=256)
def phrases(text: str) -> tuple[str, ...]:
    """Words that name a point in time, as they stand, from the first _READ characters.

    jionlp tries every part of a run of its characters: 昨天 fifty times over took 11 s, a run of 20 characters takes
    0.1 s.
    """
    plain = _IDIOMS.sub(lambda m: "　" * len(m.group()), re.sub(r"([今明昨前后])儿(?:个)?", r"\1天", text[:_READ]))
    try:
        with _one_at_a_time:
            runs = re.sub(f"(?:{_run_characters()}){{{_LONGEST_RUN}}}", lambda m: m.group() + "。", plain)
            found = _jionlp().ner.extract_time(runs, time_base=0, with_parsing=False)
    except Exception:  # a library of patterns: whatever it trips over is a text without a date
        return ()
    return tuple(f["text"] for f in found if f["type"] in ("time_point", "time_span"))


@cache
def _run_characters() -> str:
    _jionlp()
    from jionlp.rule.rule_pattern import TIME_CHAR_STRING

    return str(TIME_CHAR_STRING).removesuffix("+")


def find_past(text: str, *, now: datetime) -> DateRange | None:
    """When something happened: 昨天, 上个月. None when no date is understood."""
    local = now.astimezone(SHANGHAI)
    found = (when for when in _told(text, local, future=False) if when.start <= local)
    return next(found, None)


def find_future(text: str, *, now: datetime) -> DateRange | None:
    """When somebody would like to come: 下周三下午, 8号, 三点. Past days roll forward; 不要周三 wants no Wednesday."""
    local = now.astimezone(SHANGHAI)
    found = (when for when in _told(text, local, future=True) if when.end >= local)
    return next(found, None)


@dataclass(frozen=True)
class Unwanted:
    """The days on which somebody can't come: 不要周三, 8号不行."""

    days: tuple[SaidDay, ...]

    def covers(self, moment: datetime) -> bool:
        day = moment.astimezone(SHANGHAI).date()
        for said in self.days:
            if said.weekday is not None and (day.weekday() == said.weekday or (said.is_weekend and day.weekday() > 4)):
                return True
            if said.first is not None and said.last is not None and said.first <= day <= said.last:
                return True
        return False


def find_impossible(text: str, *, now: datetime) -> str:
    """The words for a day that no calendar has, 2月30号; "" without one."""
    days = said_days.read(text, today=now.astimezone(SHANGHAI).date(), past=False)
    return next((day.said for day in days if day.is_impossible), "")


def find_unwanted(text: str, *, now: datetime) -> Unwanted:
    days = said_days.read(text, today=now.astimezone(SHANGHAI).date(), past=False)
    return Unwanted(tuple(day for day in days if day.is_refused))


def _told(text: str, local: datetime, *, future: bool) -> Iterator[DateRange]:
    """The days of our own reading with jionlp's hours, and what only jionlp knows, in the order of the text."""
    days = said_days.read(text, today=local.date(), past=not future)
    told: list[tuple[int, DateRange]] = []
    seen: list[SaidDay] = []
    for said in phrases(text):
        at = max(0, text.find(said))
        ours = [day for day in days if day.at < at + len(said) and at < day.end]
        seen += ours
        if any(day.is_refused or day.is_impossible for day in ours):
            continue
        if when := _range(said, ours, local, future=future):
            told.append((at, when))
    alone = (day for day in days if day not in seen and not day.is_refused and not day.is_impossible)
    told += [(day.at, _days(day.said, day)) for day in alone]
    return (when for _, when in sorted(told, key=lambda pair: pair[0]))


def _days(said: str, day: SaidDay) -> DateRange:
    first, last = day.first or datetime.min.date(), day.last or datetime.min.date()
    start = datetime.combine(first, time(0), SHANGHAI)
    end = datetime.combine(last, time(23, 59, 59), SHANGHAI)
    return DateRange(start.astimezone(UTC), end.astimezone(UTC), said)


def _range(said: str, ours: list[SaidDay], local: datetime, *, future: bool) -> DateRange | None:
    base = {"year": local.year, "month": local.month, "day": local.day, "hour": local.hour, "minute": local.minute}
    try:
        with _one_at_a_time:
            parsed = _jionlp().parse_time(said, time_base=base)
        start, end = (datetime.strptime(t, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI) for t in parsed["time"])
    except Exception:
        return _days(said, ours[0]) if ours else None
    if future:
        start, end = _office_hours(said, start, end)
    if len(ours) > 1 and end - start > timedelta(hours=20):  # 12月1号到12月5号
        return _days(said, replace(ours[0], last=ours[-1].last))
    if ours and (ours[0].first != ours[0].last or end - start > timedelta(hours=20)):
        return _days(said, ours[0])
    if ours and ours[0].first:
        moved = datetime.combine(ours[0].first, start.timetz()) - start
        start, end = start + moved, end + moved
    return DateRange(start.astimezone(UTC), end.astimezone(UTC), said)


def _office_hours(said: str, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """A bare 三点 is three in the afternoon: nobody is met at night."""
    hour = _HOUR.search(said)
    if hour and not hour.group(1) and start.hour < 8:
        return start + timedelta(hours=12), end + timedelta(hours=12)
    return start, end
