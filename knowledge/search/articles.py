"""Articles in force, by citation."""

from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, defer

from knowledge.documents.models import Chunk, Document, DocumentVersion, VersionStatus
from knowledge.errors import CitationNotFound
from knowledge.statutes.citations import Citation, Target, parse_citation, statute_id

ENDED = {
    VersionStatus.withdrawn: "已撤回",
    VersionStatus.superseded: "已被新版替代",
    VersionStatus.expired: "已过有效期",
}


def article_in_force(session: Session, law: str, ref: str, day: date) -> tuple[Chunk, DocumentVersion, Document] | None:
    """The article of a statute (short name) as in force on `day`, or None."""
    return _in_force(session, Target(statute_id(law), ref), day)


def named_in_force(session: Session, named: Citation, day: date) -> tuple[Chunk, DocumentVersion, Document] | None:
    """The article of the first of its names that is a law; None where that has no such one in force on `day`."""
    ids = [statute_id(name) for name in named.names]
    known = set(session.scalars(select(Document.id).where(Document.id.in_(ids))))
    law = next((id for id in ids if id in known), None)
    return _in_force(session, Target(law, named.ref), day) if law else None


_IN_FORCE = (
    select(Chunk, DocumentVersion, Document)
    .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
    .join(Document)
    .where(
        Document.id == bindparam("document"),
        Chunk.ref == bindparam("ref"),
        DocumentVersion.status == VersionStatus.published,
        DocumentVersion.in_force_from <= bindparam("day"),
    )
    .where((DocumentVersion.in_force_to.is_(None)) | (DocumentVersion.in_force_to >= bindparam("day")))
    .options(defer(DocumentVersion.content))
)


def _in_force(session: Session, target: Target, day: date) -> tuple[Chunk, DocumentVersion, Document] | None:
    row = session.execute(_IN_FORCE, {"document": target.document_id, "ref": target.ref, "day": day}).first()
    return (row[0], row[1], row[2]) if row else None


def cited_articles(
    session: Session, citations: Iterable[str], day: date
) -> Iterator[tuple[Chunk, DocumentVersion, Document]]:
    """The articles that `民法典 1042` and its like name, in their order; what can't be read or isn't in force on
    the day is left out.
    """
    for text in citations:
        try:
            target = parse_citation(text)
        except CitationNotFound:
            continue
        if target.ref is not None and (row := _in_force(session, target, day)):
            yield row
