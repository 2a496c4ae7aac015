"""Pages of rows for the index, and what a search needs to know of the chunks it comes upon."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Select, bindparam, or_, select
from sqlalchemy.orm import Session

from knowledge.clock import SHANGHAI
from knowledge.documents.models import BankQuestion, BankTarget, Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.search.references import Aim, Key
from knowledge.statutes.citations import parse_citation

_PIECE = 2_000
_IN_LIST = 500  # ids in one statement
_MOST_CHUNKS = 65_536  # about 15 MB
Asked = tuple[str, str, list[Aim]]  # id, text, what answers it, best first


def live(today: date) -> ColumnElement[bool]:
    """Published and not ended; those that begin later are in, the day is checked at each search."""
    return (DocumentVersion.status == VersionStatus.published) & or_(
        DocumentVersion.in_force_to.is_(None), DocumentVersion.in_force_to >= today
    )


def mark(content_hash: str) -> int:
    """The beginning of a chunk's hash, for whoever compares words without keeping them."""
    return int(content_hash[:16], 16)


class Among:
    """Membership in a sorted array: a set of a million ids would take 60 MB."""

    def __init__(self, ids: np.ndarray) -> None:
        self._ids = np.sort(ids)

    def __contains__(self, id: int) -> bool:
        at = int(np.searchsorted(self._ids, id))
        return at < len(self._ids) and int(self._ids[at]) == id


def chunk_pages(session: Session, today: date) -> Iterator[list[Any]]:
    """Chunks by ascending id, a piece at a time: no result of a million rows, no transaction held over hours of
    embedding.
    """
    last = 0
    statement = (
        select(
            Chunk.id,
            Chunk.ref,
            Chunk.embed_text,
            Chunk.asked_text,
            Chunk.content_hash,
            Chunk.version_id,
            DocumentVersion.document_id,
            Document.kind,
            Document.place_id,
        )
        .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
        .join(Document, DocumentVersion.document_id == Document.id)
        .where(live(today))
        .order_by(Chunk.id)
        .limit(_PIECE)
    )
    while rows := session.execute(statement.where(Chunk.id > last)).all():
        last = rows[-1].id
        yield list(rows)


def question_pages(session: Session, only: Select[str] | None = None) -> Iterator[list[Asked]]:
    """The bank's questions that are indexed, by ascending id."""
    last = ""
    while True:
        asked = (
            select(BankQuestion.id, BankQuestion.text)
            .where(BankQuestion.set_aside.is_(False), BankQuestion.id > last)
            .order_by(BankQuestion.id)
            .limit(_PIECE)
        )
        rows = session.execute(asked.where(BankQuestion.id.in_(only)) if only is not None else asked).all()
        if not rows:
            return
        targets: dict[str, list[Aim]] = {r.id: [] for r in rows}
        pointing = select(BankTarget.question_id, BankTarget.document_id, BankTarget.ref, BankTarget.meant_on).where(
            BankTarget.question_id > last, BankTarget.question_id <= rows[-1].id
        )
        if only is not None:
            pointing = pointing.where(BankTarget.question_id.in_(only))
        for t in session.execute(pointing.order_by(BankTarget.question_id, BankTarget.rank)):
            if t.question_id in targets:
                targets[t.question_id].append(Aim(t.document_id, t.ref, t.meant_on))
        last = rows[-1].id
        yield [(r.id, r.text, targets[r.id]) for r in rows]


def chunks_of(session: Session, documents: Sequence[str]) -> dict[Key, list[int]]:
    """Published chunks by (document, article) and by (version, article)."""
    found = dict[Key, list[int]]()
    for at in range(0, len(documents), _IN_LIST):
        asked = select(DocumentVersion.document_id, Chunk.version_id, Chunk.ref, Chunk.id).join(
            DocumentVersion, Chunk.version_id == DocumentVersion.id
        )
        for document, version_id, ref, chunk_id in session.execute(
            asked.where(
                DocumentVersion.status == VersionStatus.published,
                DocumentVersion.document_id.in_(documents[at : at + _IN_LIST]),
            ).order_by(Chunk.id)
        ):
            found.setdefault((document, ref), []).append(chunk_id)
            found.setdefault((version_id, ref), []).append(chunk_id)
    return found


def bases(session: Session, today: date, *, most: int) -> dict[str, list[Aim]]:
    """The first articles that each answer in force rests on."""
    asked = (
        select(
            DocumentVersion.document_id,
            Chunk.details,
            DocumentVersion.reviewed_on,
            DocumentVersion.approved_at,
            DocumentVersion.in_force_from,
        )
        .join(Chunk, Chunk.version_id == DocumentVersion.id)
        .join(Document, DocumentVersion.document_id == Document.id)
        .where(live(today), Document.kind == Kind.answer)
    )
    found: dict[str, list[Aim]] = {}
    for document, details, reviewed, approved, begins in session.execute(asked):
        cited = (parse_citation(c) for c in details.get("basis") or [])
        approved_on = approved.astimezone(SHANGHAI).date() if approved else None
        # A text that begins later was written for the law of its first day.
        meant_on = max((d for d in (reviewed, approved_on, begins) if d), default=None)
        found[document] = [Aim(t.document_id, t.ref, meant_on) for t in islice(cited, most)]
    return found


class About(NamedTuple):
    """What its place among the others follows from, and nothing that says whether it may be shown."""

    mark: int
    document_id: str
    ref: str | None
    kind: Kind
    place_id: str


_ABOUT = (
    select(Chunk.id, Chunk.content_hash, DocumentVersion.document_id, Chunk.ref, Document.kind, Document.place_id)
    .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
    .join(Document, DocumentVersion.document_id == Document.id)
    .where(Chunk.id.in_(bindparam("ids", expanding=True)))
)


class Chunks:
    """Of the chunks that searches came upon. Three hundred lie near to any question and ten are shown: of these alone
    the database is asked each time, and who asks holds them against what is told here.
    """

    def __init__(self) -> None:
        self._held: dict[int, About] = {}

    def __call__(self, session: Session, marks: Mapping[int, int]) -> dict[int, About]:
        """`marks`: by id. Of those that are still the text which was indexed."""
        held = self._held
        missing = [id for id, indexed in marks.items() if id not in held or held[id].mark != indexed]
        if missing:
            fresh = {
                id: About(mark(words), document, ref, kind, place)
                for id, words, document, ref, kind, place in session.execute(_ABOUT, {"ids": missing})
            }
            if len(held) + len(fresh) > _MOST_CHUNKS:
                held = {}
            self._held = held = held | fresh  # a new one: other threads read the old one
        return {id: one for id, indexed in marks.items() if (one := held.get(id)) is not None and one.mark == indexed}

    def forget(self) -> None:
        self._held = {}
