"""Regulation, article by article."""

from typing import Any

from knowledge.documents.kinds.base import (
    REF,
    ChunkText,
    Question,
    check_numbered,
    line_in,
    lines_in,
    needed,
    parts_in,
    questions_in,
    text_in,
)
from knowledge.statutes.citations import Target


def build_regulation(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
    chunks, questions = [], []
    for article in data["articles"]:
        number = str(article["number"])
        details = {
            "answer": article["answer"].strip(),
            "basis": data.get("legal_basis") or [],
            "summary": True,
            "number": data.get("number"),
        }
        chunks.append(
            ChunkText(
                number,
                None,
                article["text"].strip(),
                f"{data['title']} {article['text'].strip()} {article['answer'].strip()}",
                details,
            )
        )
        questions += questions_in(article.get("questions"), data.get("topic"), Target(data["id"], number), source)
    return chunks, questions


def shape_regulation(content: dict[str, Any]) -> dict[str, Any]:
    articles = [
        {
            "number": line_in(a.get("number"), REF),
            "text": text_in(a.get("text")),
            "answer": text_in(a.get("answer"), 2000),
            "questions": lines_in(a.get("questions")),
        }
        for a in parts_in(content.get("articles"))
    ]
    return {
        "summary": True,
        "number": line_in(content.get("number")),
        "issuer": line_in(content.get("issuer")),
        "articles": articles,
        "legal_basis": lines_in(content.get("legal_basis")),
    }


def check_regulation(content: dict[str, Any]) -> list[str]:
    return needed(content, issuer="发文单位") + check_numbered(content["articles"], "条文")
