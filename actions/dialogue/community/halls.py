"""借场地 in the chat: which day, from when until when, how many, for what; by the same service as the page."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from actions.bookings.appointments import own_label
from actions.bookings.models import Appointment, Opening
from actions.dialogue.affairs.village import page
from actions.events import lending, listing, words
from actions.replies import Button, Link, Reply, ReplyKind
from knowledge.clock import SHANGHAI
from knowledge.statutes.numerals import FIGURES

_HALL = r"场地|会议室|活动室|礼堂|大厅|戏台|党群服务中心|文化站|院子"
BORROWS = re.compile(rf"借(?:用|一?下|个)?.{{0,8}}(?:{_HALL})|(?:{_HALL}).{{0,10}}(?:借|租|空着|空不空|用一?下)")
_CLOCK = (
    r"(?P<when{n}>上午|早上|早晨|清早|中午|下午|傍晚|晚上|夜里)?"
    r"(?P<hour{n}>\d{{1,2}}|[一二三四五六七八九十两]{{1,3}})(?:点钟?|时|[:：](?=\d))(?P<minute{n}>半|[0-5]\d分?|30分?)?"
)
_SPAN = re.compile(rf"从?{_CLOCK.format(n=1)}(?:到|至|—|－|-|~|～){_CLOCK.format(n=2)}")
_AFTERNOON = ("下午", "傍晚", "晚上", "夜里")
_MOST_SHOWN = 5


class Heard(NamedTuple):
    """Hours within the hall's day, and the words that said them."""

    starts_at: datetime
    ends_at: datetime
    words: str


def ask(session: Session, event: Opening, now: datetime) -> Reply:
    """What we must know to lend it."""
    free = lending.said_of(lending.free(session, event, now))
    link = page("看空着的钟点", event.place_id, f"h{event.id}")
    if not free:
        return Reply(ReplyKind.text, f"{event.title}{words.when(event)}没有空着的钟点了。", links=(link,))
    text = (
        f"{event.title}，{words.when(event)}，坐得下{event.capacity}个人。还空着：{free}。"
        "怎么称呼您，从几点借到几点，多少人，做什么用？比如“王婶，上午9点到11点，20个人，给老人做寿”。"
    )
    return Reply(ReplyKind.asking, text, links=(link,))


def offered(session: Session, village: str, now: datetime) -> list[Opening]:
    """Days on which something is lent."""
    found = [event for event in listing.coming(session, [village], now=now) if lending.is_lent(event)]
    return [event for event in found if lending.free(session, event, now)]


def told(found: Sequence[Opening], button: str) -> Reply:
    """Several days to choose from. `button`: what is sent, before the number."""
    shown = found[:_MOST_SHOWN]
    buttons = tuple(Button(f"{event.title} {words.when(event)}", f"{button}{event.id}") for event in shown)
    return Reply(ReplyKind.asking, "借哪一天的？", buttons=buttons)


def hours_in(text: str, event: Opening) -> Heard | None:
    """From when until when. Where nobody says which half of the day, the one in which the hall is open."""
    found = _SPAN.search(text)
    if found is None:
        return None
    starts = _clock(event, found, 1, after=None)
    ends = _clock(event, found, 2, after=starts)
    return Heard(starts, ends, found[0]) if starts and ends else None


def _clock(event: Opening, found: re.Match[str], n: int, *, after: datetime | None) -> datetime | None:
    hour, minute = _figure(found[f"hour{n}"]), found[f"minute{n}"] or "0"
    said = found[f"when{n}"] or (found["when1"] if n == 2 else None)
    minutes = 30 if minute == "半" else int(minute.rstrip("分"))
    if hour is None or hour > 24 or minutes > 59:
        return None
    local = event.starts_at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    at = local + timedelta(hours=hour, minutes=minutes)
    later = at + timedelta(hours=12)
    if hour < 12 and said in _AFTERNOON:
        return later
    if n == 2 and found["when2"] is None and after is not None and at <= after:
        return later
    is_early = said is None and at < event.starts_at and hour < 12
    return later if is_early and later <= event.ends_at else at


def _figure(word: str) -> int | None:
    if word.isdigit():
        return int(word)
    tens, _, ones = word.partition("十")
    if "十" not in word:
        return {"两": 2}.get(word) or FIGURES.get(word)
    return (FIGURES.get(tens, 0) if tens else 1) * 10 + (FIGURES.get(ones, 0) if ones else 0)


def link_of(row: Appointment) -> Link:
    return Link(f"看 {own_label(row)}"[:40], f"/v/{row.opening.place_id}/h{row.opening_id}/mine/{row.code}")
