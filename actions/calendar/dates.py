"""Dates as residents say them."""

import contextlib
import io
import re
import sys
import threading
import types
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any

from knowledge.clock import SHANGHAI

WEEKDAYS = "一二三四五六日"
_READ, _LONGEST_RUN = 120, 20  # 2026年11月24日上午9点30分 has 18
_IDIOMS = re.compile(r"一天到晚|三天两头|一年到头|成天到晚|五一村|整天|天天|有一天")
_HOUR = re.compile(r"(上午|早上|早晨|中午|下午|傍晚|晚上)?([一二三四五六七八九十两]{1,2}|\d{1,2})点")


# jionlp's parsers keep what they are at in themselves, so one thread at a time may ask them.
_one_at_a_time = threading.Lock()


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


@cache
def _jionlp() -> Any:
    stand_in = types.ModuleType("jiojio")

    def anything(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # whoever walks through the modules asks for `__file__` and the like
        return lambda *args, **kwargs: None

    stand_in.__getattr__ = anything  # type: ignore[method-assign]
    sys.modules.setdefault("jiojio", stand_in)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints a banner
        import jionlp
    return jionlp


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
    return _find(text, now=now, future=False)


def find_future(text: str, *, now: datetime) -> DateRange | None:
    """When somebody would like to come: 下周三下午, 8号, 三点. Past days roll forward."""
    return _find(text, now=now, future=True)


def _find(text: str, *, now: datetime, future: bool) -> DateRange | None:
    local = now.astimezone(SHANGHAI)
    base = {"year": local.year, "month": local.month, "day": local.day, "hour": local.hour, "minute": local.minute}
    for said in phrases(text):
        try:
            with _one_at_a_time:
                parsed = _jionlp().parse_time(said, time_base=base)
            start, end = (datetime.strptime(t, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI) for t in parsed["time"])
        except Exception:
            continue
        if future:
            start, end = _office_hours(said, start, end)
            if end < local and re.fullmatch(r"\d{1,2}[号日]", said):
                start, end = _next_month(start), _next_month(end)
            elif end < local and not re.search(r"年|前|昨|上", said):
                later = 7 if re.search(r"周|星期|礼拜", said) else 0
                start, end = start + timedelta(days=later), end + timedelta(days=later)
            if end < local:
                continue
        elif start > local:
            continue
        return DateRange(start.astimezone(UTC), end.astimezone(UTC), said)
    return None


def _office_hours(said: str, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """A bare 三点 is three in the afternoon: nobody is met at night."""
    hour = _HOUR.search(said)
    if hour and not hour.group(1) and start.hour < 8:
        return start + timedelta(hours=12), end + timedelta(hours=12)
    return start, end


def _next_month(moment: datetime) -> datetime:
    first = (moment.replace(day=1) + timedelta(days=32)).replace(day=1)
    try:
        return first.replace(day=moment.day)
    except ValueError:
        return datetime.combine((first + timedelta(days=31)).replace(day=1) - timedelta(days=1), time(0), SHANGHAI)
