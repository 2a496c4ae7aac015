"""Articles in force, by citation."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents.models import Chunk, Document, DocumentVersion, VersionStatus
from knowledge.errors import CitationNotFound
from knowledge.statutes.citations import parse_citation, statute_id
from knowledge.statutes.numerals import article_number

ENDED = {
    VersionStatus.withdrawn: "已撤回",
    VersionStatus.superseded: "已被新版替代",
    VersionStatus.expired: "已过有效期",
}


def article_in_force(session: Session, law: str, ref: str, day: date) -> tuple[Chunk, DocumentVersion, Document] | None:
    """The article of a statute (short name) as in force on `day`, or None."""
    row = session.execute(
        select(Chunk, DocumentVersion, Document)
        .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
        .join(Document)
        .where(
            Document.id == statute_id(law),
            Chunk.ref == ref,
            DocumentVersion.status == VersionStatus.published,
            DocumentVersion.in_force_from <= day,
        )
        .where((DocumentVersion.in_force_to.is_(None)) | (DocumentVersion.in_force_to >= day))
    ).first()
    return (row[0], row[1], row[2]) if row else None


def cited_articles(
    session: Session, citations: Iterable[str], day: date
) -> Iterator[tuple[Chunk, DocumentVersion, Document]]:
    """The articles that `民法典 1042` and its like name, in their order; what can't be read or isn't in force on
    the day is left out.
    """
    for text in citations:
        law = text.strip().rpartition(" ")[0]
        try:
            target = parse_citation(text)
        except CitationNotFound:
            continue
        if target.ref is not None and (row := article_in_force(session, law, target.ref, day)):
            yield row


_NAMED = re.compile(
    r"《?(?:中华人民共和国)?([\u4e00-\u9fff]{1,20}?(?:法典|法|条例))》?第?\s*([0-9]{1,4}"
    r"|[零一二三四五六七八九十百千]{1,9})\s*条(?:之([一二三四五六七八九十]))?"
)


def named_article(text: str) -> tuple[str, str] | None:
    """`民法典第1042条`, `《刑法》第二百六十四条` -> (民法典, 第一千零四十二条)."""
    found = _NAMED.search(text)
    if not found:
        return None
    law, number, suffix = found.groups()
    try:
        ref = article_number(number) if number.isdigit() else f"第{number}条"
    except ValueError:
        return None
    law = re.sub(r"^.*?(?=民法典|刑法|劳动合同法)", "", law)
    return law, ref + (f"之{suffix}" if suffix else "")
