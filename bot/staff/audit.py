"""Who did what."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from actions.storable import storable
from bot.staff.models import AuditEntry, Staff


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
