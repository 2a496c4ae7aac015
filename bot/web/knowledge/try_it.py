"""Ask as a resident."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from actions.dialogue.frame.answering import UNSURE_FROM
from actions.dialogue.frame.base import ASKS
from actions.dialogue.question import split_matters
from actions.errors import InvalidInput
from bot.emergency import recognising
from bot.emergency.guidance import Emergency
from bot.rasa_client import RasaUnavailable
from bot.web.knowledge.shelf import KnowledgeForm, KnowledgeSeat, readable
from bot.web.staff.desk import Form, Seat, Tools
from knowledge.answering.compose import ANSWER_FROM, answer
from knowledge.answering.told import Abstention, Answer
from knowledge.documents import versions
from knowledge.documents.kinds.registry import KINDS
from knowledge.documents.models import Document, DocumentVersion, Kind
from knowledge.normalise import normalise
from knowledge.places import Place
from knowledge.search import building
from knowledge.search.passages import Draft
from knowledge.search.searcher import Explained

_MOST = 300  # characters: what the widget's questions are cut to as well
_MOST_DRAFTS = 100

router = APIRouter(prefix="/staff/knowledge/try")


@dataclass(frozen=True)
class Matter:
    question: str
    answer: Answer | None
    abstention: Abstention | None
    shown: tuple[Explained, ...]
    hidden: tuple[Explained, ...]


@dataclass(frozen=True)
class Tried:
    """What a resident would be told; nothing of it is kept."""

    question: str
    place: str | None
    day: date
    version: DocumentVersion | None
    danger: Emergency | None
    matters: tuple[Matter, ...]
    is_guessed: bool  # the dialogue part didn't say what is meant


@dataclass(frozen=True)
class Asked:
    """The form as it was filled in."""

    text: str = ""
    place: str = ""
    day: str = ""
    version: int | None = None

    @classmethod
    def read(cls, at: Form) -> "Asked":
        return cls(at.text("q", 2000), at.text("place", 40), at.text("day", 10), at.number("version"))


def _released(at: KnowledgeForm) -> Form:
    """Checked, and nothing of the database held any more while Rasa is asked."""
    at.session.rollback()
    return at


@router.get("", response_class=HTMLResponse)
def start(at: KnowledgeSeat, version: str = "") -> Response:
    is_number = version.isascii() and version.isdigit() and len(version) <= 9
    return _page(at, Asked(version=int(version) if is_number else None))


@router.post("", response_class=HTMLResponse)
async def ask(at: Annotated[Form, Depends(_released)]) -> Response:
    asked = Asked.read(at)
    return await run_in_threadpool(_answered, at, asked, await _intent(at.tools, asked.text))


async def _intent(tools: Tools, text: str) -> str:
    """As the dialogue part understands it; empty where there is nothing to understand, or nobody who does."""
    text = normalise(text)
    if not text:
        return ""
    try:
        return await tools.intent(text)
    except RasaUnavailable:
        return ""


def _answered(at: Form, asked: Asked, intent: str) -> HTMLResponse:
    try:
        tried = _try(at, asked, intent)
    except InvalidInput as error:
        return _page(at, asked, problem=error.message_zh)
    return _page(at, replace(asked, day=tried.day.isoformat()), tried=tried)


def _page(at: Seat, asked: Asked, *, problem: str | None = None, tried: Tried | None = None) -> HTMLResponse:
    is_part = bool(at.request.headers.get("hx-request"))
    return at.page(
        "knowledge/try/result.html" if is_part else "knowledge/try/page.html",
        status=422 if problem and not is_part else 200,
        problem=problem,
        tried=tried,
        chosen=_draft(at, asked.version),
        try_drafts=[] if is_part else _drafts(at),
        asked=asked.text,
        place=asked.place,
        day=asked.day or at.tools.today().isoformat(),
        statuses=versions.STATUS_LABELS,
        kinds={kind: spec.label for kind, spec in KINDS.items()},
        statute=Kind.statute,
        answer_from=ANSWER_FROM,
    )


def _drafts(at: Seat) -> list[DocumentVersion]:
    """What is in work and may be tried, latest first."""
    asked = (
        select(DocumentVersion)
        .join(Document)
        .where(DocumentVersion.status.in_(versions.OPEN))
        .order_by(DocumentVersion.id.desc())
        .limit(_MOST_DRAFTS)
    )
    seen = readable(at)
    return list(at.session.scalars(asked if seen is None else asked.where(Document.place_id.in_(seen))))


def _draft(at: Seat, number: int | None) -> DocumentVersion | None:
    """The version with this number, if it is in work and this account reads it; else what is published is tried."""
    found = at.session.get(DocumentVersion, number) if number is not None else None
    if found is None or found.status not in versions.OPEN:
        return None
    seen = readable(at)
    return found if seen is None or found.document.place_id in seen else None


def _try(at: Seat, asked: Asked, intent: str) -> Tried:
    """Raises InvalidInput."""
    text, place = normalise(asked.text), asked.place or None
    if not text:
        raise InvalidInput("请写一句居民会问的话。")
    if place and at.session.get(Place, place) is None:
        raise InvalidInput("没有这个地方。")
    try:
        day = date.fromisoformat(asked.day) if asked.day else at.tools.today()
    except ValueError:
        raise InvalidInput("日期请填成 2026-11-25 这样。") from None
    version = _draft(at, asked.version)
    draft = building.draft_overlay(at.session, version, embedder=at.tools.searcher.embedder) if version else None
    questions = [question[:_MOST] for question in split_matters(text)]
    matters = tuple(_matter(at, q, place=place, day=day, draft=draft, intent=intent) for q in questions)
    return Tried(asked.text, place, day, version, recognising.recognise(asked.text), matters, not intent)


def _matter(at: Seat, question: str, *, place: str | None, day: date, draft: Draft | None, intent: str) -> Matter:
    """The answer as the dialogue's actions give it, and what the search weighed."""
    is_sure, searcher = intent in ASKS or not intent, at.tools.searcher
    found = answer(
        at.session,
        searcher,
        question,
        day=day,
        place=place,
        intent=intent if intent in ASKS else "ask_law",
        threshold=ANSWER_FROM if is_sure else UNSURE_FROM,
        draft=draft,
    )
    weighed = searcher.explain(at.session, question, day=day, place=place, k=10, draft=draft)
    return Matter(
        question,
        found if isinstance(found, Answer) else None,
        found if isinstance(found, Abstention) else None,
        tuple(e for e in weighed if e.is_shown),
        tuple(e for e in weighed if not e.is_shown),
    )
