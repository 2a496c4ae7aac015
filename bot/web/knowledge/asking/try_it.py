"""Ask as a resident: the real turn, of which nothing is kept, and why it went as it did."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from actions.dialogue.hearing.matters import split_matters
from actions.errors import InvalidInput
from actions.replies import Reply, ReplyKind
from bot.rasa_client import RasaUnavailable
from bot.rehearsing import Rehearsed, Supposed
from bot.web.knowledge.asking.why import Why, why
from bot.web.knowledge.shelf import KnowledgeForm, KnowledgeSeat, readable
from bot.web.staff.desk import Form, Seat
from knowledge.documents import versions
from knowledge.documents.kinds.registry import EDITABLE, KINDS
from knowledge.documents.models import Document, DocumentVersion, Kind
from knowledge.normalise import normalise
from knowledge.places import Place
from knowledge.search.searcher import Explained

_MOST = 300  # characters: what the widget's questions are cut to as well
_MOST_DRAFTS = 100
_MOST_WEIGHED = 10

router = APIRouter(prefix="/staff/knowledge/try")


@dataclass(frozen=True)
class Weighed:
    """What the search found for the whole message, or for one matter of it."""

    question: str
    shown: tuple[Explained, ...]
    hidden: tuple[Explained, ...]


@dataclass(frozen=True)
class Tried:
    """What a resident would be told; nothing of it is kept. `is_danger`: people would be called at once."""

    question: str
    place: str | None
    day: date
    version: DocumentVersion | None
    replies: tuple[Reply, ...]
    why: Why
    weighed: tuple[Weighed, ...]

    @property
    def is_danger(self) -> bool:
        return self.replies[0].kind is ReplyKind.emergency


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


@dataclass(frozen=True)
class Wish:
    """The form, checked."""

    asked: Asked
    text: str  # normalised
    place: str | None
    supposed: Supposed


@router.get("", response_class=HTMLResponse)
def start(at: KnowledgeSeat, version: str = "", q: str = "") -> Response:
    is_number = version.isascii() and version.isdigit() and len(version) <= 9
    return _page(at, Asked(text=q[:_MOST], version=int(version) if is_number else None))


def _wish(at: KnowledgeForm) -> Wish | str:
    """What is wrong with the form, in words; nothing of the database is held any more while Rasa is asked."""
    try:
        return _read(at, Asked.read(at))
    except InvalidInput as error:
        return error.message_zh
    finally:
        at.session.rollback()


@router.post("", response_class=HTMLResponse)
async def ask(at: KnowledgeForm, wish: Annotated[Wish | str, Depends(_wish)]) -> Response:
    if isinstance(wish, str):
        return await run_in_threadpool(_page, at, Asked.read(at), problem=wish)
    try:
        rehearsed = await at.tools.rehearse(wish.text, wish.place, wish.supposed)
    except RasaUnavailable:
        return await run_in_threadpool(_page, at, wish.asked, problem=AWAY)
    return await run_in_threadpool(_answered, at, wish, rehearsed)


AWAY = "对话助手这会儿没有应答，所以试不了；居民这会儿问，也要等它。过一分钟再试。"


def _read(at: Form, asked: Asked) -> Wish:
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
    shown = replace(asked, day=day.isoformat())
    return Wish(shown, text, place, Supposed(day, version.id if version else None))


def _answered(at: Form, wish: Wish, rehearsed: Rehearsed) -> HTMLResponse:
    version = _draft(at, wish.asked.version)
    parts = dict.fromkeys([wish.text, *split_matters(wish.text)])
    weighed = tuple(weigh(at, part[:_MOST], place=wish.place, supposed=wish.supposed) for part in parts)
    number = version.id if version else None
    reasons = why(rehearsed, weighed[0].shown, weighed[0].hidden, version=number)
    day = wish.supposed.day
    return _page(
        at,
        wish.asked,
        tried=Tried(wish.asked.text, wish.place, day, version, rehearsed.replies, reasons, weighed),
    )


def weigh(at: Seat, question: str, *, place: str | None, supposed: Supposed) -> Weighed:
    searcher = at.tools.supposing(supposed)
    found = searcher.explain(at.session, question, day=supposed.day, place=place, k=_MOST_WEIGHED)
    return Weighed(question, tuple(e for e in found if e.is_shown), tuple(e for e in found if not e.is_shown))


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
        editable=EDITABLE,
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
