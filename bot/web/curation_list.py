"""The list of documents: one row a document with its newest version, filtered, a page at a time, quick with a hundred thousand."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased, contains_eager, defer

from actions.cases import routing
from bot.accounts import Staff
from bot.web.curation_shelf import KIND_NAMES, Shelf, own_places, readable
from bot.web.desk import words
from knowledge.catalogue import COUNTED_UP_TO, counted, ends_between, has_status, is_latest
from knowledge.documents import TOPICS
from knowledge.drafts import EDITABLE
from knowledge.models import Document, DocumentVersion, Kind, VersionStatus
from knowledge.review import OPEN, STATUS_LABELS

PER_PAGE = 50
_EXPIRING, _STALE = timedelta(days=30), timedelta(days=365)
SHOWS = {"": "全部", "review": "等我审核", "mine": "我在写的", "expiring": "30 天内到期", "stale": "一年没核对"}
_MOST_IN_WORK = 5_000
_RARE = 500


@dataclass(frozen=True)
class Page:
    """`total` is exact up to COUNTED_UP_TO. `published`: number of the version that residents see, by document."""

    rows: list[DocumentVersion]
    published: dict[str, int]
    total: int
    page: int

    @property
    def has_next(self) -> bool:
        return self.page * PER_PAGE < self.total


def router(shelf: Shelf) -> APIRouter:
    api = APIRouter(prefix="/staff/knowledge")

    @api.get("", response_class=HTMLResponse)
    async def listing(request: Request, show: str = "", kind: str = "", place: str = "", status: str = "", topic: str = "", q: str = "", page: int = 1) -> Response:
        with shelf.desk.sessions() as session:
            who = shelf.desk.who(request, session, "knowledge")
            chosen = _chosen({"show": show, "kind": kind, "place": place, "status": status, "topic": topic, "q": q})
            found = list_documents(session, who.staff, chosen, today=shelf.today(), page=page)
            return shelf.desk.page(
                request, "knowledge/list.html", session, who, found=found, chosen=chosen, shows=SHOWS, kinds=KIND_NAMES, statuses=STATUS_LABELS, topics=TOPICS, state=shelf.state, counted=COUNTED_UP_TO,
                seen=readable(session, who.staff), may_write=bool(own_places(session, who.staff)), link=lambda **changes: "?" + urlencode({k: v for k, v in {**chosen, **changes}.items() if v}),
            )  # fmt: skip

    return api


def list_documents(session: Session, staff: Staff, chosen: Mapping[str, str], *, today: date, page: int = 1) -> Page:
    """Newest change first. Statutes are there only when asked for by kind: there are hundreds, and nobody edits them here."""
    page = max(1, min(page, 2_000))
    conditions = _conditions(session, staff, chosen, today=today)
    newest = select(DocumentVersion).join(Document).where(is_latest(), *conditions)
    shown = newest.options(contains_eager(DocumentVersion.document), defer(DocumentVersion.content)).order_by(DocumentVersion.id.desc()).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    rows = list(session.scalars(shown))
    return Page(rows, _published(session, [v.document_id for v in rows]), counted(session, newest), page)


def _conditions(session: Session, staff: Staff, chosen: Mapping[str, str], *, today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Document.kind == Kind(chosen["kind"]) if chosen["kind"] else Document.kind.in_(EDITABLE)]
    seen = readable(session, staff)
    if chosen["place"]:
        below = set(routing.below(session, chosen["place"]))
        found.append(Document.place_id.in_(sorted(below if seen is None else below & seen)))
    elif seen is not None:
        found.append(Document.place_id.in_(sorted(seen)))
    if chosen["topic"]:
        found.append(Document.topic == chosen["topic"])
    if chosen["status"]:
        found.append(has_status(VersionStatus(chosen["status"])))
    if wanted := chosen["q"].split()[:6]:
        found += _titled(session, wanted)
    return found + _shown(session, staff, chosen["show"], today=today)


def _titled(session: Session, wanted: list[str]) -> list[ColumnElement[bool]]:
    """Rare words by the documents that have them, which are found at once; frequent ones as the page fills, which takes few rows."""
    holds: list[ColumnElement[bool]] = [Document.title.contains(w, autoescape=True) for w in wanted]
    ids = list(session.scalars(select(Document.id).where(*holds).limit(_RARE + 1)))
    return holds if len(ids) > _RARE else [Document.id.in_(ids)]


def _shown(session: Session, staff: Staff, show: str, *, today: date) -> list[ColumnElement[bool]]:
    if show in ("review", "mine"):
        statuses = (VersionStatus.in_review,) if show == "review" else OPEN
        waiting = session.execute(select(DocumentVersion.id, DocumentVersion.author_id, DocumentVersion.editors).where(DocumentVersion.status.in_(statuses)).limit(_MOST_IN_WORK))
        return [DocumentVersion.id.in_([i for i, author, editors in waiting if (staff.id in editors or staff.id == author) == (show == "mine")])]
    if show == "expiring":
        return [ends_between(today, today + _EXPIRING)]
    if show == "stale":
        other = aliased(DocumentVersion)
        since = func.coalesce(other.reviewed_on, other.in_force_from)
        return [exists().where(other.document_id == Document.id, other.status == VersionStatus.published, since < today - _STALE)]
    return []


def _published(session: Session, documents: Collection[str]) -> dict[str, int]:
    asked = select(DocumentVersion.document_id, func.max(DocumentVersion.number)).where(DocumentVersion.document_id.in_(documents), DocumentVersion.status == VersionStatus.published).group_by(DocumentVersion.document_id)
    return {document: number for document, number in session.execute(asked)}


def _chosen(given: Mapping[str, str]) -> dict[str, str]:
    """The filters, what isn't one of ours left out."""
    allowed: dict[str, Collection[str]] = {"show": SHOWS, "kind": set(Kind), "status": set(VersionStatus), "topic": TOPICS}
    found = {name: words(value, 40) for name, value in given.items()}
    return {name: value if value in allowed.get(name, (value,)) else "" for name, value in found.items()}
