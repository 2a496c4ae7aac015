"""Whether residents see a version yet, and what they hear when they ask for it; looked at while it is going on."""

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select

from actions.feedback import UnansweredQuestion
from bot.rasa_client import RasaUnavailable
from bot.rehearsing.supposed import Supposed
from bot.web.knowledge.shelf import KnowledgeSeat, find_version, state
from knowledge.documents.models import Kind, VersionStatus
from knowledge.documents.shape import questions

_JUST_NOW_S = 120  # looked at later, it would tell how long ago it was, not how long it took
_NATION = "nation"

router = APIRouter(prefix="/staff/knowledge/versions")


@router.get("/{version_id}/state", response_class=HTMLResponse)
def look(at: KnowledgeSeat, version_id: str) -> Response:
    version, today = find_version(at, version_id), at.tools.today()
    is_out = version.status is VersionStatus.published
    is_indexed = is_out and (version.document.kind is Kind.statute or at.tools.is_indexed(version))
    is_due = version.status is VersionStatus.approved and version.publish_on is not None and version.publish_on <= today
    ends = version.in_force_to
    is_in_force = version.in_force_from <= today and (ends is None or ends >= today)
    past = (datetime.now(UTC) - version.published_at).total_seconds() if is_out and version.published_at else 0.0
    return at.page(
        "knowledge/documents/state.html",
        version=version,
        is_live=is_indexed and is_in_force,
        held=version.held,
        is_going=(is_out and not is_indexed) or (is_due and version.held is None),
        words=state(at.tools, version),
        took_s=round(past) if past < _JUST_NOW_S else None,
        asked=_asked(at, version.document_id) if is_indexed else 0,
    )


def _asked(at: KnowledgeSeat, document_id: str) -> int:
    """How many times residents asked in vain for what this document was written for."""
    asked = select(func.count()).select_from(UnansweredQuestion)
    mine = (UnansweredQuestion.document_id == document_id, UnansweredQuestion.dismissed_at.is_(None))
    return at.session.scalar(asked.where(*mine)) or 0


@dataclass(frozen=True)
class Asking:
    """The first way of asking for a document, where it holds."""

    ask: str
    place: str | None
    document: str


def _asking(at: KnowledgeSeat, version_id: str) -> Asking:
    """Nothing of the database is held any more while Rasa is asked."""
    version = find_version(at, version_id)
    asks, place = questions(version.content), version.document.place_id
    found = Asking(asks[0] if asks else "", None if place == _NATION else place, version.document_id)
    at.session.rollback()
    return found


@router.get("/{version_id}/heard", response_class=HTMLResponse)
async def heard(at: KnowledgeSeat, asking: Annotated[Asking, Depends(_asking)]) -> Response:
    """The real turn for the first of its questions."""
    said = None
    if asking.ask:
        with contextlib.suppress(RasaUnavailable):
            said = (await at.tools.rehearse(asking.ask, asking.place, Supposed(at.tools.today()))).replies
    is_own = any(c.document == asking.document for reply in said or () for c in reply.citations)
    return await run_in_threadpool(
        at.page,
        "knowledge/documents/heard.html",
        said=said if asking.ask else (),
        ask=asking.ask,
        is_own=is_own,
    )
