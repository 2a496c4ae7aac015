"""What is missing where: what we hold of each topic and place, and what residents asked of it.

Each figure leads to the list that it counts.
"""

from collections import Counter
from datetime import UTC, datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from bot.conversations.coverage import WITHOUT, AskedOne, asked, coverage
from bot.staff import rights
from bot.web.knowledge.asking.groups import masked
from bot.web.knowledge.shelf import KIND_NAMES, KnowledgeSeat, readable
from bot.web.staff.typed import words
from knowledge.places import Place

_MOST_ASKED = 500

router = APIRouter(prefix="/staff/knowledge/coverage")


@router.get("", response_class=HTMLResponse)
def covered(at: KnowledgeSeat, place: str = "") -> Response:
    place = words(place, 40)
    chosen = place if at.session.get(Place, place) is not None else None
    found = coverage(
        at.session,
        documents_of=readable(at),
        asked_at=rights.places_of(at.session, at.staff),
        place=chosen,
        now=datetime.now(UTC),
        today=at.tools.today(),
    )
    return at.page(
        "knowledge/coverage.html",
        found=found,
        place=chosen or "",
        kinds=KIND_NAMES,
        without=WITHOUT,
        held=_held_link,
        asked=_asked_link,
    )


@router.get("/asked", response_class=HTMLResponse)
def questions(at: KnowledgeSeat, topic: str | None = None, place: str | None = None, missed: bool = False) -> Response:
    """The questions behind a figure, without what could tell who asked; those asked most first."""
    topic = None if topic is None else words(topic, 20)
    place = None if place is None else words(place, 40)
    found = asked(
        at.session,
        topic=topic,
        place=place,
        is_missed=missed,
        asked_at=rights.places_of(at.session, at.staff),
        now=datetime.now(UTC),
        most=_MOST_ASKED,
    )
    counts = Counter((masked(one.text), one.place, _outcome(one)) for one in found)
    return at.page(
        "knowledge/asked.html",
        counts=counts.most_common(),
        shown=len(found),
        most=_MOST_ASKED,
        topic=topic,
        place=place,
        missed=missed,
    )


def _outcome(one: AskedOne) -> str:
    if one.kind == "answer":
        return "居民说没用" if one.rating == "down" else "答了"
    return "让居民挑" if one.kind == "asking" else "没答"


def _held_link(topic: str = "", place: str = "", **more: str) -> str:
    """The list of what is published of a topic, at a place alone; "" for 没分类, which has none of its own."""
    if topic == WITHOUT:
        return ""
    wanted = {"topic": topic, "place": place, "here": "1" if place else "", **more}
    return "/staff/knowledge?" + urlencode({k: v for k, v in {**wanted, "status": "published"}.items() if v})


def _asked_link(topic: str | None = None, place: str | None = None, *, missed: bool = False) -> str:
    wanted = {"topic": topic, "place": place, "missed": "1" if missed else None}
    return "/staff/knowledge/coverage/asked?" + urlencode({k: v for k, v in wanted.items() if v is not None})
