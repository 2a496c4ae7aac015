"""Case story."""

from typing import Any

from knowledge.documents.kinds.base import (
    QUESTIONS,
    ChunkText,
    FieldSpec,
    Form,
    KindSpec,
    Question,
    lines_in,
    questions_in,
    text,
)
from knowledge.statutes.citations import Target


def _articles(value: Any) -> list[str]:
    """What a summary holds under this name are mappings: they are no articles of ours."""
    return lines_in([a for a in value if isinstance(a, str)] if isinstance(value, list) else value)


def _build(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
    shown = f"{data['facts'].strip()}\n{data['handling'].strip()}\n{data['lesson'].strip()}"
    details = {"answer": data["answer"].strip(), "basis": data.get("articles") or []}
    chunk = ChunkText(None, None, shown, f"案例 {data['title']}。{shown}", details)
    return [chunk], questions_in(data.get("questions"), data.get("topic"), Target(data["id"], None), source)


CASE_STORY = KindSpec(
    name="案例",
    label="案例",
    about="真事改写，认不出是谁",
    folder="stories",
    prefix="story",
    words=("stories", "案例", "故事", "以案释法"),
    fields=(
        text("facts", "事情经过", is_needed=True),
        text("handling", "怎么处理的", is_needed=True),
        text("lesson", "给大家的提醒", is_needed=True),
        text("answer", "给居民的话", asks="给居民的简短回答", is_needed=True),
        FieldSpec("articles", "法律依据", Form.articles, _articles),
        QUESTIONS,
    ),
    build=_build,
    is_masked=True,
)
