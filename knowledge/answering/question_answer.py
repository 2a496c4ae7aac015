"""An answer of our own (问答) as a resident is told it."""

from collections.abc import Mapping, Sequence
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
from knowledge.search.lexical import character_pairs
from knowledge.search.passages import Passage
from knowledge.statutes.numerals import article_number

_MOST_ARTICLES, _MOST_OTHERS = 4, 2
_FEWEST_PAIRS, _COVERED = 4, 0.8  # pairs of characters of a case's words, and their share in the question
_SUMMARY = "这是我们写的摘要，不是原文。"


def from_answer(session: Session, best: Passage, *, day: date, question: str = "") -> Answer:
    """What holds and on what it depends; then the steps, what not to do, and the door.

    A case that the question itself tells comes first: 一般会 would mislead whom the case exempts.
    """
    held = best.details
    cases = cases_in(held.get("cases") or [])
    own = _told_case(question, cases)
    told = [*(f"{when}：{then}" for when, then in own), held["answer"]]
    told += [f"· {when}：{then}" for when, then in cases if (when, then) not in own]
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


def _told_case(question: str, cases: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The one case whose words stand in the question, if there is one."""
    asked = set(character_pairs(question))
    covered = []
    for when, then in cases:
        pairs = set(character_pairs(when))
        if len(pairs) >= _FEWEST_PAIRS:
            covered.append((len(pairs & asked) / len(pairs), when, then))
    best = max(covered, default=(0.0, "", ""))
    return [(best[1], best[2])] if best[0] >= _COVERED else []


def _steps(held: Mapping[str, Any]) -> str:
    """Numbered, each on a line of its own; what not to do and the door come last."""
    steps = [str(step) for step in held.get("steps") or []]
    lines = steps if len(steps) < 2 else ["", *(f"{n}. {step}" for n, step in enumerate(steps, 1))]
    if never := held.get("never"):
        lines.append(str(never))
    door = DOORS.get(held.get("door") or "")
    if door and door.phone not in "".join(lines):
        lines.append(f"找{door.name}，{door.call}。")
    return "\n".join(lines)


def _other(session: Session, named: str, day: date) -> Citation | None:
    """The row of our table, else a regulation of ours where we have its summary as a document; neither before its first
    day. None for what stands there from memory: a resident isn't shown words that nobody has read at their source.
    """
    if (source := other_source(named)) is not None:
        is_told = source.is_confirmed and not (source.begins and source.begins > day)
        return _cited(source) if is_told else None
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
