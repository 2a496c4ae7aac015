"""A draft as the resident would see it: the same answer with the same sources, before anything is stored or indexed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from bot.web.knowledge.forms import Typed
from knowledge.answering import compose
from knowledge.answering.told import Answer
from knowledge.documents.building import DocumentText, build
from knowledge.documents.kinds.base import ChunkText
from knowledge.documents.kinds.registry import KINDS
from knowledge.documents.models import Document
from knowledge.documents.shape import questions
from knowledge.errors import CitationNotFound, CorpusError
from knowledge.search.passages import Passage
from knowledge.statutes.citations import parse_citation

SIZES = {"0": "标准", "1": "大", "2": "特大", "3": "最大", "all": "四种一起看"}  # those of bot/static/widget.js


@dataclass(frozen=True)
class View:
    """What of a text is looked at, and how large."""

    part: int = 0
    size: str = "0"


@dataclass(frozen=True)
class Preview:
    asked: str
    answer: Answer


@dataclass(frozen=True)
class Previews:
    shown: Preview | None  # None: nothing is written yet that could be shown
    parts: tuple[str, ...]  # of a rule or regulation: what else can be looked at
    part: int
    size: str

    @property
    def sizes(self) -> tuple[str, ...]:
        return ("0", "1", "2", "3") if self.size == "all" else (self.size,)


def preview(session: Session, document: Document, text: Typed, *, day: date, view: View) -> Previews:
    """A text that holds only later is shown as on its first day."""
    size = view.size if view.size in SIZES else "0"
    head = {
        "id": document.id,
        "kind": document.kind.value,
        "place": document.place_id,
        "in_force_from": text.in_force_from,
        "in_force_to": text.in_force_to,
    }
    try:
        built, _ = build({**head, **text.content}, source=document.id)
    except CorpusError:
        return Previews(None, (), 0, size)
    parts = tuple(c.ref or f"第 {i} 项" for i, c in enumerate(built.chunks, 1)) if KINDS[document.kind].parts else ()
    if not built.chunks:
        return Previews(None, parts, 0, size)
    part = view.part if 0 <= view.part < len(built.chunks) else 0
    asked = questions({"questions": _parts(text.content)[part].get("questions")} if parts else text.content)
    answer = compose.alone(session, _passage(built, built.chunks[part]), day=max(day, text.in_force_from))
    shown = Preview(asked[0] if asked else "", answer) if answer.text.strip() else None
    return Previews(shown, parts, part, size)


def _parts(content: dict[str, Any]) -> list[dict[str, Any]]:
    return content.get("clauses") or content.get("articles") or []


def _passage(text: DocumentText, chunk: ChunkText) -> Passage:
    details = dict(chunk.details)
    details["basis"] = [c for c in details.get("basis") or [] if _is_citation(c)]
    if details.get("conflict"):
        details["conflict"] = {
            **details["conflict"],
            "articles": [c for c in details["conflict"]["articles"] if _is_citation(c)],
        }
    return Passage(
        chunk_id=0,
        document_id=text.id,
        kind=text.kind,
        title=text.title or "（还没有标题）",
        ref=chunk.ref,
        heading=chunk.heading,
        text=chunk.text,
        topic=text.topic,
        place_id=text.place_id,
        in_force_from=text.in_force_from,
        in_force_to=text.in_force_to,
        promulgated_on=None,
        score=1.0,
        raw=1.0,
        details=details,
    )


def _is_citation(text: str) -> bool:
    try:
        return parse_citation(text).ref is not None
    except CitationNotFound:
        return False
