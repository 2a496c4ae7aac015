"""What is told: an answer with its sources, or that there is none."""

from dataclasses import dataclass, field

from knowledge.documents.kinds.registry import KINDS
from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind
from knowledge.search.passages import Passage


@dataclass(frozen=True)
class Citation:
    """A source as shown; stored with the message, so later edits don't change history."""

    kind: str
    kind_label: str
    document: str
    title: str
    article: str | None
    in_force_from: str
    in_force_to: str | None
    summary: bool
    text: str
    note: str | None
    score: float


@dataclass(frozen=True)
class Near:
    """A question that we answer and that may be meant, and what holds for it."""

    title: str
    gist: str
    topic: str | None = None
    document: str | None = None
    door: str | None = None  # name of one of `sources.doors`
    score: float = 0.0


@dataclass(frozen=True)
class Answer:
    text: str
    next: str | None
    citations: tuple[Citation, ...]
    confidence: float
    topic: str | None = None
    buttons: tuple[tuple[str, str], ...] = field(default=())
    phones: tuple[str, ...] = ()
    document: str | None = None  # the one whose words these are
    raw: float = 0.0  # of the best hit
    near: tuple[Near, ...] = ()  # as for an abstention, this one among them


@dataclass(frozen=True)
class Abstention:
    reason: str  # nothing_found | not_sure
    confidence: float
    near: tuple[Near, ...] = ()  # the likeliest first
    raw: float = 0.0  # of the best hit


def cite(passage: Passage, *, note: str | None = None) -> Citation:
    kind = KINDS[passage.kind]
    if passage.kind is Kind.statute and passage.promulgated_on and passage.promulgated_on == passage.in_force_from:
        note = note or f"{passage.promulgated_on.isoformat()} 修正文本"
    if kind.is_summary:
        note = note or f"这是我们写的摘要，不是原文。文号：{passage.details.get('number') or '见标题'}"
    if passage.caution:
        note = f"{note} {passage.caution}" if note else passage.caution
    return Citation(
        kind=passage.kind.value,
        kind_label=kind.label,
        document=passage.document_id,
        title=passage.title,
        article=passage.ref,
        in_force_from=passage.in_force_from.isoformat(),
        in_force_to=passage.in_force_to.isoformat() if passage.in_force_to else None,
        summary=kind.is_summary,
        text=passage.text,
        note=note,
        score=passage.score,
    )


def cite_row(row: tuple[Chunk, DocumentVersion, Document], *, note: str | None = None) -> Citation:
    chunk, version, document = row
    return Citation(
        kind=document.kind.value,
        kind_label=KINDS[document.kind].label,
        document=document.id,
        title=document.title,
        article=chunk.ref,
        in_force_from=version.in_force_from.isoformat(),
        in_force_to=version.in_force_to.isoformat() if version.in_force_to else None,
        summary=KINDS[document.kind].is_summary,
        text=chunk.text,
        note=note,
        score=1.0,
    )
