"""Village rule, clause by clause."""

from typing import Any

from knowledge.documents.kinds.base import (
    ANSWER_MOST,
    QUESTIONS,
    REF,
    ChunkText,
    FieldSpec,
    Form,
    KindSpec,
    Question,
    articles,
    check_numbered,
    choice,
    day,
    line,
    line_in,
    parts_in,
    questions_in,
    text,
)
from knowledge.documents.topics import TOPICS
from knowledge.statutes.citations import Target

CLAUSE_STATUSES = {"compatible": "不冲突", "conflicts": "与法律冲突", "unclear": "还要再看"}


def _build(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
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


_CONFLICT = (
    text("says", "法律怎么说", most=ANSWER_MOST),
    articles("articles", "与哪条法律冲突", most=10),
)


def _conflict(value: Any) -> dict[str, Any]:
    held = value if isinstance(value, dict) else {}
    return {f.name: f.shape(held.get(f.name)) for f in reversed(_CONFLICT)}


_CLAUSE = (
    line("number", "编号", most=REF),
    line("heading", "小标题", most=60, is_prose=True),
    choice("topic", "类别", {topic: topic for topic in TOPICS}),
    text("text", "内容"),
    text("answer", "给居民的话", most=ANSWER_MOST),
    choice("status", "合不合法", CLAUSE_STATUSES, default="unclear"),
    FieldSpec("conflict", "", Form.group, _conflict, of=_CONFLICT),
    QUESTIONS,
)


def _clauses(value: Any) -> list[dict[str, Any]]:
    """Only a clause in conflict says with what, and only one that somebody decided on says who and when."""
    found = []
    for given in parts_in(value):
        clause = {f.name: f.shape(given.get(f.name)) for f in _CLAUSE}
        if clause["status"] != "conflicts":
            del clause["conflict"]
        clause |= {name: line_in(given[name], 40) for name in ("decided_by", "decided_on") if given.get(name)}
        found.append(clause)
    return found


def _check(content: dict[str, Any]) -> list[str]:
    found = check_numbered(content["clauses"], "村规")
    for clause in content["clauses"]:
        if clause["status"] == "conflicts":
            if not clause["conflict"]["articles"]:
                found.append(f"{clause['number']}标为与法律冲突，请写明是哪一条法律。")
            if not clause["conflict"]["says"]:
                found.append(f"{clause['number']}标为与法律冲突，请用一句白话写明法律怎么说。")
    return found


VILLAGE_RULE = KindSpec(
    name="村规民约",
    label="村规",
    about="村规民约，一条一条",
    folder="village_rules",
    prefix="rule",
    words=("village_rules", "村规", "民约", "公约", "村民自治章程", "积分"),
    fields=(
        day("adopted_on", "通过日期", asks="哪天通过的"),
        day("filed_on", "备案日期", asks="哪天报镇里备案"),
        FieldSpec("clauses", "村规", Form.parts, _clauses, of=_CLAUSE),
    ),
    build=_build,
    check=_check,
)
