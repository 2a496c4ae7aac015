"""A passage, and a draft on trial."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, defer

from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind
from knowledge.search import segments


@dataclass(frozen=True)
class Draft:
    """A version to be searched as if it were published; what of its document it would replace is hidden."""

    document_id: str
    version_id: int
    in_force_from: date
    in_force_to: date | None
    segment: segments.Segment
    questions: dict[bytes, str]

    def is_in_force(self, day: date) -> bool:
        return self.in_force_from <= day and (self.in_force_to is None or day <= self.in_force_to)


@dataclass(frozen=True)
class Passage:
    chunk_id: int
    document_id: str
    kind: Kind
    title: str
    ref: str | None
    heading: str | None
    text: str
    topic: str | None
    place_id: str
    in_force_from: date
    in_force_to: date | None
    promulgated_on: date | None
    score: float  # 0...1, how likely this is a right source
    raw: float  # fused cosine, comparable within one question
    details: dict[str, Any] = field(default_factory=dict)
    caution: str | None = None  # what residents must know beside it: the law it rests on changed (`law/standing.py`)

    def __repr__(self) -> str:
        return f"Passage({self.title} {self.ref or ''}, {self.score:.2f})"


whole_text = (
    select(Chunk, DocumentVersion, Document)
    .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
    .join(Document, DocumentVersion.document_id == Document.id)
    .options(defer(DocumentVersion.content))  # a whole statute; nobody who looks for a passage reads it
)
_PASSAGES = (
    select(
        Chunk.id,
        Chunk.ref,
        Chunk.heading,
        Chunk.text,
        Chunk.details,
        Document.id.label("document_id"),
        Document.kind,
        Document.title,
        Document.topic,
        Document.place_id,
        DocumentVersion.in_force_from,
        DocumentVersion.in_force_to,
        DocumentVersion.promulgated_on,
    )
    .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
    .join(Document, DocumentVersion.document_id == Document.id)
    .where(Chunk.id.in_(bindparam("ids", expanding=True)))
)


def load_passages(
    session: Session, hits: Sequence[tuple[float, int]], k: int, *, scores: Sequence[float] = ()
) -> list[Passage]:
    """The first `k` hits (raw score, chunk id; best first), each with how likely it is the right one to tell; without
    `scores`, the raw score stands for that.
    """
    if not hits:
        return []
    rows = {row.id: row for row in session.execute(_PASSAGES, {"ids": [chunk_id for _, chunk_id in hits[:k]]})}
    passages = []
    for place, (raw, chunk_id) in enumerate(hits[:k]):
        row = rows[chunk_id]
        passages.append(
            Passage(
                chunk_id=row.id,
                document_id=row.document_id,
                kind=row.kind,
                title=row.title,
                ref=row.ref,
                heading=row.heading,
                text=row.text,
                topic=row.topic,
                place_id=row.place_id,
                in_force_from=row.in_force_from,
                in_force_to=row.in_force_to,
                promulgated_on=row.promulgated_on,
                score=round(scores[place] if scores else raw, 4),
                raw=round(raw, 4),
                details=row.details,
            )
        )
    return passages
