"""Until when a matter can still be brought forward, counted by the law and told in plain words."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from actions.calendar.workdays import WorkCalendar
from actions.tools.matters import MATTERS, Matter, Span, cite
from knowledge.statutes.moves import cited_on

EARLIEST = date(1990, 1, 1)  # no limit here reaches further back than the outer 20 years, with room for old papers
URGENT_DAYS = 7  # 法律援助法 44: fewer days than this to the limit, and aid may come before the papers

_MOVED = "《{}》刚改过，这一条正在核对，日子只能先当参考，请打 12348 问准。"
_WHERE = "拿不准就打 12348，律师免费解答；也可以去县里的法律援助中心或镇司法所当面问。"


@dataclass(frozen=True)
class Deadline:
    """`moved_from`: the counted day, where it was a day of rest; `days_left`: 0 today, negative once past."""

    matter: Matter
    start: date
    last_day: date
    moved_from: date | None
    is_confirmed: bool
    days_left: int
    law: str
    article: str
    text_zh: str


@dataclass(frozen=True)
class _Days:
    """open_until, opens_again: the last working day up to `last`, the first from it on; guessed: years whose holidays
    nobody has confirmed.
    """

    start: date
    last: date
    moved_from: date | None
    open_until: date
    opens_again: date
    guessed: tuple[int, ...]


class UnknownMatter(ValueError):
    """No matter has this id."""


def last_day(matter_id: str, start: date, *, calendar: WorkCalendar, today: date) -> Deadline:
    """Until when, told in plain words.

    UnknownMatter for a wrong id; ValueError for a start before 1990, over a year ahead, or under a law of before.
    """
    if matter_id not in MATTERS:
        raise UnknownMatter(matter_id)
    if start < EARLIEST or start > _add_months(today, 12):
        raise ValueError(f"start out of range: {start}")
    matter = MATTERS[matter_id]
    if not matter.is_counted_from(start):
        raise ValueError(f"start under older law: {start}")
    begins = start + timedelta(days=matter.wait_days)
    counted = end = count(begins, matter.amount, matter.unit, calendar=calendar)
    if matter.counting.moves:
        end = _workday(end, 1, calendar=calendar)
    guessed = calendar.unconfirmed_years(start if matter.unit == "workdays" else counted, end)
    moved_from = counted if end != counted else None
    days_left = (end - today).days
    open_until, opens_again = _workday(end, -1, calendar=calendar), _workday(end, 1, calendar=calendar)
    days = _Days(start, end, moved_from, open_until, opens_again, tuple(guessed))
    text = _wait_words(matter, days, today) if matter.waits else _words(matter, days, today)
    law, article = next(iter(cited_on([(matter.law, matter.article)], today)), (matter.law, ""))
    return Deadline(matter, start, end, moved_from, not guessed, days_left, law, article, text)


def count(start: date, amount: int, unit: Span, *, calendar: WorkCalendar) -> date:
    """The counted last day, before a day of rest moves it (民法典 201, 202)."""
    if unit == "days":
        return start + timedelta(days=amount)
    if unit == "workdays":
        return calendar.add_workdays(start, amount)
    return _add_months(start, amount * 12 if unit == "years" else amount)


def _add_months(day: date, amount: int) -> date:
    years, month = divmod(day.month - 1 + amount, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _workday(day: date, step: int, *, calendar: WorkCalendar) -> date:
    """The working day nearest to `day`, itself included, back (step -1) or on (1)."""
    while not calendar.is_workday(day):
        day += timedelta(days=step)
    return day


def _words(matter: Matter, days: _Days, today: date) -> str:
    days_left, moved_from = (days.last - today).days, days.moved_from
    lines = [
        (
            f"{matter.title_zh}：时间是{matter.span_zh}，从{matter.starts_zh}算起。"
            f"您说的是{_day(days.start)}，那么最后一天是{_day(days.last)}。"
        )
    ]
    if moved_from:
        lines.append(f"本来数到{_day(moved_from)}，那天休息，所以顺延（{cite(matter.counting.moves, today)}）。")
    elif days.open_until != days.last and days_left >= 0:
        lines.append(f"那天休息，往不往后推说法不一，请在{_day(days.open_until)}以前办好。")
    elif days.last < today <= days.opens_again:
        lines.append(f"那天休息，有的地方可以推到{_day(days.opens_again)}，请今天就去办。")
    if days.guessed and days_left >= 0:
        lines.append(
            f"{'、'.join(map(str, days.guessed))}年的放假安排还没确认，最后一天可能会变，请提前办，"
            f"{f'稳妥些按{_day(moved_from)}以前办好' if moved_from else '别等到那一天'}。"
        )
    lines += _how_long(matter, days_left, today)
    lines += _basis(matter, today)
    lines.append(f"这是按您说的日子数出来的，起算的日子不同，结果也不同。{_WHERE}")
    return "\n".join(lines)


def _wait_words(matter: Matter, days: _Days, today: date) -> str:
    """Until when it has to be waited: the day is no last day, so no rest day moves it and nothing is urgent."""
    left = (days.last - today).days
    return "\n".join(
        [
            f"{matter.title_zh}：时间是{matter.span_zh}，从{matter.starts_zh}算起，要等满才行。"
            f"您说的是{_day(days.start)}，那么到{_day(days.last)}满。",
            f"还要等{left}天。" if left > 0 else "今天就满了。" if left == 0 else "已经满了。",
            *_basis(matter, today),
            f"{matter.counting.late}。这是按您说的日子数出来的，起算的日子不同，结果也不同。{_WHERE}",
        ]
    )


def rule(matter: Matter, today: date) -> str:
    """The rule without a day, where it isn't sure from which day to count."""
    lines = [f"{matter.title_zh}：时间是{matter.span_zh}，从{matter.starts_zh}算起。没有准日子，就不数最后一天了。"]
    lines += _basis(matter, today)
    late = f"{matter.counting.late}{_in_brackets(matter, today)}"
    if matter.waits:
        return "\n".join([*lines, f"{late}。找到文书上的日期，再来算。{_WHERE}"])
    lines.append(f"快到期、好像过了也别放弃：{late}。找到文书上的日期，再来算。{_WHERE}")
    return "\n".join(lines)


def _basis(matter: Matter, today: date) -> list[str]:
    source = cite(((matter.law, matter.article),), today)
    basis = f"依据：{source}。" if source else _MOVED.format(matter.law)
    return [
        f"{basis}这是给{matter.who_zh}定的时间，不管这些：{matter.not_for_zh}。",
        f"要留意：{'；'.join(matter.caveats_zh)}。",
    ]


def _in_brackets(matter: Matter, today: date) -> str:
    sources = cite(matter.counting.late_sources, today)
    return f"（{sources}）" if sources else ""


def _how_long(matter: Matter, days_left: int, today: date) -> list[str]:
    if days_left < 0:
        late = f"{matter.counting.late}{_in_brackets(matter, today)}"
        return [
            "照这样算，这一天已经过去，但请先别放弃：有的时间可以中断、中止或者顺延，要让律师看了材料才知道。",
            f"{late}。请今天就打 12348，或者带上全部材料去县里的法律援助中心。",
        ]
    if days_left >= URGENT_DAYS:
        return [f"还有{days_left}天，早办早安心，材料要在最后一天下班前交到。"]
    left = f"只剩{days_left}天了" if days_left else "就是今天"
    return [
        f"{left}，很急。离期限不到七天的，法律援助中心可以先帮您、手续后补（《法律援助法》第四十四条）。"
        "请现在就打 12348，说清最后是哪一天。"
    ]


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（周{'一二三四五六日'[day.weekday()]}）"
