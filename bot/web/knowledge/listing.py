"""The list of documents: one row a document with its newest version, filtered and searched by words, a page at a
time.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from bot.staff.models import Staff
from bot.web.knowledge.shelf import KIND_NAMES, Shelf, own_places, readable
from bot.web.staff.desk import words
from knowledge import places as knowledge_places
from knowledge.documents.kinds.registry import EDITABLE
from knowledge.documents.models import Kind, VersionStatus
from knowledge.documents.topics import TOPICS
from knowledge.documents.versions import STATUS_LABELS
from knowledge.errors import SnapshotUnavailable
from knowledge.search.catalogue import Page, list_documents
from knowledge.search.index import Index

_EXPIRING, _STALE = timedelta(days=30), timedelta(days=365)
SHOWS = {"": "全部", "review": "等我审核", "mine": "我在写的", "expiring": "30 天内到期", "stale": "一年没核对"}


def router(shelf: Shelf) -> APIRouter:
    api = APIRouter(prefix="/staff/knowledge")

    @api.get("", response_class=HTMLResponse)
    async def listing(
        request: Request,
        show: str = "",
        kind: str = "",
        place: str = "",
        status: str = "",
        topic: str = "",
        q: str = "",
        page: int = 1,
    ) -> Response:
        with shelf.desk.sessions() as session:
            who = shelf.desk.who(request, session, "knowledge")
            chosen = _chosen({"show": show, "kind": kind, "place": place, "status": status, "topic": topic, "q": q})
            index = await run_in_threadpool(_index, shelf) if chosen["q"] else None
            found = await run_in_threadpool(
                _found, session, who.staff, chosen, today=shelf.today(), page=page, index=index
            )
            return shelf.desk.page(
                request,
                "knowledge/documents/list.html",
                session,
                who,
                found=found,
                chosen=chosen,
                shows=SHOWS,
                kinds=KIND_NAMES,
                statuses=STATUS_LABELS,
                topics=TOPICS,
                state=shelf.state,
                titles_only=bool(chosen["q"]) and index is None,
                seen=readable(session, who.staff),
                may_write=bool(own_places(session, who.staff)),
                link=lambda **changes: "?" + urlencode({k: v for k, v in {**chosen, **changes}.items() if v}),
            )

    return api


def _index(shelf: Shelf) -> Index | None:
    """None while there is none yet: the list is needed all the same."""
    try:
        return shelf.live()
    except SnapshotUnavailable:
        return None


def _found(
    session: Session, staff: Staff, chosen: Mapping[str, str], *, today: date, page: int, index: Index | None
) -> Page:
    """What this account reads.

    Statutes are there only when asked for by kind: there are hundreds, and nobody edits them here.
    """
    seen, places = (
        readable(session, staff),
        set(knowledge_places.below(session, chosen["place"])) if chosen["place"] else None,
    )
    shows: dict[str, dict[str, Any]] = {
        "review": {"to_review_by": staff.id},
        "mine": {"written_by": staff.id},
        "expiring": {"expiring": (today, today + _EXPIRING)},
        "stale": {"unchecked_since": today - _STALE},
    }
    return list_documents(
        session,
        kinds=[Kind(chosen["kind"])] if chosen["kind"] else EDITABLE,
        place_ids=places if seen is None else seen if places is None else places & seen,
        status=VersionStatus(chosen["status"]) if chosen["status"] else None,
        topic=chosen["topic"],
        words=chosen["q"],
        page=page,
        index=index,
        **shows.get(chosen["show"], {}),
    )


def _chosen(given: Mapping[str, str]) -> dict[str, str]:
    """The filters, what isn't one of ours left out."""
    allowed: dict[str, Collection[str]] = {
        "show": SHOWS,
        "kind": set(Kind),
        "status": set(VersionStatus),
        "topic": TOPICS,
    }
    found = {name: words(value, 40) for name, value in given.items()}
    return {name: value if value in allowed.get(name, (value,)) else "" for name, value in found.items()}
