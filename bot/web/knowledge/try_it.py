"""Ask as a resident."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.dialogue.base import ASKS
from actions.dialogue.question import split_matters
from actions.errors import InvalidInput
from bot.conversations.coverage import coverage
from bot.emergency import recognising
from bot.emergency.guidance import Emergency
from bot.rasa_client import RasaUnavailable
from bot.staff import rights
from bot.web.knowledge.shelf import KIND_NAMES, readable
from bot.web.staff.desk import Desk, Who, int_of, text_of, words
from knowledge.answering.compose import ANSWER_FROM, Abstention, Answer, answer
from knowledge.documents import versions
from knowledge.documents.kinds.registry import KINDS
from knowledge.documents.models import Document, DocumentVersion, Kind
from knowledge.normalise import normalise
from knowledge.places import Place
from knowledge.search import building as index_building
from knowledge.search.passages import Draft
from knowledge.search.searcher import Explained, Searcher

_UNSURE_FROM = 0.75  # as actions/dialogue/question.py asks of a message whose intent isn't clear
_MOST = 300  # characters: what the widget's questions are cut to as well


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


def router(
    desk: Desk, searcher: Searcher, *, today: Callable[[], date], intent: Callable[[str], Awaitable[str]]
) -> APIRouter:
    """`intent`: of a message, by the dialogue part; may raise RasaUnavailable."""
    api = APIRouter(prefix="/staff/knowledge")

    def page(
        request: Request,
        session: Session,
        who: Who,
        *,
        problem: str | None = None,
        tried: Tried | None = None,
        chosen: DocumentVersion | None = None,
        asked: str = "",
        place: str = "",
        day: str = "",
    ) -> HTMLResponse:
        is_part = bool(request.headers.get("hx-request"))
        template, status = (
            ("knowledge/try/result.html", 200) if is_part else ("knowledge/try/page.html", 422 if problem else 200)
        )
        drafts = [] if is_part else _drafts(session, who)
        return desk.page(
            request,
            template,
            session,
            who,
            status=status,
            problem=problem,
            tried=tried,
            chosen=chosen,
            try_drafts=drafts,
            asked=asked,
            place=place,
            day=day or today().isoformat(),
            statuses=versions.STATUS_LABELS,
            kinds={kind: spec.label for kind, spec in KINDS.items()},
            statute=Kind.statute,
            answer_from=ANSWER_FROM,
        )

    @api.get("/try", response_class=HTMLResponse)
    async def start(request: Request, version: str = "") -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "knowledge")
            return page(
                request,
                session,
                who,
                chosen=_draft(
                    session,
                    who,
                    int(version) if version.isascii() and version.isdigit() and len(version) <= 9 else None,
                ),
            )

    @api.post("/try", response_class=HTMLResponse)
    async def ask(request: Request) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge")
            asked, place, day_said = text_of(sent, "q", 2000), text_of(sent, "place", 40), text_of(sent, "day", 10)
            version = _draft(session, who, int_of(sent, "version"))
            try:
                if not normalise(asked):
                    raise InvalidInput("请写一句居民会问的话。")
                if place and session.get(Place, place) is None:
                    raise InvalidInput("没有这个地方。")
                try:
                    day = date.fromisoformat(day_said) if day_said else today()
                except ValueError:
                    raise InvalidInput("日期请填成 2026-11-25 这样。") from None
                tried = await _try(
                    session, searcher, asked, place=place or None, day=day, version=version, intent=intent
                )
            except InvalidInput as error:
                return page(
                    request,
                    session,
                    who,
                    problem=error.message_zh,
                    chosen=version,
                    asked=asked,
                    place=place,
                    day=day_said,
                )
            return page(
                request, session, who, tried=tried, chosen=version, asked=asked, place=place, day=day.isoformat()
            )

    @api.get("/coverage", response_class=HTMLResponse)
    async def covered(request: Request, place: str = "") -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "knowledge")
            place = words(place, 40)
            chosen = place if session.get(Place, place) is not None else None
            found = await run_in_threadpool(
                coverage,
                session,
                documents_of=readable(session, who.staff),
                asked_at=rights.places_of(session, who.staff),
                place=chosen,
                now=datetime.now(UTC),
                today=today(),
            )
            return desk.page(
                request, "knowledge/coverage.html", session, who, found=found, place=chosen or "", kinds=KIND_NAMES
            )

    return api


def _drafts(session: Session, who: Who) -> list[DocumentVersion]:
    """What is in work and may be tried, latest first."""
    asked = (
        select(DocumentVersion)
        .join(Document)
        .where(DocumentVersion.status.in_(versions.OPEN))
        .order_by(DocumentVersion.id.desc())
        .limit(100)
    )
    seen = readable(session, who.staff)
    return list(session.scalars(asked if seen is None else asked.where(Document.place_id.in_(seen))))


def _draft(session: Session, who: Who, number: int | None) -> DocumentVersion | None:
    """The version with this number, if it is in work and this account reads it; else what is published is tried."""
    found = session.get(DocumentVersion, number) if number is not None else None
    seen = readable(session, who.staff)
    return (
        found
        if found is not None and found.status in versions.OPEN and (seen is None or found.document.place_id in seen)
        else None
    )


async def _try(
    session: Session,
    searcher: Searcher,
    asked: str,
    *,
    place: str | None,
    day: date,
    version: DocumentVersion | None,
    intent: Callable[[str], Awaitable[str]],
) -> Tried:
    danger, text = recognising.recognise(asked), normalise(asked)
    try:
        meant = await intent(text)
    except RasaUnavailable:
        meant = ""

    def look() -> tuple[Matter, ...]:
        draft = index_building.draft_overlay(session, version, embedder=searcher.embedder) if version else None
        return tuple(
            _matter(session, searcher, q[:_MOST], place=place, day=day, draft=draft, intent=meant)
            for q in split_matters(text)
        )

    return Tried(asked, place, day, version, danger, await run_in_threadpool(look), not meant)


def _matter(
    session: Session,
    searcher: Searcher,
    question: str,
    *,
    place: str | None,
    day: date,
    draft: Draft | None,
    intent: str,
) -> Matter:
    """The answer as the dialogue's actions give it, and what the search weighed."""
    is_sure = intent in ASKS or not intent
    found = answer(
        session,
        searcher,
        question,
        day=day,
        place=place,
        intent=intent if intent in ASKS else "ask_law",
        threshold=ANSWER_FROM if is_sure else _UNSURE_FROM,
        draft=draft,
    )
    weighed = searcher.explain(session, question, day=day, place=place, k=10, draft=draft)
    return Matter(
        question,
        found if isinstance(found, Answer) else None,
        found if isinstance(found, Abstention) else None,
        tuple(e for e in weighed if e.is_shown),
        tuple(e for e in weighed if not e.is_shown),
    )
