"""Every text of a document under the name its editor shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from knowledge.documents.kinds.guide import PROOFS
from knowledge.documents.kinds.village_rule import CLAUSE_STATUSES
from knowledge.documents.models import Kind

LABELS = {
    "title": "标题",
    "topic": "类别",
    "issuer": "发文单位",
    "number": "文号",
    "answer": "给居民的话",
    "next": "接下来怎么办",
    "facts": "事情经过",
    "handling": "怎么处理的",
    "lesson": "给大家的提醒",
    "adopted_on": "通过日期",
    "filed_on": "备案日期",
    "proof": "村里要不要开证明",
    "varies_by_province": "各省不一样",
    "questions": "居民会这样问",
    "legal_basis": "法律依据",
    "articles": "法律依据",
    "heading": "小标题",
    "text": "内容",
    "status": "合不合法",
    "conflict": "法律怎么说",
}
_NOT_PROSE = frozenset(
    {
        "topic",
        "number",
        "status",
        "proof",
        "varies_by_province",
        "legal_basis",
        "questions",
        "adopted_on",
        "filed_on",
        "decided_by",
        "decided_on",
    }
)


@dataclass(frozen=True)
class Field:
    name: str  # "answer", "sections.带什么", "clauses.2.text": where it stands in the content
    label: str
    text: str
    is_prose: bool  # sentences for residents, in contrast to numbers, choices, lists of articles


def fields(kind: Kind, content: dict[str, Any]) -> list[Field]:
    """All of a shaped content, in the order in which its editor shows it; empty ones are left out."""
    return [f for f in _walk(kind, content) if f.text]


def _walk(kind: Kind, content: dict[str, Any]) -> Iterator[Field]:
    for name, value in content.items():
        if name == "sections" and isinstance(value, dict):
            yield from (Field(f"sections.{k}", k, str(v), True) for k, v in value.items())
        elif (
            name in ("clauses", "articles") and isinstance(value, list) and kind in (Kind.village_rule, Kind.regulation)
        ):
            for at, part in enumerate(value):
                if isinstance(part, dict):
                    yield from _part(name, at, part)
        elif name in LABELS:
            yield Field(
                name,
                LABELS[name],
                _text(name, value),
                name not in _NOT_PROSE and not (name == "articles" and kind is Kind.case_story),
            )


def _part(name: str, at: int, part: dict[str, Any]) -> Iterator[Field]:
    called = str(part.get("number") or f"第 {at + 1} 项")
    for key, value in part.items():
        if key == "conflict" and isinstance(value, dict):
            yield Field(f"{name}.{at}.conflict.says", f"{called} · 法律怎么说", str(value.get("says") or ""), True)
            yield Field(
                f"{name}.{at}.conflict.articles",
                f"{called} · 与哪条法律冲突",
                "\n".join(value.get("articles") or []),
                False,
            )
        elif key in LABELS and key != "number":
            yield Field(f"{name}.{at}.{key}", f"{called} · {LABELS[key]}", _text(key, value), key not in _NOT_PROSE)


def _text(name: str, value: Any) -> str:
    if name == "status":
        return CLAUSE_STATUSES.get(value, "")
    if name == "proof":
        return PROOFS.get(value, "")
    if name == "varies_by_province":
        return "是" if value else ""
    return "\n".join(str(v) for v in value) if isinstance(value, list) else str(value or "")
