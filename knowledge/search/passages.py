"""A passage, and a draft on trial."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

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
    content: dict[str, Any] = field(default_factory=dict)
    caution: str | None = None  # what residents must know beside it: the law it rests on changed (`law/standing.py`)

    def __repr__(self) -> str:
        return f"Passage({self.title} {self.ref or ''}, {self.score:.2f})"


whole_text = (
    select(Chunk, DocumentVersion, Document)
    .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
    .join(Document, DocumentVersion.document_id == Document.id)
)


def load_passages(
    session: Session, hits: Sequence[tuple[float, int]], k: int, *, scores: Sequence[float] = ()
) -> list[Passage]:
    """The first `k` hits (raw score, chunk id; best first), each with how likely it is the right one to tell; without
    `scores`, the raw score stands for that.
    """
    if not hits:
        return []
    rows = {
        chunk.id: (chunk, version, document)
        for chunk, version, document in session.execute(whole_text.where(Chunk.id.in_([h[1] for h in hits[:k]])))
    }
    passages = []
    for place, (raw, chunk_id) in enumerate(hits[:k]):
        chunk, version, document = rows[chunk_id]
        passages.append(
            Passage(
                chunk_id=chunk.id,
                document_id=document.id,
                kind=document.kind,
                title=document.title,
                ref=chunk.ref,
                heading=chunk.heading,
                text=chunk.text,
                topic=document.topic,
                place_id=document.place_id,
                in_force_from=version.in_force_from,
                in_force_to=version.in_force_to,
                promulgated_on=version.promulgated_on,
                score=round(scores[place] if scores else raw, 4),
                raw=round(raw, 4),
                details=chunk.details,
                content=version.content,
            )
        )
    return passages
