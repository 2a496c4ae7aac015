"""How often a resident's words lead to the right deadline: phrases with the outcome a lawyer would give.

A row: `{"text": …, "day": "2026-11-30", "want": {"matter": id or title or null, "last_day": "…" or null, "ask": …}}`.
last_day: it is told; ask: one thing is asked, with the matter among those offered, where one is named (where nothing
was understood, the form asks which matter is meant); neither: nothing is understood, or the answer named in `answer`
is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from actions.calendar.workdays import WorkCalendar
from actions.tools import deadlines, hearing
from actions.tools.hearing import Heard
from actions.tools.matters import ANSWERS, MATTERS

_IDS = {matter.title_zh: matter.id for matter in MATTERS.values()} | {a.title: a.id for a in ANSWERS.values()}


@dataclass(frozen=True)
class Outcome:
    """is_wrong_span: a day was told that shouldn't be, or the form is on the way to it, asking for the day of another
    matter.
    """

    text: str
    wanted: str
    got: str
    is_right: bool
    is_wrong_span: bool


def judge(rows: Iterable[dict[str, Any]]) -> list[Outcome]:
    return [_judged(row) for row in rows]


def _judged(row: dict[str, Any]) -> Outcome:
    day = date.fromisoformat(row["day"])
    heard = hearing.hear(row["text"], today=day)
    want = row["want"]
    matter, last = _IDS.get(want.get("matter") or "", want.get("matter")), want.get("last_day")
    told = _last_day(heard, day)
    offered = [m.id for m in heard.matters]
    if last:
        is_right = told == last and offered == [matter]
    elif want.get("ask"):
        is_right = told is None and heard.answer is None and (matter is None or matter in offered)
    else:
        is_right = not offered and want.get("answer") in (None, heard.answer.id if heard.answer else "")
    is_wrong_span = not is_right and (told is not None or (heard.matter is not None and heard.matter.id != matter))
    wanted = f"{matter} {last or ('ask' if want.get('ask') else want.get('answer') or 'none')}"
    got = f"{'/'.join(offered) or (heard.answer.id if heard.answer else 'none')} {told or ('ask' if offered else '')}"
    return Outcome(row["text"], wanted, got.strip(), is_right, is_wrong_span)


def _last_day(heard: Heard, day: date) -> str | None:
    if heard.matter is None or heard.start is None:
        return None
    found = deadlines.last_day(heard.matter.id, heard.start, calendar=WorkCalendar(), today=day)
    return found.last_day.isoformat()
