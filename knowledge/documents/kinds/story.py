"""Case story."""

from typing import Any

from knowledge.documents.kinds.base import ChunkText, Question, lines_in, needed, questions_in, text_in
from knowledge.statutes.citations import Target


def build_story(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
    shown = f"{data['facts'].strip()}\n{data['handling'].strip()}\n{data['lesson'].strip()}"
    details = {"answer": data["answer"].strip(), "basis": data.get("articles") or []}
    chunk = ChunkText(None, None, shown, f"案例 {data['title']}。{shown}", details)
    return [chunk], questions_in(data.get("questions"), data.get("topic"), Target(data["id"], None), source)


def shape_story(content: dict[str, Any]) -> dict[str, Any]:
    articles = content.get("articles")
    return {
        **{name: text_in(content.get(name)) for name in ("facts", "handling", "lesson", "answer")},
        "articles": lines_in([a for a in articles if isinstance(a, str)] if isinstance(articles, list) else articles),
        "questions": lines_in(content.get("questions")),
    }


def check_story(content: dict[str, Any]) -> list[str]:
    return needed(content, facts="事情经过", handling="怎么处理的", lesson="给大家的提醒", answer="给居民的简短回答")
