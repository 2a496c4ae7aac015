"""Names, citations, hard words, conflicts."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from bot.web.knowledge.forms import Typed
from knowledge.anonymity.detector import find_marks
from knowledge.anonymity.marks import Mark
from knowledge.documents import reading_ease, shape
from knowledge.documents.fields import fields
from knowledge.documents.kinds.registry import KINDS
from knowledge.documents.models import Kind
from knowledge.documents.reading_ease import Hint
from knowledge.errors import CitationNotFound
from knowledge.law.checking import CitationState, check_citation
from knowledge.statutes.citations import arabic, citations_in
from knowledge.village_rules.check import Flag, check_clause

_MOST_CITATIONS, MOST_HINTS = 60, 20


@dataclass(frozen=True)
class Checks:
    problems: list[str] = field(default_factory=list)
    citations: list[tuple[str, CitationState]] = field(default_factory=list)
    hints: list[tuple[str, Hint]] = field(default_factory=list)  # with the name of the field
    marks: list[tuple[str, Mark]] = field(default_factory=list)
    flags: dict[int, list[Flag]] = field(default_factory=dict)  # by the clause's place in the rule
    undecided: list[str] = field(default_factory=list)  # flagged clauses that nobody decided on

    @property
    def offers(self) -> dict[str, tuple[str, Mark]]:
        """The first mark of each wording: its button replaces it everywhere."""
        return {mark.text: (label, mark) for label, mark in reversed(self.marks)}

    @property
    def marked(self) -> list[str]:
        return list(dict.fromkeys(mark.text for _, mark in self.marks))


def checks(session: Session, kind: Kind, text: Typed, *, today: date) -> Checks:
    """Stores nothing."""
    content, starts, ends = text.content, text.in_force_from, text.in_force_to
    prose = [f for f in fields(kind, content) if f.is_prose]
    # A law may be renumbered before the rule begins.
    day = max(today, starts or today)
    flags = {
        at: found
        for at, clause in enumerate(content.get("clauses") or [])
        if (found := check_clause(clause["text"], day=day))
    }
    undecided = [
        content["clauses"][at]["number"] or f"第 {at + 1} 项"
        for at in flags
        if not content["clauses"][at].get("decided_by")
    ]
    return Checks(
        problems=shape.problems(kind, content, in_force_from=starts, in_force_to=ends),
        citations=[(c, check_citation(session, c, from_day=starts, to_day=ends)) for c in _cited(content)],
        hints=[(f.label, hint) for f in prose for hint in reading_ease.hints(f.text)],
        marks=[(f.label, mark) for f in prose for mark in find_marks(f.text)] if KINDS[kind].is_masked else [],
        flags=flags,
        undecided=undecided,
    )


def swapped(kind: Kind, content: dict[str, Any], wanted: str) -> dict[str, Any]:
    """The content with one marked wording replaced everywhere by what is offered for it; unchanged for any other
    wording.
    """
    found = offers(kind, content)
    if wanted not in found:
        return content
    return {name: _replaced(value, wanted, found[wanted]) for name, value in content.items()}


def offers(kind: Kind, content: dict[str, Any]) -> dict[str, str]:
    """What each marked wording may be replaced by, the longest first: a name within an address goes with it."""
    marks = [mark for f in fields(kind, content) if f.is_prose for mark in find_marks(f.text)]
    return {m.text: m.replacement for m in sorted(marks, key=lambda m: -len(m.text))}


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, list):
        return [_replaced(v, old, new) for v in value]
    return _said_once(value.replace(old, new), new) if isinstance(value, str) else value


def _said_once(text: str, new: str) -> str:
    """身份证号：（身份证号略） says it twice."""
    name = new.removeprefix("（").removesuffix("略）")
    return re.sub(rf"{re.escape(name)}(?:号码|是|为)?[：:\s]*{re.escape(new)}", new, text) if name != new else text


def _cited(content: dict[str, Any]) -> list[str]:
    """Those in the lists, then those in the sentences that name their law in 《》."""
    found = shape.citations(content)
    for where in citations_in(content):
        if not where.is_listed and where.citation.is_certain:
            try:
                found.append(f"{where.citation.law} {arabic(where.citation.ref)}")
            except CitationNotFound:
                continue
    return list(dict.fromkeys(found))[:_MOST_CITATIONS]
