"""Village rule, clause by clause."""

from typing import Any

from knowledge.documents.kinds.base import (
    REF,
    ChunkText,
    Question,
    check_numbered,
    date_in,
    line_in,
    lines_in,
    parts_in,
    questions_in,
    text_in,
)
from knowledge.documents.topics import TOPICS
from knowledge.statutes.citations import Target


def build_village_rule(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
    chunks, questions = [], []
    for clause in data["clauses"]:
        number = str(clause["number"])
        details = {"answer": clause["answer"].strip(), "status": clause["status"], "conflict": clause.get("conflict")}
        chunks.append(
            ChunkText(
                number,
                clause.get("heading"),
                clause["text"].strip(),
                f"{data['title']} {clause.get('heading') or ''} {clause['text'].strip()}",
                details,
            )
        )
        questions += questions_in(clause.get("questions"), clause.get("topic"), Target(data["id"], number), source)
    return chunks, questions


CLAUSE_STATUSES = {"compatible": "不冲突", "conflicts": "与法律冲突", "unclear": "还要再看"}


def shape_village_rule(content: dict[str, Any]) -> dict[str, Any]:
    clauses = []
    for given in parts_in(content.get("clauses")):
        clause: dict[str, Any] = {
            "number": line_in(given.get("number"), REF),
            "heading": line_in(given.get("heading"), 60),
            "topic": given.get("topic") if given.get("topic") in TOPICS else None,
            "text": text_in(given.get("text")),
            "answer": text_in(given.get("answer"), 2000),
            "status": given.get("status") if given.get("status") in CLAUSE_STATUSES else "unclear",
        }
        conflict = given.get("conflict")
        if clause["status"] == "conflicts":
            held = conflict if isinstance(conflict, dict) else {}
            clause["conflict"] = {
                "articles": lines_in(held.get("articles"), 10),
                "says": text_in(held.get("says"), 2000),
            }
        clause["questions"] = lines_in(given.get("questions"))
        for name in ("decided_by", "decided_on"):
            if given.get(name):
                clause[name] = line_in(given[name], 40)
        clauses.append(clause)
    return {
        "adopted_on": date_in(content.get("adopted_on")),
        "filed_on": date_in(content.get("filed_on")),
        "clauses": clauses,
    }


def check_village_rule(content: dict[str, Any]) -> list[str]:
    found = check_numbered(content["clauses"], "村规")
    for clause in content["clauses"]:
        if clause["status"] == "conflicts":
            if not clause["conflict"]["articles"]:
                found.append(f"{clause['number']}标为与法律冲突，请写明是哪一条法律。")
            if not clause["conflict"]["says"]:
                found.append(f"{clause['number']}标为与法律冲突，请用一句白话写明法律怎么说。")
    return found
