"""What is missing where: what we hold of each topic and place, and what residents asked of it."""

from datetime import UTC, datetime

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from bot.conversations.coverage import coverage
from bot.staff import rights
from bot.web.knowledge.shelf import KIND_NAMES, KnowledgeSeat, readable
from bot.web.staff.typed import words
from knowledge.places import Place

router = APIRouter(prefix="/staff/knowledge/coverage")


@router.get("", response_class=HTMLResponse)
def covered(at: KnowledgeSeat, place: str = "") -> Response:
    place = words(place, 40)
    chosen = place if at.session.get(Place, place) is not None else None
    found = coverage(
        at.session,
        documents_of=readable(at),
        asked_at=rights.places_of(at.session, at.staff),
        place=chosen,
        now=datetime.now(UTC),
        today=at.tools.today(),
    )
    return at.page("knowledge/coverage.html", found=found, place=chosen or "", kinds=KIND_NAMES)
