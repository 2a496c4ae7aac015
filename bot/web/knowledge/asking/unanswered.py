"""What residents asked and weren't answered, grouped by meaning: the list from which documents are written, and
whether they help.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import Select, Update, or_, select, update
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotFound
from actions.feedback import UnansweredQuestion
from bot.conversations import private
from bot.conversations.models import Message
from bot.rasa_client import RasaUnavailable
from bot.staff import rights
from bot.web.knowledge.asking.again import Now, Retold, Then, now, then
from bot.web.knowledge.asking.groups import Vectors, grouped, masked, proposed
from bot.web.knowledge.shelf import (
    KIND_NAMES,
    KnowledgeForm,
    KnowledgeSeat,
    address,
    find_version,
    own_places,
    person,
)
from bot.web.staff.desk import Form, Seat
from bot.web.staff.typed import words
from knowledge.documents import versions
from knowledge.documents.kinds.registry import EDITABLE, KINDS
from knowledge.documents.models import Document, DocumentVersion, Kind
from knowledge.documents.shape import questions
from knowledge.documents.sources.doors import doors_for
from knowledge.places import Level, Place, below
from knowledge.tables import changed

REASONS = {
    "abstained": "没把握，没答",
    "rated_down": "居民说没用",
    "down_other": "没用：说的不是这件事",
    "down_vague": "没用：没说清怎么办",
    "down_doubted": "没用：跟听说的不一样",
    "not_understood": "居民没看懂",
    "brushed_off": "当成闲话，没答",
    "wrong": "坐席说答错了",
}
_MOST, _MOST_DOCUMENTS = 600, 20
_MOST_ASKED_AGAIN = 12
_PAGE = 20  # groups
_UNTOUCHED = (UnansweredQuestion.document_id.is_(None), UnansweredQuestion.dismissed_at.is_(None))
_DEEDS = {"dismiss": "没答上的问题：不用写", "answered": "没答上的问题：已经答得上"}

router = APIRouter(prefix="/staff/knowledge/unanswered")


def _vectors(request: Request) -> Vectors:
    vectors: Vectors = request.app.state.vectors
    return vectors


def _retold(request: Request) -> Retold:
    retold: Retold = request.app.state.retold
    return retold


@router.get("", response_class=HTMLResponse)
def everything(at: KnowledgeSeat, vectors: Annotated[Vectors, Depends(_vectors)], page: int = 1) -> Response:
    latest = _open(at).order_by(UnansweredQuestion.id.desc()).limit(_MOST)
    rows = at.session.scalars(latest).all()
    groups = grouped(rows, vectors)
    pages = max(1, -(-len(groups) // _PAGE))
    page = max(1, min(page, pages))
    return at.page(
        "knowledge/unanswered/groups.html",
        groups=groups[(page - 1) * _PAGE : page * _PAGE],
        page=page,
        pages=pages,
        asked=len(rows),
        most=_MOST,
        written=_written(at),
        reasons=REASONS,
        kinds={k: KIND_NAMES[k] for k in EDITABLE},
        own_places=own_places(at),
        statuses=versions.STATUS_LABELS,
    )


@router.post("")
def act(at: KnowledgeForm) -> Response:
    asked = _open(at).where(UnansweredQuestion.id.in_(_ids(at))).order_by(UnansweredQuestion.id)
    rows, do = at.session.scalars(asked).all(), at.text("do", 10)
    if not rows:
        raise Conflict("这些刚刚有同事处理过了，请刷新看看。")
    if do in _DEEDS:
        _close(at, rows, what=_DEEDS[do])
        return at.back("/staff/knowledge/unanswered")
    if do == "draft":
        return at.back(address(_write(at, rows).id))
    raise NotFound


@dataclass(frozen=True)
class Wanted:
    """What is to be asked again: questions that this account sees, and the document that was written for them."""

    asked: tuple[Then, ...]
    document: str = ""
    title: str = ""


def _of_group(at: KnowledgeSeat, ids: str = "") -> Wanted:
    """Nothing of the database is held any more while Rasa is asked."""
    numbers = _numbers(words(ids, 400))
    rows = at.session.scalars(_seen(at).where(UnansweredQuestion.id.in_(numbers))).all()
    found = Wanted(tuple(then(at.session, rows)[:_MOST_ASKED_AGAIN]))
    at.session.rollback()
    return found


def _of_document(at: KnowledgeSeat, document: str = "") -> Wanted:
    mine = (UnansweredQuestion.document_id == words(document, 80), UnansweredQuestion.dismissed_at.is_(None))
    rows = at.session.scalars(_seen(at).where(*mine).order_by(UnansweredQuestion.id.desc()).limit(200)).all()
    held = at.session.get(Document, words(document, 80)) if rows else None
    asked = tuple(then(at.session, rows)[:_MOST_ASKED_AGAIN])
    found = Wanted(asked, held.id, held.title) if held else Wanted(asked)
    at.session.rollback()
    return found


@router.get("/now", response_class=HTMLResponse)
async def group_now(
    at: KnowledgeSeat,
    retold: Annotated[Retold, Depends(_retold)],
    wanted: Annotated[Wanted, Depends(_of_group)],
    ids: str = "",
) -> Response:
    """Of a group: what was said then, and what would be said now."""
    found = await _told(at, retold, wanted, is_fresh=False)
    return await run_in_threadpool(at.page, "knowledge/unanswered/now.html", found=found, reasons=REASONS, ids=ids)


@router.get("/again", response_class=HTMLResponse)
async def again(
    at: KnowledgeSeat,
    retold: Annotated[Retold, Depends(_retold)],
    wanted: Annotated[Wanted, Depends(_of_document)],
    fresh: bool = False,
) -> Response:
    """The questions of a document asked again; `fresh`: also those that were asked of this index before."""
    found = await _told(at, retold, wanted, is_fresh=fresh)
    is_part = bool(at.request.headers.get("hx-request"))
    page = "knowledge/unanswered/again.html" if is_part else "knowledge/unanswered/again_page.html"
    ids = ",".join(str(one.then.id) for one in found or ())
    return await run_in_threadpool(at.page, page, found=found, title=wanted.title, reasons=REASONS, ids=ids)


async def _told(at: Seat, retold: Retold, wanted: Wanted, *, is_fresh: bool) -> list[Now] | None:
    """None: nobody is there to be asked. Whoever has left the page is asked no more for: its questions would stand in
    the way of residents' own, a quarter of a thousand for each time it was opened.
    """
    found: list[Now] = []
    for one in wanted.asked:
        if await at.request.is_disconnected():
            return found
        try:
            told = await retold(at.tools, one.question, one.place, is_fresh=is_fresh)
        except RasaUnavailable:
            return None
        found.append(now(one, told, document=wanted.document))
    return found


@router.get("/near", response_class=HTMLResponse)
def near(at: KnowledgeSeat, vectors: Annotated[Vectors, Depends(_vectors)], version: str = "") -> Response:
    """Other ways of asking that residents used, for a draft: of questions that nobody has taken up."""
    held = find_version(at, version, to_change=True)
    asks = proposed([masked(r.question) for r in _within_reach(at, held.document.place_id)], asks_of(held), vectors)
    return at.page("knowledge/unanswered/near.html", asks=asks, version=held)


def asks_of(version: DocumentVersion) -> list[str]:
    """Title and ways of asking of a text, its clauses' among them."""
    found = [version.content.get("title") or "", *questions(version.content)]
    return list(dict.fromkeys(ask for ask in found if ask))


def take_up(at: Seat, version: DocumentVersion) -> None:
    """Questions that stand word for word among a draft's are being written about; committed with it."""
    asks = set(asks_of(version))
    same = [r for r in _within_reach(at, version.document.place_id) if masked(r.question) in asks]
    if same:
        at.session.execute(_taken(same).values(document_id=version.document_id))


def _numbers(given: str) -> list[int]:
    return [int(i) for i in given.split(",") if i.isascii() and i.isdigit() and len(i) <= 9][:_MOST]


def _ids(at: Form) -> list[int]:
    """Of one group, or of all that were ticked."""
    given = ",".join(value for value in at.sent.getlist("ids") if isinstance(value, str))
    return _numbers(given)


def _close(at: Form, rows: Sequence[UnansweredQuestion], *, what: str) -> None:
    at.session.execute(_taken(rows).values(dismissed_at=datetime.now(UTC)))
    at.record(what, detail=f"{len(rows)} 个")
    at.session.commit()


def _write(at: Form, rows: Sequence[UnansweredQuestion]) -> DocumentVersion:
    """A draft that holds the residents' wordings. Raises InvalidInput, Conflict."""
    kind, place = _chosen(at)
    asks = list(dict.fromkeys(masked(r.question) for r in rows))
    label = at.text("label", 200) or asks[0]
    version = versions.start_draft(
        at.session,
        by=person(at),
        now=datetime.now(UTC),
        content=_content(kind, label, asks, at.tools.topic(label)),
        in_force_from=at.tools.today(),
        reviewed_on=at.tools.today(),
        kind=kind,
        place_id=place,
    )
    # Another village's stay open for a text of its own; where the writer chose a place that serves none, all are meant.
    taken = _reached(at.session, rows, place) or rows
    if not changed(at.session, _taken(taken).values(document_id=version.document_id)):
        at.session.rollback()
        raise Conflict("这一组刚刚有同事开始写了，请刷新看看。")
    at.record("从没答上的问题写资料", version.document_id, detail=label)
    at.session.commit()
    return version


def _seen(at: Seat) -> Select[UnansweredQuestion]:
    """Asked at a place of this account, or without one: those are of no single village. What was said while an
    appointment was made is for the legal worker alone, also where we had no answer to it.
    """
    hidden = select(Message.id).where(Message.id == UnansweredQuestion.message_id, private.is_private())
    seen, asked = rights.places_of(at.session, at.staff), select(UnansweredQuestion).where(~hidden.exists())
    if seen is None:
        return asked
    mine, top = UnansweredQuestion.place_id.in_(seen), at.session.get(Place, at.staff.place_id)
    if top is None or top.level is Level.village:
        return asked.where(mine)
    return asked.where(or_(mine, UnansweredQuestion.place_id.is_(None)))


def _open(at: Seat) -> Select[UnansweredQuestion]:
    """Of those, the ones that nobody took up yet."""
    return _seen(at).where(*_UNTOUCHED)


def _within_reach(at: Seat, place: str) -> list[UnansweredQuestion]:
    """The latest that nobody took up and that a text of this place can answer: another village never hears it."""
    latest = at.session.scalars(_open(at).order_by(UnansweredQuestion.id.desc()).limit(_MOST)).all()
    return _reached(at.session, latest, place)


def _reached(session: Session, rows: Sequence[UnansweredQuestion], place: str) -> list[UnansweredQuestion]:
    """Those asked where a text of `place` is told, or nobody knows where."""
    if place == Level.nation:
        return list(rows)
    told_at = {None, *below(session, place)}
    return [r for r in rows if r.place_id in told_at]


def _taken(rows: Sequence[UnansweredQuestion]) -> Update:
    """Of two colleagues who press at the same time one is told."""
    taken = update(UnansweredQuestion).where(UnansweredQuestion.id.in_([r.id for r in rows]), *_UNTOUCHED)
    return taken.execution_options(synchronize_session=False)


def _written(at: Seat) -> list[tuple[Document, int]]:
    """Documents begun for questions, latest first, with how many of those."""
    begun = (
        _seen(at)
        .with_only_columns(UnansweredQuestion.document_id)
        .where(UnansweredQuestion.document_id.is_not(None), UnansweredQuestion.dismissed_at.is_(None))
        .order_by(UnansweredQuestion.id.desc())
        .limit(5000)
    )
    counts = Counter(at.session.scalars(begun))
    ids = list(counts)[:_MOST_DOCUMENTS]
    documents = {d.id: d for d in at.session.scalars(select(Document).where(Document.id.in_(ids)))}
    return [(documents[i], counts[i]) for i in ids if i in documents]


def _chosen(at: Form) -> tuple[Kind, str]:
    kind, place = at.text("kind", 20), at.text("place", 40)
    if kind not in set(EDITABLE):
        raise InvalidInput("请选写成哪一种资料。")
    if place not in own_places(at):
        raise InvalidInput("请选一个您负责的地方。")
    return Kind(kind), place


def _content(kind: Kind, label: str, asks: list[str], topic: str) -> dict[str, Any]:
    """An empty text of this kind that has the residents' wordings where it keeps its questions."""
    head = {"title": label.rstrip("？?。！!"), "topic": topic}
    field = KINDS[kind].parts
    if field is None:
        door = next(iter(doors_for(topic)), None) if kind is Kind.answer else None
        return {**head, "questions": asks, **({"door": door.name} if door else {})}
    return {**head, field.name: [{"number": "第一条", "topic": topic, "questions": asks}]}
