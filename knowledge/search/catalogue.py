"""The console's list of documents, filtered and found by words."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager, defer

from knowledge.documents.differences import sentences
from knowledge.documents.fields import fields
from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.versions import OPEN
from knowledge.normalise import normalise
from knowledge.search.index import Index

COUNTED_UP_TO = 1_000
_MOST_PAGES = 2_000
_FOUND_BY_WORDS = 1_000  # who finds more than that narrows the words down
# chunks that hold the words, the newest first: of frequent ones nearly all are statutes, which are seldom asked for
# here
_LOOKED_AT = 8_000
_IN_LIST = 500
_RARE = 500
_MOST_IN_WORK = 5_000
_BEFORE, _SNIPPET = 24, 100  # characters of a sentence before the first word, and in all


@dataclass(frozen=True)
class Row:
    """A document as the list shows it.

    `snippet`: the sentence of its text that says the words, in pieces, each with whether it is one of them.
    """

    version: DocumentVersion  # the latest, its document loaded and its content not
    published: int | None  # the number of the version that residents see
    snippet: tuple[tuple[str, bool], ...] = ()


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
        return len(self.rows) == self.per_page if self.is_more else self.page * self.per_page < self.total


def list_documents(
    session: Session,
    *,
    kinds: Collection[Kind] = (),
    place_ids: Collection[str] | None = None,
    status: VersionStatus | None = None,
    topic: str | None = None,
    words: str = "",
    expiring: tuple[date, date] | None = None,
    unchecked_since: date | None = None,
    to_review_by: int | None = None,
    written_by: int | None = None,
    page: int = 1,
    per_page: int = 50,
    index: Index | None = None,
) -> Page:
    """`page` counts from 1. `kinds`: all where empty. `place_ids`: documents of these places only, none for an empty
    set; None: of all.

    `status` finds a document that has a published version or one in work of that status, and one whose latest version
    ended so.
    `expiring`: published texts that end between these two days. `unchecked_since`: published texts that nobody checked
    after that day.
    `to_review_by`, `written_by`: what waits for a colleague of theirs, and what they write in. Without an `index` words
    are looked for in titles and texts in work.
    """
    page, per_page = max(1, min(page, _MOST_PAGES)), min(max(1, per_page), 200)
    about = _About(frozenset(kinds), None if place_ids is None else frozenset(place_ids), topic or None)
    conditions, said = [is_latest()], _Said()
    if wanted := normalise(words[:200]).split()[:8]:
        said = _Said(
            _written(session, wanted, about),
            _published_texts(session, wanted, about, index) if index is not None else {},
        )
        conditions.append(_holding(session, wanted, about, said))
    else:
        conditions += about.conditions
    conditions += [_has_status(status)] if status is not None else []
    conditions += [_ends_between(*expiring)] if expiring else []
    conditions += [_unchecked_since(unchecked_since)] if unchecked_since else []
    for person, statuses, is_writer in ((to_review_by, (VersionStatus.in_review,), False), (written_by, OPEN, True)):
        if person is not None:
            conditions.append(DocumentVersion.id.in_(found := _in_work(session, statuses, person, is_writer=is_writer)))
            if not found:  # the database would look at all documents for none
                return Page((), page, per_page, 0, False)
    return _page(session, conditions, said, wanted, page=page, per_page=per_page)


def _page(
    session: Session,
    conditions: Sequence[ColumnElement[bool]],
    said: "_Said",
    wanted: Sequence[str],
    *,
    page: int,
    per_page: int,
) -> Page:
    latest = select(DocumentVersion).join(Document).where(*conditions)
    total = _counted(session, latest)
    shown = (
        latest.options(contains_eager(DocumentVersion.document), defer(DocumentVersion.content))
        .order_by(DocumentVersion.id.desc())
        .limit(per_page)
        .offset((page - 1) * per_page)
    )
    versions = list(session.scalars(shown))
    published = _published(session, [v.document_id for v in versions])
    snippets = said.snippets(session, [v.document_id for v in versions], wanted)
    return Page(
        tuple(Row(v, published.get(v.document_id), snippets.get(v.document_id, ())) for v in versions),
        page,
        per_page,
        min(total, COUNTED_UP_TO),
        total > COUNTED_UP_TO,
    )


@dataclass(frozen=True)
class _About:
    """What a document has to be, for the database and for rows that are read already."""

    kinds: frozenset[Kind]
    places: frozenset[str] | None
    topic: str | None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.kinds:
            # Said by what they are not where they are several: for a list SQLite gathers all documents of those kinds
            # before it fills a page.
            found.append(
                Document.kind == next(iter(self.kinds))
                if len(self.kinds) == 1
                else Document.kind.not_in(sorted(set(Kind) - self.kinds))
            )
        if self.places is not None:
            found.append(Document.place_id.in_(sorted(self.places)))
        if self.topic:
            found.append(Document.topic == self.topic)
        return found

    def fits(self, kind: Kind, place: str, topic: str | None) -> bool:
        return (
            (not self.kinds or kind in self.kinds)
            and (self.places is None or place in self.places)
            and (not self.topic or topic == self.topic)
        )


def is_latest() -> ColumnElement[bool]:
    """Of versions: no later one of the same document. The pair (document, number) is unique and so has an index."""
    later = aliased(DocumentVersion)
    return ~exists().where(later.document_id == DocumentVersion.document_id, later.number > DocumentVersion.number)


def _has_status(status: VersionStatus) -> ColumnElement[bool]:
    """A text that residents see stays published while its next version is in work; what ended counts only as the
    latest.
    """
    other = aliased(DocumentVersion)
    if status is VersionStatus.published:
        # Nearly all documents: looked at one by one until the page is full.
        return exists().where(other.document_id == Document.id, other.status == status)
    return (
        Document.id.in_(select(other.document_id).where(other.status == status))
        if status in OPEN
        else DocumentVersion.status == status
    )


def _ends_between(first: date, last: date) -> ColumnElement[bool]:
    other = aliased(DocumentVersion)
    return Document.id.in_(
        select(other.document_id).where(other.status == VersionStatus.published, other.in_force_to.between(first, last))
    )


def _unchecked_since(day: date) -> ColumnElement[bool]:
    other = aliased(DocumentVersion)
    return exists().where(
        other.document_id == Document.id,
        other.status == VersionStatus.published,
        func.coalesce(other.reviewed_on, other.in_force_from) < day,
    )


def _in_work(session: Session, statuses: Collection[VersionStatus], person: int, *, is_writer: bool) -> list[int]:
    """Versions in work in which this person wrote, or did not."""
    rows = session.execute(
        select(DocumentVersion.id, DocumentVersion.author_id, DocumentVersion.editors)
        .where(DocumentVersion.status.in_(statuses))
        .limit(_MOST_IN_WORK)
    )
    return [version for version, author, editors in rows if (person in (author, *editors)) is is_writer]


def _counted(session: Session, found: Select[Any]) -> int:
    """Exact up to COUNTED_UP_TO, one more where there are more."""
    return (
        session.scalar(
            select(func.count()).select_from(
                found.with_only_columns(DocumentVersion.id).limit(COUNTED_UP_TO + 1).subquery()
            )
        )
        or 0
    )


def _published(session: Session, documents: Collection[str]) -> dict[str, int]:
    asked = (
        select(DocumentVersion.document_id, func.max(DocumentVersion.number))
        .where(DocumentVersion.document_id.in_(documents), DocumentVersion.status == VersionStatus.published)
        .group_by(DocumentVersion.document_id)
    )
    return dict(session.execute(asked).all())


@dataclass(frozen=True)
class _Said:
    """By document, where its text says every word."""

    written: dict[str, str] = field(default_factory=dict)  # the whole text in work
    published: dict[str, int] = field(default_factory=dict)  # the chunk

    def snippets(
        self, session: Session, documents: Collection[str], wanted: Sequence[str]
    ) -> dict[str, tuple[tuple[str, bool], ...]]:
        """Of some documents; of the text in work where both say it, since that is the one to be changed."""
        chunks = {self.published[d]: d for d in documents if d in self.published and d not in self.written}
        texts = {d: self.written[d] for d in documents if d in self.written}
        texts |= {
            chunks[chunk]: f"{text}\n{whole}"
            for chunk, text, whole in session.execute(
                select(Chunk.id, Chunk.text, Chunk.embed_text).where(Chunk.id.in_(chunks))
            )
        }
        return {document: _snippet(text, wanted) for document, text in texts.items()}


def _holding(session: Session, wanted: Sequence[str], about: _About, said: _Said) -> ColumnElement[bool]:
    """Documents that hold every word: all in the title, or all in the text; not all of very many by their text."""
    titled = and_(*(Document.title.icontains(w, autoescape=True) for w in wanted))
    texts = {*said.written, *said.published}
    rows = session.execute(
        select(Document.id, Document.kind, Document.place_id, Document.topic).where(titled).limit(_RARE + 1)
    ).all()
    # Frequent words as the page fills, which takes few rows; rare ones by the documents that have them, and nothing
    # else that
    # could have an index of its own: with kinds among the conditions SQLite begins at all documents of a kind.
    if len(rows) > _RARE:
        return and_(*about.conditions, or_(titled, Document.id.in_(sorted(texts))))
    return Document.id.in_(sorted(texts | {id for id, kind, place, topic in rows if about.fits(kind, place, topic)}))


def _written(session: Session, wanted: Sequence[str], about: _About) -> dict[str, str]:
    """Texts in work: no index knows them yet, and of a half-written one not all is in chunks."""
    stored = func.lower(cast(DocumentVersion.content, Text))  # JSON has 秆 as backslash, u79c6, in both databases
    holds = (stored.contains(json.dumps(w.lower())[1:-1], autoescape=True) for w in wanted)
    asked = (
        select(Document.id, Document.kind, DocumentVersion.content)
        .join(Document)
        .where(DocumentVersion.status.in_(OPEN), *about.conditions, *holds)
    )
    found: dict[str, str] = {}
    for document, kind, content in session.execute(asked.order_by(DocumentVersion.id.desc()).limit(_FOUND_BY_WORDS)):
        text = "\n".join(f.text for f in fields(kind, content))
        if all(w.lower() in text.lower() for w in wanted):  # the names of fields hold words, too
            found[document] = text
    return found


def _published_texts(session: Session, wanted: Sequence[str], about: _About, index: Index) -> dict[str, int]:
    chunks, found = index.holding(wanted, limit=_LOOKED_AT, places=about.places), dict[str, int]()
    for end in range(len(chunks), 0, -_IN_LIST):
        # By id alone, as in search: with the status among the conditions SQLite begins at all published versions.
        asked = (
            select(Chunk.id, DocumentVersion.status, Document.id, Document.kind, Document.place_id, Document.topic)
            .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
            .join(Document)
        )
        for chunk, status, document, kind, place, topic in session.execute(
            asked.where(Chunk.id.in_(chunks[max(0, end - _IN_LIST) : end]))
        ):
            if status is VersionStatus.published and about.fits(kind, place, topic):
                found.setdefault(document, chunk)
        if len(found) >= _FOUND_BY_WORDS:
            break
    return found


def _snippet(text: str, wanted: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """The sentence that says most of the words, the first of those; nothing where none says one."""
    said = re.compile("(" + "|".join(re.escape(w) for w in sorted(wanted, key=len, reverse=True)) + ")", re.IGNORECASE)
    best = max(sentences(text), key=lambda s: len({m.lower() for m in said.findall(s)}), default="")
    first = said.search(best)
    if first is None:
        return ()
    start = max(0, first.start() - _BEFORE)
    shown = ("……" if start else "") + best[start : start + _SNIPPET] + ("……" if start + _SNIPPET < len(best) else "")
    return tuple((piece, at % 2 == 1) for at, piece in enumerate(said.split(shown)) if piece)
