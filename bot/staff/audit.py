"""Who did what."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.storable import storable
from bot.staff.models import AuditEntry, Staff

_SEEN_ONCE_IN = timedelta(minutes=10)


def record_sight(session: Session, staff: Staff, what: str, subject: str) -> None:
    """That somebody looked at what residents said; once in ten minutes, however many parts of a page were asked for.
    The caller commits.
    """
    known = select(AuditEntry.id).where(
        AuditEntry.staff_id == staff.id,
        AuditEntry.what == what,
        AuditEntry.subject == subject,
        AuditEntry.at > datetime.now(UTC) - _SEEN_ONCE_IN,
    )
    if session.scalar(known.limit(1)) is None:
        record(session, staff, what, subject)


def record(session: Session, staff: Staff | None, what: str, subject: str = "", detail: str = "") -> None:
    """A line of the audit log; the caller commits, with what it records."""
    session.add(
        AuditEntry(
            at=datetime.now(UTC),
            staff_id=staff.id if staff else None,
            name=staff.name if staff else "系统",
            what=storable(what, 80),
            subject=storable(subject, 80),
            detail=storable(detail, 2000),
        )
    )
