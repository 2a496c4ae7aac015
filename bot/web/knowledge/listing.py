"""The list of documents: one row a document with its newest version, filtered and searched by words, a page at a
time.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse

from bot.web.knowledge.shelf import KIND_NAMES, KnowledgeSeat, own_places, readable, state
from bot.web.staff.desk import Seat
from bot.web.staff.typed import words
from knowledge import places
from knowledge.documents.kinds.registry import EDITABLE
from knowledge.documents.models import Kind, VersionStatus
from knowledge.documents.topics import TOPICS
from knowledge.documents.versions import STATUS_LABELS
from knowledge.errors import SnapshotUnavailable
from knowledge.search.catalogue import Page, list_documents
from knowledge.search.index import Index

SHOWS = {"": "全部", "review": "等我审核", "mine": "我在写的", "expiring": "30 天内到期", "stale": "一年没核对"}
_EXPIRING, _STALE = timedelta(days=30), timedelta(days=365)
_CHOICES: dict[str, Collection[str]] = {
    "show": SHOWS,
    "kind": set(Kind),
    "status": set(VersionStatus),
    "topic": TOPICS,
    "here": ("1",),
}

router = APIRouter(prefix="/staff/knowledge")


@dataclass(frozen=True)
class Filters:
    show: str = ""
    kind: str = ""
    place: str = ""
    status: str = ""
    topic: str = ""
    q: str = ""
    here: str = ""  # of this place alone, not of those below it

    def known(self) -> "Filters":
        """What isn't one of ours left out."""
        given = {name: words(value, 40) for name, value in asdict(self).items()}
        return Filters(**{n: v if v in _CHOICES.get(n, (v,)) else "" for n, v in given.items()})

    def link(self, **changes: Any) -> str:
        return "?" + urlencode({k: v for k, v in {**asdict(self), **changes}.items() if v})


@router.get("", response_class=HTMLResponse)
def listing(at: KnowledgeSeat, filters: Annotated[Filters, Depends()], page: int = 1) -> Response:
    return page_of(at, filters, page=page)


def page_of(at: Seat, filters: Filters, *, page: int, told: Any = None) -> HTMLResponse:
    """`told`: what came of a deed that was done to many."""
    chosen = filters.known()
    index = _index(at) if chosen.q else None
    return at.page(
        "knowledge/documents/list.html",
        found=_found(at, chosen, page=page, index=index),
        chosen=chosen,
        shows=SHOWS,
        kinds=KIND_NAMES,
        statuses=STATUS_LABELS,
        topics=TOPICS,
        state=partial(state, at.tools),
        titles_only=bool(chosen.q) and index is None,
        seen=readable(at),
        may_write=bool(own_places(at)),
        link=chosen.link,
        told=told,
        editable=EDITABLE,
    )


def _index(at: Seat) -> Index | None:
    """None while there is none yet: the list is needed all the same."""
    try:
        return at.tools.searcher.live()
    except SnapshotUnavailable:
        return None


def _found(at: Seat, chosen: Filters, *, page: int, index: Index | None) -> Page:
    """What this account reads.

    Statutes are there only when asked for by kind: there are hundreds, and nobody edits them here.
    """
    return list_documents(
        at.session,
        kinds=[Kind(chosen.kind)] if chosen.kind else EDITABLE,
        place_ids=_places(at, chosen.place, is_only=bool(chosen.here)),
        status=VersionStatus(chosen.status) if chosen.status else None,
        topic=chosen.topic,
        words=chosen.q,
        page=page,
        index=index,
        **_shown(at, chosen.show, today=at.tools.today()),
    )


def _places(at: Seat, place: str, *, is_only: bool) -> set[str] | None:
    """Those this account reads, of these the ones at and below `place`, or at it only; None: all."""
    seen = readable(at)
    if not place:
        return seen
    below = {place} if is_only else set(places.below(at.session, place))
    return below if seen is None else below & seen


def _shown(at: Seat, show: str, *, today: date) -> dict[str, Any]:
    shows: dict[str, dict[str, Any]] = {
        "review": {"to_review_by": at.staff.id},
        "mine": {"written_by": at.staff.id},
        "expiring": {"expiring": (today, today + _EXPIRING)},
        "stale": {"unchecked_since": today - _STALE},
    }
    return shows.get(show, {})
