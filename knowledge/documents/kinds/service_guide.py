"""Service guide and policy."""

from dataclasses import replace
from typing import Any

from knowledge.documents.kinds.base import (
    ANSWER_MOST,
    QUESTIONS,
    ChunkText,
    FieldSpec,
    Form,
    KindSpec,
    Question,
    articles,
    choice,
    flag,
    line,
    line_in,
    questions_in,
    text,
    text_in,
)
from knowledge.statutes.citations import Target

SECTIONS = ("谁可以办", "怎么办", "带什么", "去哪里", "多久", "收费", "代办", "不给办", "注意")
# A part of the paper -> the name under which the next question asks for it (`answer.ASKED_NEXT`).
_ASKED_AS = {"谁可以办": "谁可以", "收费": "多少钱"}
_NOT_ASKED = ("怎么办", "注意")
PROOFS = {"needed": "要开", "promise": "可以用承诺代替", "not_village": "不归村里开"}


def _sections(value: Any) -> dict[str, str]:
    given = value if isinstance(value, dict) else {}
    return {
        line_in(name, 20): held
        for name, text in given.items()
        if (held := text_in("\n".join(map(str, text)) if isinstance(text, list) else text)) and line_in(name, 20)
    }


def _build(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
    sections = {
        k: "\n".join(v) if isinstance(v, list) else str(v).strip() for k, v in (data.get("sections") or {}).items()
    }
    shown = "\n".join([data["answer"].strip(), *(f"【{name}】{text}" for name, text in sections.items())])
    embed = f"{data['title']}。{data['answer'].strip()} {' '.join(sections.values())}"
    details = {
        "answer": data["answer"].strip(),
        "next": (data.get("next") or "").strip(),
        "basis": data.get("legal_basis") or [],
        "parts": [f"{_ASKED_AS.get(name, name)}：{text}" for name, text in sections.items() if name not in _NOT_ASKED],
    }
    return [ChunkText(None, None, shown, embed, details)], questions_in(
        data.get("questions"), data.get("topic"), Target(data["id"], None), source
    )


SERVICE_GUIDE = KindSpec(
    name="办事指南",
    label="办事指南",
    about="一件事怎么办：带什么、去哪里、多久、收不收费",
    folder="guides",
    prefix="guide",
    words=("guides", "指南", "怎么", "流程", "须知"),
    fields=(
        line("issuer", "发文单位", is_prose=True),
        line("number", "文号", is_none=True),
        flag("varies_by_province", "各省不一样"),
        choice("proof", "村里要不要开证明", PROOFS),
        text("answer", "给居民的话", asks="给居民的简短回答", most=ANSWER_MOST, is_needed=True),
        text("next", "接下来怎么办", most=ANSWER_MOST),
        FieldSpec("sections", "", Form.sections, _sections, is_prose=True),
        articles("legal_basis", "法律依据"),
        QUESTIONS,
    ),
    build=_build,
    next_step="要办的话，先带上身份证去镇便民服务中心问；不方便跑就拨打 12345。",
)
POLICY = replace(
    SERVICE_GUIDE,
    name="政策",
    label="政策",
    about="发文单位定的：补贴、救助、标准",
    prefix="policy",
    words=("policies", "政策", "办法", "通知", "方案", "意见", "细则"),
    check=lambda content: [] if content["issuer"] else ["请写发文单位。"],
)
