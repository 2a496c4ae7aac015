"""What is public of a village as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/), for other sites.

Only what the pages show to everybody, and of that only titles and states: no table, no opinion, nobody's name. An
item's `id` never changes, wherever the village is served from; its `url` is the page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings.models import Opening
from actions.decisions import listing as decisions
from actions.decisions import words as decision_words
from actions.decisions.status import LABELS
from actions.disclosure import listing as disclosures
from actions.disclosure.words import name_of, where_it_stands
from actions.events import words as event_words
from actions.points import sheets
from actions.projects import reading
from actions.topics import listing as topics
from actions.topics import words as topic_words
from actions.topics.models import Topic
from actions.topics.status import TopicState
from knowledge.clock import SHANGHAI
from knowledge.places import Place

VERSION = "https://jsonfeed.org/version/1.1"
MOST_ITEMS = 100
_MOST_OF_A_KIND = 60


@dataclass(frozen=True)
class Item:
    """`path`: under /v/<village>/. `changed_at`: when something of it last moved, as far as that is public; of what
    has no such moment (`begun_at` is None) the day by which it is put in order.
    """

    path: str
    kind: str
    title: str
    text: str
    begun_at: datetime | None
    changed_at: datetime


def feed(session: Session, village: Place, *, base: str, now: datetime) -> dict[str, Any]:
    """`base`: what an address begins with, https://linli.example."""
    home = f"{base}/v/{village.id}"
    found = sorted(_items(session, village.id, now), key=lambda item: (item.changed_at, item.path), reverse=True)
    return {
        "version": VERSION,
        "title": f"{village.name}的村里事",
        "home_page_url": home,
        "feed_url": f"{home}/feed.json",
        "description": "村里议的、定的、公布的。只有人人能看的标题和进展，没有姓名。",
        "language": "zh-CN",
        "items": [_said(item, village.id, home) for item in found[:MOST_ITEMS]],
    }


def _said(item: Item, place: str, home: str) -> dict[str, Any]:
    dates = {"date_published": item.begun_at, "date_modified": item.changed_at} if item.begun_at else {}
    return {
        "id": f"urn:linli:{place}:{item.path.replace('/', ':')}",
        "url": f"{home}/{item.path}",
        "title": item.title,
        "content_text": item.text,
        **{name: moment.astimezone(SHANGHAI).isoformat(timespec="seconds") for name, moment in dates.items()},
        "tags": [item.kind],
        "language": "zh-CN",
    }


def _items(session: Session, place: str, now: datetime) -> Iterator[Item]:
    yield from _topics(session, place, now)
    yield from _decisions(session, place)
    yield from _disclosures(session, place)
    yield from _projects(session, place)
    yield from _events(session, place, now)
    for sheet in sheets.sheets_of(session, place):
        posted = datetime.combine(sheet.posted_on, time(), SHANGHAI)
        title, text = f"{sheets.month_name(sheet.month)}的积分", "全村这个月加了多少分、换了什么。不写是哪一户。"
        yield Item(f"points/{sheet.month}", "积分", title, text, posted, posted)


def _topics(session: Session, place: str, now: datetime) -> Iterator[Item]:
    for topic in topics.shown(session, place, most=_MOST_OF_A_KIND):
        if topic.opens_at is None:
            continue
        text = f"{topic_words.state_of(topic, now)}。{topic_words.NO_VOTE}{_result(topic)}"
        changed = max(moment for moment in _moments(topic, now) if moment is not None)
        yield Item(f"y{topic.ordinal}", "议事", f"{topic.title}（{topic.number}）", text, topic.opens_at, changed)


def _result(topic: Topic) -> str:
    is_hidden = topic.seal_broken_at is not None or topic.state is TopicState.suspended
    return f"\n{topic.result}" if topic.result_at and topic.result and not is_hidden else ""


def _moments(topic: Topic, now: datetime) -> tuple[datetime | None, ...]:
    """Those that everybody reads on the page, and no moment at which somebody of the staff did something."""
    closed = topic.closes_at if topic.closes_at is not None and topic.closes_at <= now else None
    return topic.opens_at, closed, topic.result_at, topic.fed_back_at


def _decisions(session: Session, place: str) -> Iterator[Item]:
    for decision in decisions.latest(session, place, _MOST_OF_A_KIND):
        text = f"{LABELS[decision.state]}。下一步：{decision_words.next_of(decision)}。"
        title = f"{decision.title}（{decision.number}）"
        yield Item(f"decisions/{decision.slug}", "决定", title, text, decision.made_at, decision.moved_at)


def _disclosures(session: Session, place: str) -> Iterator[Item]:
    for item in disclosures.standing(session, place)[:_MOST_OF_A_KIND]:
        assert item.posted_on
        posted = datetime.combine(item.posted_on, time(), SHANGHAI)
        yield Item(f"open/{item.id}", "公开", name_of(item), where_it_stands(item), posted, posted)


def _projects(session: Session, place: str) -> Iterator[Item]:
    for project in reading.public(session, place, _MOST_OF_A_KIND):
        moments = [row.confirmed_at for row in reading.confirmed(project) if row.confirmed_at]
        text = "".join([f"{reading.stands(project)}。", *reading.warnings(project)])
        title = f"{project.title}（{project.number}）"
        yield Item(f"projects/{project.slug}", "项目", title, text, min(moments), max(moments))


def _events(session: Session, place: str, now: datetime) -> Iterator[Item]:
    """When it was announced stands nowhere, so it has no date of its own; its hour is in the text."""
    own = select(Opening).where(Opening.kind != "", Opening.place_id == place)
    for event in session.scalars(own.order_by(Opening.starts_at.desc()).limit(_MOST_OF_A_KIND)):
        text = f"{event_words.when(event)}，{event.address}。{'不办了。' if event.is_cancelled else ''}"
        yield Item(f"h{event.id}", "活动", event.title, text, None, min(event.starts_at, now))
