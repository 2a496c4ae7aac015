"""A form or file brought into shape; what it still lacks."""

from datetime import date
from typing import Any

from knowledge.documents.kinds.base import TITLE_MOST, line_in
from knowledge.documents.kinds.registry import KINDS, Kind
from knowledge.documents.topics import TOPICS
from knowledge.errors import CitationNotFound
from knowledge.statutes.citations import parse_citation


def shaped(kind: Kind, content: dict[str, Any]) -> dict[str, Any]:
    """Exactly the fields of this kind, each of its type and length; what is missing is empty, what is foreign is
    gone.
    """
    found: dict[str, Any] = {
        "title": line_in(content.get("title"), TITLE_MOST),
        "topic": content.get("topic") if content.get("topic") in TOPICS else None,
    }
    return {**found, **KINDS[kind].shape(content)}


def problems(kind: Kind, content: dict[str, Any], *, in_force_from: date, in_force_to: date | None) -> list[str]:
    """What must be mended before this can be submitted, in the legal worker's words; empty when it is complete.

    `content` is shaped.
    """
    found = [] if content["title"] else ["请写标题。"]
    if in_force_to and in_force_to < in_force_from:
        found.append("有效期的结束日期早于开始日期。")
    found += KINDS[kind].missing(content)
    for citation in citations(content):
        try:
            if parse_citation(citation).ref is None:
                raise CitationNotFound(citation)
        except CitationNotFound:
            found.append(f"“{citation[:40]}”不是法条的写法，请写成“民法典 1042”。")
    return found


def citations(content: dict[str, Any]) -> list[str]:
    """The articles that a text names in its own fields for them, each once, in order."""
    found: list[str] = [*(content.get("legal_basis") or [])]
    found += [a for a in content.get("articles") or [] if isinstance(a, str)]
    for clause in content.get("clauses") or []:
        found += (clause.get("conflict") or {}).get("articles") or []
    return list(dict.fromkeys(found))


def questions(content: dict[str, Any]) -> list[str]:
    found: list[str] = [*(content.get("questions") or [])]
    for part in [*(content.get("clauses") or []), *(content.get("articles") or [])]:
        if isinstance(part, dict):
            found += part.get("questions") or []
    return found
