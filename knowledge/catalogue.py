"""The console's list of documents: filtered and searched, a page at a time, quick with a hundred thousand of them.

One row a document, that of its latest version, latest change first. Words are looked for in titles (all documents), in published
texts (by the pairs of characters that the index holds anyway) and in the few texts that are in work.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from knowledge.index import Index
from knowledge.models import Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.normalise import normalise
from knowledge.review import OPEN

COUNTED_UP_TO = 1_000
_FOUND_BY_WORDS = 1_000  # who finds more than that narrows the words down
_IN_LIST = 500


@dataclass(frozen=True)
class Row:
    """A document as the list shows it. `status` is that of its latest version, `is_published` whether residents can be shown one."""

    document_id: str
    title: str
    kind: Kind
    place_id: str
    topic: str | None
    version_id: int
    number: int
    status: VersionStatus
    is_published: bool
    in_force_from: date
    in_force_to: date | None


@dataclass(frozen=True)
class Page:
    """`total` is exact up to COUNTED_UP_TO; above, `is_more` is True and it says that number."""

    rows: tuple[Row, ...]
    page: int
    per_page: int
    total: int
    is_more: bool

    @property
    def has_next(self) -> bool:
        return self.is_more or self.page * self.per_page < self.total


def list_documents(
    session: Session, *, kind: Kind | None = None, place_ids: Collection[str] | None = None, status: VersionStatus | None = None, topic: str | None = None, words: str = "",
    expiring: tuple[date, date] | None = None, page: int = 1, per_page: int = 50, index: Index | None = None,
) -> Page:  # fmt: skip
    """`page` counts from 1. `place_ids`: documents of these places only, none for an empty set; None: of all.

    `status` finds a document that has a published version or one in work of that status, and one whose latest version ended so.
    `expiring`: published texts that end between these two days. Without an `index` words are looked for in titles and texts in work.
    """
    page, per_page = max(1, page), min(max(1, per_page), 200)
    conditions = _conditions(kind=kind, place_ids=place_ids, status=status, topic=topic, expiring=expiring)
    if wanted := normalise(words[:200]).split()[:8]:
        found = _by_words(session, wanted, index)
        if not found:
            return Page((), page, per_page, 0, False)
        conditions.append(Document.id.in_(found))
    latest = _latest().where(*conditions)
    total = counted(session, latest)
    rows = session.execute(latest.order_by(DocumentVersion.id.desc()).limit(per_page).offset((page - 1) * per_page)).all()
    published = _published(session, [r.document_id for r in rows])
    return Page(
        tuple(Row(r.document_id, r.title, r.kind, r.place_id, r.topic, r.version_id, r.number, r.status, r.document_id in published, r.in_force_from, r.in_force_to) for r in rows),
        page, per_page, min(total, COUNTED_UP_TO), total > COUNTED_UP_TO,
    )  # fmt: skip


def _latest() -> Select[tuple[str, str, Kind, str, str | None, int, int, VersionStatus, date, date | None]]:
    return (
        select(Document.id.label("document_id"), Document.title, Document.kind, Document.place_id, Document.topic, DocumentVersion.id.label("version_id"), DocumentVersion.number, DocumentVersion.status, DocumentVersion.in_force_from, DocumentVersion.in_force_to)
        .join(Document, DocumentVersion.document_id == Document.id)
        .where(is_latest())
    )


def _conditions(*, kind: Kind | None, place_ids: Collection[str] | None, status: VersionStatus | None, topic: str | None, expiring: tuple[date, date] | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if kind is not None:
        found.append(Document.kind == kind)
    if place_ids is not None:
        found.append(Document.place_id.in_(sorted(place_ids)))
    if topic:
        found.append(Document.topic == topic)
    if status is not None:
        found.append(has_status(status))
    if expiring:
        found.append(ends_between(*expiring))
    return found


def is_latest() -> ColumnElement[bool]:
    """Of versions: no later one of the same document. The pair (document, number) is unique and so has an index."""
    later = aliased(DocumentVersion)
    return ~exists().where(later.document_id == DocumentVersion.document_id, later.number > DocumentVersion.number)


def has_status(status: VersionStatus) -> ColumnElement[bool]:
    """A text that residents see stays published while its next version is in work; what ended counts only as the latest."""
    other = aliased(DocumentVersion)
    if status is VersionStatus.published:
        # Nearly all documents: looked at one by one until the page is full.
        return exists().where(other.document_id == Document.id, other.status == status)
    return Document.id.in_(select(other.document_id).where(other.status == status)) if status in OPEN else DocumentVersion.status == status


def ends_between(first: date, last: date) -> ColumnElement[bool]:
    """Documents with a published text that ends between these days."""
    other = aliased(DocumentVersion)
    return Document.id.in_(select(other.document_id).where(other.status == VersionStatus.published, other.in_force_to.between(first, last)))


def counted(session: Session, found: Select[Any]) -> int:
    """Exact up to COUNTED_UP_TO, one more where there are more."""
    return session.scalar(select(func.count()).select_from(found.with_only_columns(DocumentVersion.id).limit(COUNTED_UP_TO + 1).subquery())) or 0


def _by_words(session: Session, wanted: Sequence[str], index: Index | None) -> list[str]:
    """Documents that hold every word: all in the title, or all in the text; not all of very many."""
    titled = select(Document.id).where(*(Document.title.contains(w, autoescape=True) for w in wanted)).limit(_FOUND_BY_WORDS)
    found = dict.fromkeys(session.scalars(titled))
    in_work = select(DocumentVersion.document_id).join(Chunk, Chunk.version_id == DocumentVersion.id).where(DocumentVersion.status.in_(OPEN), *(Chunk.text.contains(w, autoescape=True) for w in wanted)).limit(_FOUND_BY_WORDS)
    found |= dict.fromkeys(session.scalars(in_work))
    if index is not None:
        found |= dict.fromkeys(_documents_of(session, index.holding(wanted, limit=_FOUND_BY_WORDS)))
    return list(found)[: 2 * _FOUND_BY_WORDS]


def _documents_of(session: Session, chunk_ids: Sequence[int]) -> list[str]:
    found: list[str] = []
    for at in range(0, len(chunk_ids), _IN_LIST):
        # By id alone, as in search: with the status among the conditions SQLite begins at all published versions.
        asked = select(DocumentVersion.document_id, DocumentVersion.status).join(Chunk, Chunk.version_id == DocumentVersion.id).where(Chunk.id.in_(chunk_ids[at : at + _IN_LIST]))
        found += [document for document, status in session.execute(asked) if status is VersionStatus.published]
    return found


def _published(session: Session, documents: Sequence[str]) -> set[str]:
    return set(session.scalars(select(DocumentVersion.document_id).where(DocumentVersion.document_id.in_(documents), DocumentVersion.status == VersionStatus.published)))
