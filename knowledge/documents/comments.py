"""Comments and history of a version."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents.models import DocumentVersion, VersionComment, VersionEvent
from knowledge.documents.versions import Person, get
from knowledge.errors import ReasonNeeded, VersionNotFound


def comment(
    session: Session, version_id: int, *, by: Person, now: datetime, text: str, quote: str = ""
) -> VersionComment:
    """Raises ReasonNeeded for an empty text."""
    if not text.strip():
        raise ReasonNeeded("请写下意见或问题。")
    found = VersionComment(
        version_id=get(session, version_id).id,
        quote=quote.strip()[:500],
        text=text.strip()[:2000],
        staff_id=by.id,
        name=by.name,
        at=now,
    )
    session.add(found)
    session.flush()
    return found


def settle(session: Session, comment_id: int, *, by: Person, now: datetime) -> VersionComment:
    found = session.get(VersionComment, comment_id)
    if found is None:
        raise VersionNotFound("没有这条意见。")
    found.settled_at, found.settled_by = found.settled_at or now, found.settled_by or by.name
    return found


def history(session: Session, document_id: str) -> list[tuple[VersionEvent, int]]:
    """What happened to all versions of a document, latest first, each with its version's number."""
    rows = session.execute(
        select(VersionEvent, DocumentVersion.number)
        .join(DocumentVersion, VersionEvent.version_id == DocumentVersion.id)
        .where(DocumentVersion.document_id == document_id)
        .order_by(VersionEvent.id.desc())
    )
    return [(event, number) for event, number in rows]
