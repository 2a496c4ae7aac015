"""Service guide and policy."""

from typing import Any

from knowledge.documents.kinds.base import ChunkText, Question, line_in, lines_in, needed, questions_in, text_in
from knowledge.statutes.citations import Target


def build_guide(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
    sections = {
        k: "\n".join(v) if isinstance(v, list) else str(v).strip() for k, v in (data.get("sections") or {}).items()
    }
    shown = "\n".join([data["answer"].strip(), *(f"【{name}】{text}" for name, text in sections.items())])
    embed = f"{data['title']}。{data['answer'].strip()} {' '.join(sections.values())}"
    details = {
        "answer": data["answer"].strip(),
        "next": (data.get("next") or "").strip(),
        "basis": data.get("legal_basis") or [],
    }
    return [ChunkText(None, None, shown, embed, details)], questions_in(
        data.get("questions"), data.get("topic"), Target(data["id"], None), source
    )


SECTIONS = ("谁可以办", "怎么办", "带什么", "去哪里", "多久", "收费", "注意")
PROOFS = {"needed": "要开", "promise": "可以用承诺代替", "not_village": "不归村里开"}


def shape_guide(content: dict[str, Any]) -> dict[str, Any]:
    sections = content.get("sections") if isinstance(content.get("sections"), dict) else {}
    return {
        "issuer": line_in(content.get("issuer")),
        "number": line_in(content.get("number")) or None,
        "varies_by_province": bool(content.get("varies_by_province")),
        "proof": content.get("proof") if content.get("proof") in PROOFS else None,
        "answer": text_in(content.get("answer"), 2000),
        "next": text_in(content.get("next"), 2000),
        "sections": {
            line_in(name, 20): text
            for name, value in (sections or {}).items()
            if (text := text_in("\n".join(map(str, value)) if isinstance(value, list) else value)) and line_in(name, 20)
        },
        "legal_basis": lines_in(content.get("legal_basis")),
        "questions": lines_in(content.get("questions")),
    }


def check_guide(content: dict[str, Any]) -> list[str]:
    return needed(content, answer="给居民的简短回答")


def check_policy(content: dict[str, Any]) -> list[str]:
    return needed(content, answer="给居民的简短回答", issuer="发文单位")
