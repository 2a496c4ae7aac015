"""Corrections of statute data that two people made, as `importing/statutes.py` takes them."""

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.law.models import CorrectionState, StatuteCorrection


def confirmed_fixes(session: Session, *, law: str | None = None) -> dict[tuple[str, str], dict[str, Any]]:
    """By full name and day of adoption; a later correction of the same field comes after an earlier one."""
    found: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    asked = select(StatuteCorrection.law, StatuteCorrection.version_date, StatuteCorrection.fix).where(
        StatuteCorrection.state == CorrectionState.confirmed
    )
    if law is not None:
        asked = asked.where(StatuteCorrection.law == law)
    for name, adopted, fix in session.execute(asked.order_by(StatuteCorrection.decided_at, StatuteCorrection.id)):
        found[name, adopted.isoformat()] |= typed(fix)
    return dict(found)


def typed(fix: dict[str, Any]) -> dict[str, Any]:
    """Dates as dates. They were checked when the correction was proposed."""
    return {name: date.fromisoformat(value) if isinstance(value, str) else value for name, value in fix.items()}
