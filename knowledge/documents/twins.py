"""Texts that residents already read about the same thing: two of them would be told, one contradicting the other."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents.models import Document, DocumentVersion, Kind, VersionStatus


def twins(session: Session, kind: Kind, *, title: str, place: str, but: str = "") -> Sequence[Document]:
    """Published documents of this kind and place under the same title; of village rules any: a village has one.

    `place`: "" for any; `but`: the document itself.
    """
    published = select(DocumentVersion.document_id).where(DocumentVersion.status == VersionStatus.published)
    found = select(Document).where(Document.kind == kind, Document.id != but, Document.id.in_(published))
    if place:
        found = found.where(Document.place_id == place)
    if kind is not Kind.village_rule or not place:
        found = found.where(Document.title == title)
    return session.scalars(found.order_by(Document.id).limit(5)).all()
