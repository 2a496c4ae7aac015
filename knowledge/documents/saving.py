"""A document from outside kept as published."""

from datetime import UTC, date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge.documents.building import DocumentText
from knowledge.documents.models import Chunk, Document, DocumentVersion, ImportedSource, VersionStatus
from knowledge.normalise import content_hash


def save_document(session: Session, document: DocumentText, *, key: date | None) -> DocumentVersion:
    """Store a text as a version. Statutes have several at once, told apart by `key`, the day of adoption; a document of
    ours has one published version, the former becomes superseded.
    """
    row = session.get(Document, document.id)
    if row is None:
        row = Document(
            id=document.id, kind=document.kind, title=document.title, place_id=document.place_id, topic=document.topic
        )
        session.add(row)
        session.flush()
    row.title, row.place_id, row.topic = document.title, document.place_id, document.topic
    digest = content_hash(repr((document.in_force_from, document.in_force_to, document.chunks, document.content)))
    if key is not None and (known := _same_statute(session, document, key)):
        _renew(known, document, digest)
        session.flush()
        return known
    for version in session.scalars(
        select(DocumentVersion).where(
            DocumentVersion.document_id == row.id, DocumentVersion.status == VersionStatus.published
        )
    ):
        if key is not None and version.promulgated_on != key:
            continue
        if version.content_hash == digest:
            return version
        version.status, version.ended_at = VersionStatus.superseded, datetime.now(UTC)
    last = session.scalar(select(func.max(DocumentVersion.number)).where(DocumentVersion.document_id == row.id))
    fresh = DocumentVersion(
        document_id=row.id,
        number=(last or 0) + 1,
        status=VersionStatus.published,
        in_force_from=document.in_force_from,
        in_force_to=document.in_force_to,
        promulgated_on=document.promulgated_on,
        reviewed_on=document.reviewed_on,
        flag=document.flag,
        content=document.content,
        content_hash=digest,
        published_at=datetime.now(UTC),
        chunks=chunk_rows(document),
    )
    session.add(fresh)
    session.flush()
    return fresh


def chunk_rows(document: DocumentText) -> list[Chunk]:
    return [
        Chunk(
            ordinal=i,
            ref=c.ref,
            heading=c.heading,
            text=c.text,
            embed_text=c.embed_text,
            asked_text=c.asked_text,
            content_hash=content_hash(c.embed_text),
            details=c.details,
        )
        for i, c in enumerate(document.chunks)
    ]


def _renew(known: DocumentVersion, document: DocumentText, digest: str) -> None:
    """The same words with what else is said of them now."""
    is_longer = known.in_force_to and (document.in_force_to is None or document.in_force_to > known.in_force_to)
    if known.status is VersionStatus.withdrawn or is_longer:
        known.published_at = datetime.now(UTC)  # the index may have left it out
    known.status = VersionStatus.published
    known.ended_at = None
    known.in_force_from = document.in_force_from
    known.in_force_to = document.in_force_to
    known.flag = document.flag
    known.content = document.content
    known.content_hash = digest


def _same_statute(session: Session, document: DocumentText, key: date) -> DocumentVersion | None:
    """The version of a statute that has these very words.

    Only its period may differ, so what is indexed stays as it is.
    """
    held = select(DocumentVersion).where(
        DocumentVersion.document_id == document.id,
        DocumentVersion.promulgated_on == key,
        DocumentVersion.status.in_([VersionStatus.published, VersionStatus.withdrawn]),
    )
    words = [(c.ref, c.heading, c.text) for c in document.chunks]
    # published first
    for version in session.scalars(held.order_by(DocumentVersion.status, DocumentVersion.number.desc())):
        if words == [
            (ref, heading, text)
            for ref, heading, text in session.execute(
                select(Chunk.ref, Chunk.heading, Chunk.text)
                .where(Chunk.version_id == version.id)
                .order_by(Chunk.ordinal)
            )
        ]:
            return version
    return None


def is_imported(session: Session, name: str, digest: str) -> bool:
    row = session.get(ImportedSource, name)
    return row is not None and row.content_hash == digest


def remember(session: Session, name: str, digest: str) -> None:
    session.merge(ImportedSource(name=name, content_hash=digest))
