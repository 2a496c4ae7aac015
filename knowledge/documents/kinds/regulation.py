"""Regulation, article by article, in our own words."""

from typing import Any

from knowledge.documents.kinds.base import (
    ANSWER_MOST,
    QUESTIONS,
    REF,
    ChunkText,
    KindSpec,
    Question,
    articles,
    check_numbered,
    fixed,
    line,
    parts,
    questions_in,
    text,
)
from knowledge.statutes.citations import Target


def _build(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
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


REGULATION = KindSpec(
    name="法规摘要",
    label="摘要",
    about="法规、规章的摘要，注明文号",
    folder="regulations",
    prefix="reg",
    words=("regulations", "司法解释", "法规", "条例"),
    fields=(
        fixed("summary", True),
        line("number", "文号"),
        line("issuer", "发文单位", is_needed=True, is_prose=True),
        parts(
            "articles",
            "条文",
            (
                line("number", "编号", most=REF),
                text("text", "内容"),
                text("answer", "给居民的话", most=ANSWER_MOST),
                QUESTIONS,
            ),
        ),
        articles("legal_basis", "法律依据"),
    ),
    build=_build,
    check=lambda content: check_numbered(content["articles"], "条文"),
    is_summary=True,
)
