"""项目: how far what the village builds has come, what it cost, what changed."""

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from actions.decisions.models import Decision
from actions.projects import reading
from actions.projects.stages import SUM_SAID
from bot.web.village.page import At
from bot.web.village.tab import Tab, Teaser

router = APIRouter(prefix="/v/{place}/projects", default_response_class=HTMLResponse)
_NEWEST = 3


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    found = reading.public(session, place, _NEWEST)
    return [Teaser(p.title, f"/v/{place}/projects/{p.slug}", reading.stands(p)) for p in found]


@router.get("")
def show(at: At) -> HTMLResponse:
    found = reading.public(at.session, at.village.id)
    projects = [(p, reading.stands(p), reading.next_of(p)) for p in found]
    return at.page("projects/list.html", here="projects", projects=projects)


@router.get("/{number}")
def one(at: At, number: str) -> HTMLResponse:
    """`number`: 26-003, as the page's address is read out."""
    project = reading.by_slug(at.session, at.village.id, number)
    decision = at.session.get(Decision, project.decision_id) if project.decision_id else None
    return at.page(
        "projects/one.html",
        here="projects",
        project=project,
        decision=decision,
        lines=reading.lines(project),
        stands=reading.stands(project),
        next=reading.next_of(project),
        warnings=reading.warnings(project),
        sums=SUM_SAID,
    )


TAB = Tab("项目", "projects", newest, router)
