"""What a document's text is made of, kind by kind: brought into shape from whatever a form or an imported file gave,
and what it still lacks before a colleague can look at it.
"""

import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

from knowledge.documents import TOPICS, parse_citation
from knowledge.errors import CitationNotFound
from knowledge.models import Kind

EDITABLE = (Kind.service_guide, Kind.policy, Kind.village_rule, Kind.case_story, Kind.regulation)
SECTIONS = ("谁可以办", "怎么办", "带什么", "去哪里", "多久", "收费", "注意")
PROOFS = {"needed": "要开", "promise": "可以用承诺代替", "not_village": "不归村里开"}
CLAUSE_STATUSES = {"compatible": "不冲突", "conflicts": "与法律冲突", "unclear": "还要再看"}
_TITLE, _LINE, _TEXT = 200, 300, 20_000
_MOST_PARTS, _MOST_QUESTIONS = 300, 60
_REF = 40  # Chunk.ref and BankTarget.ref


def shaped(kind: Kind, content: dict[str, Any]) -> dict[str, Any]:
    """Exactly the fields of this kind, each of its type and length; what is missing is empty, what is foreign is
    gone.
    """
    found: dict[str, Any] = {
        "title": _line(content.get("title"), _TITLE),
        "topic": content.get("topic") if content.get("topic") in TOPICS else None,
    }
    return {**found, **_SHAPES[kind](content)}


def problems(kind: Kind, content: dict[str, Any], *, in_force_from: date, in_force_to: date | None) -> list[str]:
    """What must be mended before this can be submitted, in the legal worker's words; empty when it is complete.

    `content` is shaped.
    """
    found = [] if content["title"] else ["请写标题。"]
    if in_force_to and in_force_to < in_force_from:
        found.append("有效期的结束日期早于开始日期。")
    found += _CHECKS[kind](content)
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


def _clean(value: Any) -> str:
    """Without what a database can't hold or a page can't show: control characters, halves of surrogate pairs,
    invisible marks.
    """
    return "".join(c for c in str(value or "") if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Cf"))


def _line(value: Any, most: int = _LINE) -> str:
    return " ".join(_clean(value).split())[:most]


def _text(value: Any, most: int = _TEXT) -> str:
    return "\n".join(line.rstrip() for line in _clean(value).split("\n")).strip()[:most]


def _lines(value: Any, most: int = _MOST_QUESTIONS) -> list[str]:
    """A list, or a text with one entry a line; each once."""
    given = value if isinstance(value, list) else str(value or "").split("\n")
    return list(dict.fromkeys(line for v in given if (line := _line(v))))[:most]


def _date(value: Any) -> str | None:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        return None


def _parts(value: Any) -> list[dict[str, Any]]:
    return [p for p in value if isinstance(p, dict)][:_MOST_PARTS] if isinstance(value, list) else []


def _guide(content: dict[str, Any]) -> dict[str, Any]:
    sections = content.get("sections") if isinstance(content.get("sections"), dict) else {}
    return {
        "issuer": _line(content.get("issuer")),
        "number": _line(content.get("number")) or None,
        "varies_by_province": bool(content.get("varies_by_province")),
        "proof": content.get("proof") if content.get("proof") in PROOFS else None,
        "answer": _text(content.get("answer"), 2000),
        "next": _text(content.get("next"), 2000),
        "sections": {
            _line(name, 20): text
            for name, value in (sections or {}).items()
            if (text := _text("\n".join(map(str, value)) if isinstance(value, list) else value)) and _line(name, 20)
        },
        "legal_basis": _lines(content.get("legal_basis")),
        "questions": _lines(content.get("questions")),
    }


def _regulation(content: dict[str, Any]) -> dict[str, Any]:
    articles = [
        {
            "number": _line(a.get("number"), _REF),
            "text": _text(a.get("text")),
            "answer": _text(a.get("answer"), 2000),
            "questions": _lines(a.get("questions")),
        }
        for a in _parts(content.get("articles"))
    ]
    return {
        "summary": True,
        "number": _line(content.get("number")),
        "issuer": _line(content.get("issuer")),
        "articles": articles,
        "legal_basis": _lines(content.get("legal_basis")),
    }


def _village_rule(content: dict[str, Any]) -> dict[str, Any]:
    clauses = []
    for given in _parts(content.get("clauses")):
        clause: dict[str, Any] = {
            "number": _line(given.get("number"), _REF),
            "heading": _line(given.get("heading"), 60),
            "topic": given.get("topic") if given.get("topic") in TOPICS else None,
            "text": _text(given.get("text")),
            "answer": _text(given.get("answer"), 2000),
            "status": given.get("status") if given.get("status") in CLAUSE_STATUSES else "unclear",
        }
        conflict = given.get("conflict")
        if clause["status"] == "conflicts":
            held = conflict if isinstance(conflict, dict) else {}
            clause["conflict"] = {"articles": _lines(held.get("articles"), 10), "says": _text(held.get("says"), 2000)}
        clause["questions"] = _lines(given.get("questions"))
        for name in ("decided_by", "decided_on"):
            if given.get(name):
                clause[name] = _line(given[name], 40)
        clauses.append(clause)
    return {
        "adopted_on": _date(content.get("adopted_on")),
        "filed_on": _date(content.get("filed_on")),
        "clauses": clauses,
    }


def _story(content: dict[str, Any]) -> dict[str, Any]:
    articles = content.get("articles")
    return {
        **{name: _text(content.get(name)) for name in ("facts", "handling", "lesson", "answer")},
        "articles": _lines([a for a in articles if isinstance(a, str)] if isinstance(articles, list) else articles),
        "questions": _lines(content.get("questions")),
    }


_SHAPES: dict[Kind, Callable[[dict[str, Any]], dict[str, Any]]] = {
    Kind.service_guide: _guide,
    Kind.policy: _guide,
    Kind.regulation: _regulation,
    Kind.village_rule: _village_rule,
    Kind.case_story: _story,
}


def _needed(content: dict[str, Any], **names: str) -> list[str]:
    return [f"请写{label}。" for name, label in names.items() if not content[name]]


def _check_guide(content: dict[str, Any]) -> list[str]:
    return _needed(content, answer="给居民的简短回答")


def _check_policy(content: dict[str, Any]) -> list[str]:
    return _needed(content, answer="给居民的简短回答", issuer="发文单位")


def _check_numbered(parts: list[dict[str, Any]], what: str) -> list[str]:
    found = [] if parts else [f"一条{what}也没有。"]
    numbers = [p["number"] for p in parts]
    found += [
        f"{n}出现了不止一次，{what}的编号不能重复。" for n in dict.fromkeys(numbers) if n and numbers.count(n) > 1
    ]
    for place, part in enumerate(parts, 1):
        name = part["number"] or f"第 {place} 条{what}"
        if not part["number"]:
            found.append(f"{name}没有编号。")
        found += [
            f"{name}没有写{label}。" for field, label in (("text", "内容"), ("answer", "给居民的话")) if not part[field]
        ]
    return found


def _check_regulation(content: dict[str, Any]) -> list[str]:
    return _needed(content, issuer="发文单位") + _check_numbered(content["articles"], "条文")


def _check_village_rule(content: dict[str, Any]) -> list[str]:
    found = _check_numbered(content["clauses"], "村规")
    for clause in content["clauses"]:
        if clause["status"] == "conflicts":
            if not clause["conflict"]["articles"]:
                found.append(f"{clause['number']}标为与法律冲突，请写明是哪一条法律。")
            if not clause["conflict"]["says"]:
                found.append(f"{clause['number']}标为与法律冲突，请用一句白话写明法律怎么说。")
    return found


def _check_story(content: dict[str, Any]) -> list[str]:
    return _needed(content, facts="事情经过", handling="怎么处理的", lesson="给大家的提醒", answer="给居民的简短回答")


_CHECKS: dict[Kind, Callable[[dict[str, Any]], list[str]]] = {
    Kind.service_guide: _check_guide,
    Kind.policy: _check_policy,
    Kind.regulation: _check_regulation,
    Kind.village_rule: _check_village_rule,
    Kind.case_story: _check_story,
}
