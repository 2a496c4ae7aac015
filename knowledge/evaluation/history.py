"""What the kept runs of golden questions say: how it stands, how it went, and since when a question is wrong."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from knowledge.documents.models import DocumentVersion
from knowledge.evaluation.models import GoldenResult, GoldenRun


@dataclass(frozen=True)
class Since:
    """The first run of those that failed without a pass in between, and the last one before it that passed."""

    run: GoldenRun
    found: list[list[Any]]  # [document, article, version number]
    before: GoldenRun | None
    found_before: list[list[Any]]


def _is_published() -> ColumnElement[bool]:
    """Runs over what residents were told then: not those with a draft that never went live, nor a gate's few
    questions.
    """
    went_live = exists().where(
        DocumentVersion.id == GoldenRun.version_id,
        DocumentVersion.published_at.is_not(None),
        DocumentVersion.published_at >= GoldenRun.at,
    )
    return and_(GoldenRun.reason != "gate", or_(GoldenRun.version_id.is_(None), went_live))


def latest(session: Session) -> dict[int, tuple[GoldenResult, GoldenRun]]:
    """By question, the last time it was asked of what was published."""
    last = (
        select(GoldenResult.question_id, func.max(GoldenResult.run_id).label("run_id"))
        .join(GoldenRun, GoldenRun.id == GoldenResult.run_id)
        .where(_is_published())
        .group_by(GoldenResult.question_id)
        .subquery()
    )
    rows = session.execute(
        select(GoldenResult, GoldenRun)
        .join(GoldenRun, GoldenRun.id == GoldenResult.run_id)
        .join(last, and_(last.c.question_id == GoldenResult.question_id, last.c.run_id == GoldenResult.run_id))
    )
    return {result.question_id: (result, run) for result, run in rows}


def runs(session: Session, *, most: int = 60) -> list[GoldenRun]:
    """Oldest first, the last `most`."""
    return list(session.scalars(select(GoldenRun).where(_is_published()).order_by(GoldenRun.id.desc()).limit(most)))[
        ::-1
    ]


def since(session: Session, question_id: int) -> Since | None:
    """None while the question passes or was never asked."""
    first: tuple[GoldenResult, GoldenRun] | None = None
    asked = (
        select(GoldenResult, GoldenRun)
        .join(GoldenRun, GoldenRun.id == GoldenResult.run_id)
        .where(GoldenResult.question_id == question_id, _is_published())
        .order_by(GoldenRun.id.desc())
    )
    for result, run in session.execute(asked):
        if result.passed:
            return Since(first[1], first[0].found, run, result.found) if first else None
        first = (result, run)
    return Since(first[1], first[0].found, None, []) if first else None
