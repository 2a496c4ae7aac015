"""History of a village (村史): what somebody told, cited with who told it."""

from typing import Any

from knowledge.documents.kinds.base import (
    ANSWER_MOST,
    QUESTIONS,
    ChunkText,
    KindSpec,
    Question,
    line,
    questions_in,
    text,
)
from knowledge.statutes.citations import Target


def _build(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
    by = f"（{data['teller']}讲）" if data.get("teller") else ""
    told = data["told"].strip()
    details = {"answer": f"{data['answer'].strip()}{by}"}
    chunk = ChunkText(None, None, told, f"{data['title']}。{told}", details)
    return [chunk], questions_in(data.get("questions"), data.get("topic"), Target(data["id"], None), source)


HISTORY = KindSpec(
    name="村史",
    label="村史",
    folder="history",
    prefix="history",
    about="村里的老故事，写明谁讲的",
    words=("history", "村史", "口述史"),
    fields=(
        text("told", "讲的事", hint="照讲的人的话整理；不写还在世的人的纠纷、哪一姓跟哪一姓的过节", is_needed=True),
        line("teller", "谁讲的", hint="本人同意写名字才写；不同意的写“村里的老人”"),
        text("answer", "给居民的话", asks="给居民的简短回答", most=ANSWER_MOST, is_needed=True),
        QUESTIONS,
    ),
    build=_build,
    is_masked=True,
)
