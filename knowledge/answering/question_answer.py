"""An answer of our own (问答) as a resident is told it."""

from collections.abc import Mapping
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.answering.told import Answer, Citation, cite, cite_row
from knowledge.documents.kinds.answer import cases_in
from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.sources.doors import DOORS
from knowledge.documents.sources.other_sources import OtherSource, other_source
from knowledge.search.articles import cited_articles
from knowledge.search.passages import Passage
from knowledge.statutes.numerals import article_number

_MOST_ARTICLES, _MOST_OTHERS = 4, 2
_SUMMARY = "这是我们写的摘要，不是原文。"


def from_answer(session: Session, best: Passage, *, day: date) -> Answer:
    """What holds and on what it depends; then the steps, what not to do, and the door."""
    held = best.details
    told = [held["answer"], *(f"· {when}：{then}" for when, then in cases_in(held.get("cases") or []))]
    door = DOORS.get(held.get("door") or "")
    articles = [cite_row(row) for row in islice(cited_articles(session, held["basis"], day), _MOST_ARTICLES)]
    others = [c for name in held.get("other_sources") or [] if (c := _other(session, name, day)) is not None]
    return Answer(
        "\n".join(told),
        _steps(held),
        (*articles, *others[:_MOST_OTHERS], cite(best)),
        best.score,
        best.topic,
        phones=(door.phone,) if door else (),
        document=best.document_id,
    )


def _steps(held: Mapping[str, Any]) -> str:
    """Numbered, each on a line of its own; what not to do and the door come last."""
    steps = [str(step) for step in held.get("steps") or []]
    lines = steps if len(steps) < 2 else ["", *(f"{n}. {step}" for n, step in enumerate(steps, 1))]
    if never := held.get("never"):
        lines.append(str(never))
    door = DOORS.get(held.get("door") or "")
    if door and door.phone not in "".join(lines):
        lines.append(f"找{door.name}，电话 {door.phone}。")
    return "\n".join(lines)


def _other(session: Session, named: str, day: date) -> Citation | None:
    """A regulation of ours where we have its summary as a document, else the row of our table."""
    if (source := other_source(named)) is not None:
        return _cited(source)
    title, _, number = named.rpartition(" ")
    if not number.replace("-", "").isdigit():
        return None
    found = session.execute(
        select(Chunk, DocumentVersion, Document)
        .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
        .join(Document, DocumentVersion.document_id == Document.id)
        .where(
            Document.kind == Kind.regulation,
            Document.title == title,
            Chunk.ref == article_number(number),
            DocumentVersion.status == VersionStatus.published,
            DocumentVersion.in_force_from <= day,
        )
    ).first()
    return cite_row((found[0], found[1], found[2]), note=_SUMMARY) if found else None


def _cited(source: OtherSource) -> Citation:
    return Citation(
        kind=Kind.regulation.value,
        kind_label="摘要",
        document="",
        title=source.name,
        article=source.ref,
        in_force_from=source.begins.isoformat() if source.begins else "",
        in_force_to=None,
        summary=True,
        text=source.says,
        note=f"{_SUMMARY}{'文号：' + source.number if source.number else ''}",
        score=1.0,
    )
