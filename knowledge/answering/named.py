"""An article asked for by name that isn't in force: where a repealed law stands now, or that there is no such one."""

from datetime import date
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge.answering.told import Answer
from knowledge.data_files import DataModel, Text, read
from knowledge.documents.models import Chunk, Document, DocumentVersion, VersionStatus
from knowledge.search.articles import article_in_force
from knowledge.statutes.citations import named_article, statute_id

_NEXT = "想知道您的事现在怎么规定，用自己的话说一句就行。"


class Replaced(DataModel):
    law: Text
    since: date
    now: Text


class ReplacedFile(DataModel):
    replaced: tuple[Replaced, ...]


_REPLACED = {row.law: row for row in read(Path(__file__).with_name("replaced.yml"), ReplacedFile).replaced}


def named_wrongly(session: Session, question: str, *, day: date) -> Answer | None:
    """What is said of an article that isn't in force under this name; None where it is, or none is named."""
    named = named_article(question)
    if named is None or article_in_force(session, named.law, named.ref, day) is not None:
        return None
    if (gone := _REPLACED.get(named.law)) is not None and gone.since <= day:
        since = f"{gone.since.year}年{gone.since.month}月{gone.since.day}日"
        return Answer(f"《{gone.law}》从{since}起不用了，现在看{gone.now}。", _NEXT, (), 1.0)
    most = _articles_of(session, named.law, day)
    if most:
        return Answer(f"《{named.law}》里没有{named.ref}，它一共有 {most} 条左右。", _NEXT, (), 1.0)
    return None


def _articles_of(session: Session, law: str, day: date) -> int:
    return (
        session.scalar(
            select(func.count(Chunk.id))
            .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
            .join(Document, DocumentVersion.document_id == Document.id)
            .where(
                Document.id == statute_id(law),
                DocumentVersion.status == VersionStatus.published,
                DocumentVersion.in_force_from <= day,
                (DocumentVersion.in_force_to.is_(None)) | (DocumentVersion.in_force_to >= day),
            )
        )
        or 0
    )
