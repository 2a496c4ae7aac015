"""What a step changes in a case, so that it can be taken back: each column as it was and as it became."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from actions.cases.models import Case
from actions.cases.status import CaseStatus
from knowledge.tables import changed

_MOMENTS = (
    "due_at",
    "paused_at",
    "clock_started_at",
    "warned_at",
    "escalated_at",
    "answered_at",
    "closed_at",
)
_PLAIN = ("team_id", "assignee_id", "merged_into_id", "looked_back", "times_reopened", "due_is_confirmed")

State = dict[str, Any]  # as JSON holds it: status as a word, moments as ISO 8601


def of(case: Case) -> State:
    moments = {name: _written(getattr(case, name)) for name in _MOMENTS}
    return {"status": case.status.value, **moments, **{name: getattr(case, name) for name in _PLAIN}}


def difference(before: State, case: Case) -> dict[str, list[Any]]:
    """By column: as it was, and as it is now; columns that are the same are left out."""
    now = of(case)
    return {name: [was, now[name]] for name, was in before.items() if was != now[name]}


def restore(session: Session, case: Case, step: dict[str, list[Any]]) -> bool:
    """The case as it was before the step. False, and nothing is changed, where it isn't any more as the step left it.

    The caller commits.
    """
    session.refresh(case)
    now = of(case)
    if any(now[name] != became for name, (_, became) in step.items()):
        return False
    was = {name: _read(name, value) for name, (value, _) in step.items()}
    # As in `moves.move`: the status is the lock, also against a resident who acts at this moment.
    if not changed(session, update(Case).where(Case.id == case.id, Case.status == case.status).values(**was)):
        return False
    session.refresh(case)
    return True


def status_before(step: dict[str, list[Any]] | None) -> CaseStatus | None:
    """None where the step left the status as it was."""
    return CaseStatus(step["status"][0]) if step and "status" in step else None


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _read(name: str, value: Any) -> Any:
    if name == "status":
        return CaseStatus(value)
    return datetime.fromisoformat(value) if name in _MOMENTS and value else value
