"""An article asked for by name that isn't in force: where a repealed law stands now, or that there is no such one."""

import difflib
import re
from datetime import date
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge.answering.told import Answer
from knowledge.data_files import DataModel, Text, read
from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.search.articles import named_in_force
from knowledge.statutes.citations import Citation, named_article, short_name, statute_id

# A name that can only be a law's: no 办法, 看法, 这个法, and said with its 第几条.
_LAW = re.compile(r"(?![这那该本哪什新老旧我你您他她咱国])[\u4e00-\u9fff]{1,18}(?<![办看方想说做违犯合])法典?")
_LONGEST = 8  # characters of a name without 《》: more are words before it
_SAID = re.compile(r"[0-9零〇一二三四五六七八九十百千]\s*条")
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
    if named is None or named_in_force(session, named, day) is not None:
        return None
    for name in named.names:  # 劳动合同法 before 合同法
        if most := _articles_of(session, name, day):
            return Answer(f"《{name}》里没有{named.ref}，它一共有 {most} 条左右。", _NEXT, (), 1.0)
        if (gone := _REPLACED.get(name)) is not None and gone.since <= day:
            since = f"{gone.since.year}年{gone.since.month}月{gone.since.day}日"
            return Answer(f"《{gone.law}》从{since}起不用了，现在看{gone.now}。", _NEXT, (), 1.0)
    return _never_was(session, named, question)


def _never_was(session: Session, named: Citation, question: str) -> Answer | None:
    """Of a law by that name; None for what may be a regulation, or a name that can't be told from the words before."""
    is_alone = question.strip().startswith(named.law) and len(named.law) <= _LONGEST
    is_named = named.is_certain or (is_alone and _SAID.search(question) is not None)
    if not _LAW.fullmatch(named.law) or not is_named or _is_known(session, named):
        return None
    titles = session.scalars(select(Document.title).where(Document.kind == Kind.statute))
    near = difflib.get_close_matches(named.law, {short_name(title) for title in titles}, 1, 0.6)
    meant = f"您是不是想问《{near[0]}》？" if near else "可能是名字记错了。"
    return Answer(f"我这里的法律里没有叫《{named.law}》的。{meant}", _NEXT, (), 1.0)


def _is_known(session: Session, named: Citation) -> bool:
    """A law that is in the data and isn't in force on the day, under one of the names."""
    ids = [statute_id(name) for name in named.names]
    return session.scalar(select(Document.id).where(Document.id.in_(ids)).limit(1)) is not None


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
