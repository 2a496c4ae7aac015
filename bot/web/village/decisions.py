"""决定: what the village decided, how far each decision has come, and how people themselves have a meeting called."""

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from actions.decisions import bodies, calling, listing, words
from actions.decisions.matters import matter_of
from actions.decisions.models import Decision
from actions.decisions.status import LABELS, State, Step
from actions.roster.profile import profile_of
from actions.rulings.rulings import rulings
from actions.topics import listing as topics
from actions.topics.models import Topic
from actions.topics.status import PUBLIC
from bot.web.village.page import At
from bot.web.village.tab import Tab, Teaser

router = APIRouter(prefix="/v/{place}", default_response_class=HTMLResponse)
_PATH = "decisions"
_NEWEST, _MOST, _LINES = 3, 200, 130


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    return [
        Teaser(f"{d.title}", f"/v/{place}/{_PATH}/{d.slug}", LABELS[d.state])
        for d in listing.latest(session, place, _NEWEST)
    ]


@router.get("/decisions")
def show(at: At) -> HTMLResponse:
    found = listing.latest(at.session, at.village.id, _MOST)
    return at.page(
        "decisions/list.html",
        here=_PATH,
        decisions=[(d, bodies.body_of(d.body).name, words.next_of(d)) for d in found],
        labels=LABELS,
        day=words.says_day,
    )


@router.get("/decisions/{number}")
def one(at: At, number: str) -> HTMLResponse:
    """`number`: 26-014, as the page's address is read out."""
    decision = listing.by_slug(at.session, at.village.id, number)
    ended = next((s for s in reversed(decision.steps) if s.step in (Step.suspend, Step.annul)), None)
    return at.page(
        "decisions/one.html",
        here=_PATH,
        decision=decision,
        labels=LABELS,
        body=bodies.body_of(decision.body),
        matter=matter_of(decision.matter),
        lines=words.lines(at.session, decision),
        next=words.next_of(decision),
        undoing=words.undoing(decision),
        topic=_asked_before(at, decision),
        stopped=ended if decision.state in (State.suspended, State.annulled) else None,
        corrections=[s for s in decision.steps if s.step is Step.correct and s.confirmed_at is not None],
        day=words.says_day,
    )


def _asked_before(at: At, decision: Decision) -> Topic | None:
    """The topic that its source names, where everybody may read it."""
    found = topics.by_number(at.session, at.village.id, decision.source)
    return found if found is not None and found.state in PUBLIC else None


@router.get("/call")
def call(at: At) -> HTMLResponse:
    """How many signatures it takes, and the sheet to sign, to be printed from the browser."""
    profile = profile_of(at.session, at.village.id)
    held = rulings(at.session)
    askings = calling.askings(profile, held)
    least = next((way.least for way in askings[0].ways if way.least), 0)
    return at.page(
        "decisions/call.html",
        here=_PATH,
        told=calling.how_to_call(profile, held),
        askings=askings,
        rows=min(max(least + 5, 30), _LINES),
    )


TAB = Tab("决定", _PATH, newest, router)
