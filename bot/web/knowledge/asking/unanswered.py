"""What residents asked and weren't answered, grouped by meaning: the list from which documents are written, and
whether they help.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from threading import Lock
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import Select, Update, or_, select, update
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotFound
from actions.feedback import UnansweredQuestion
from bot.staff import rights
from bot.web.knowledge.shelf import KIND_NAMES, KnowledgeForm, KnowledgeSeat, address, own_places, person
from bot.web.staff.desk import Form, Seat
from bot.web.staff.typed import words
from knowledge.anonymity.detector import mask
from knowledge.answering.compose import answer
from knowledge.answering.told import Answer, Citation
from knowledge.documents import versions
from knowledge.documents.kinds.registry import EDITABLE, KINDS
from knowledge.documents.models import Document, DocumentVersion, Kind
from knowledge.encoder.embedding import Embedder
from knowledge.search.searcher import Searcher
from knowledge.tables import changed

REASONS = {
    "abstained": "没把握，没答",
    "rated_down": "居民说没用",
    "not_understood": "居民没看懂",
    "wrong": "坐席说答错了",
}
_MOST, _MOST_ASKED_AGAIN, _MOST_DOCUMENTS = 600, 12, 20
_PAGE = 20  # groups
# Cosine of query vectors. Of 208 questions of our corpus over 60 sources, pairs that have one answer had a median of
# .60, other pairs .11 (99th percentile .53); passage vectors hardly tell them apart (.93 and .90).
_NEAR = 0.6
_AT_ONCE = 32  # residents wait for the same encoder
_REMEMBERED = 5_000
_UNTOUCHED = (UnansweredQuestion.document_id.is_(None), UnansweredQuestion.dismissed_at.is_(None))

router = APIRouter(prefix="/staff/knowledge/unanswered")


@dataclass(frozen=True)
class Group:
    label: str
    rows: tuple[UnansweredQuestion, ...]
    asks: tuple[tuple[str, int], ...]  # masked, how often, most often first
    places: tuple[tuple[str | None, int], ...]
    reasons: tuple[tuple[str, int], ...]

    @property
    def ids(self) -> str:
        return ",".join(str(r.id) for r in self.rows)


@dataclass(frozen=True)
class Again:
    ask: str
    place: str | None
    by: str | None  # title of what answers it now; None: nothing is sure enough
    is_own: bool  # the document that was written for it


class Vectors:
    """Of masked questions, in memory alone: what a resident said is gone with the conversation."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, np.ndarray] = {}
        self._turn = Lock()  # one page forgets nothing that another is about to read

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        with self._turn:
            missing = [t for t in dict.fromkeys(texts) if t not in self._known]
            if len(self._known) + len(missing) > _REMEMBERED:
                self._known.clear()
                missing = list(dict.fromkeys(texts))
            for at in range(0, len(missing), _AT_ONCE):
                some = missing[at : at + _AT_ONCE]
                self._known |= dict(zip(some, self._embedder.encode_queries(some), strict=True))
            return np.stack([self._known[t] for t in texts])


_Key = tuple[str, str | None]


class Answers:
    """What today's index answers to a question at a place, in memory until the index or the day is another.

    A search costs a quarter of a second and a page may hold two hundred of them; one runs at a time, for residents wait
    for the same encoder.
    """

    def __init__(self) -> None:
        self._known: dict[_Key, tuple[Citation, ...]] = {}
        self._of: tuple[object, ...] = ()
        self._turn = Lock()

    def __call__(
        self, session: Session, searcher: Searcher, asked: _Key, *, day: date, is_fresh: bool
    ) -> tuple[Citation, ...]:
        """What it cites; nothing where it is not sure enough."""
        live = searcher.live()
        with self._turn:
            if self._of != (live.id, live.delta_mark, day) or len(self._known) > _REMEMBERED:
                self._known.clear()
                self._of = (live.id, live.delta_mark, day)
            if is_fresh or asked not in self._known:
                question, place = asked
                now = answer(session, searcher, question, day=day, place=place)
                self._known[asked] = tuple(now.citations) if isinstance(now, Answer) else ()
            return self._known[asked]


def _vectors(request: Request) -> Vectors:
    vectors: Vectors = request.app.state.vectors
    return vectors


def _answers(request: Request) -> Answers:
    answers: Answers = request.app.state.answers
    return answers


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
        raise Conflict("这一组刚刚有同事处理过了，请刷新看看。")
    if do == "dismiss":
        _dismiss(at, rows)
        return at.back("/staff/knowledge/unanswered")
    if do == "draft":
        return at.back(address(_write(at, rows).id))
    raise NotFound


@router.get("/again", response_class=HTMLResponse)
def again(
    at: KnowledgeSeat, answers: Annotated[Answers, Depends(_answers)], document: str = "", fresh: bool = False
) -> Response:
    """The same questions asked of today's index; `fresh`: also those that were asked of it before."""
    document = words(document, 80)
    of_document = _seen(at).where(UnansweredQuestion.document_id == document, UnansweredQuestion.dismissed_at.is_(None))
    rows = at.session.scalars(of_document.order_by(UnansweredQuestion.id.desc()).limit(200)).all()
    is_part = bool(at.request.headers.get("hx-request"))
    return at.page(
        "knowledge/unanswered/again.html" if is_part else "knowledge/unanswered/again_page.html",
        found=asked_again(
            rows,
            document,
            lambda asked: answers(at.session, at.tools.searcher, asked, day=at.tools.today(), is_fresh=fresh),
        ),
        document=at.session.get(Document, document) if rows else None,
    )


def _ids(at: Form) -> list[int]:
    given = at.text("ids", 8000).split(",")
    return [int(i) for i in given if i.isascii() and i.isdigit() and len(i) <= 9][:_MOST]


def _dismiss(at: Form, rows: Sequence[UnansweredQuestion]) -> None:
    at.session.execute(_taken(rows).values(dismissed_at=datetime.now(UTC)))
    at.record("没答上的问题：不用写", detail=f"{len(rows)} 个")
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
        kind=kind,
        place_id=place,
    )
    if not changed(at.session, _taken(rows).values(document_id=version.document_id)):
        at.session.rollback()
        raise Conflict("这一组刚刚有同事开始写了，请刷新看看。")
    at.record("从没答上的问题写资料", version.document_id, detail=label)
    at.session.commit()
    return version


def masked(text: str) -> str:
    return " ".join(mask(text).split())[:300]


def grouped(rows: Sequence[UnansweredQuestion], vectors: Callable[[Sequence[str]], np.ndarray]) -> list[Group]:
    """By meaning, most wanted first. Each row joins the group whose middle is nearest, if that is near enough."""
    texts = [masked(r.question) or "（空）" for r in rows]
    counts = Counter(texts)
    distinct = list(counts)
    if not distinct:
        return []
    found = vectors(distinct)
    members: list[list[int]] = []
    middles = np.zeros((0, found.shape[1]), np.float32)
    for i in sorted(range(len(distinct)), key=lambda i: -counts[distinct[i]]):
        near = middles @ found[i]
        if len(near) and float(near.max()) >= _NEAR:
            at = int(near.argmax())
            members[at].append(i)
            middle = found[members[at]].mean(axis=0)
            middles[at] = middle / np.linalg.norm(middle)
        else:
            members.append([i])
            middles = np.vstack([middles, found[i]])
    groups = []
    for some, middle in zip(members, middles, strict=True):
        asks = {distinct[i] for i in some}
        held = tuple(r for r, t in zip(rows, texts, strict=True) if t in asks)
        label = distinct[max(some, key=lambda i: (counts[distinct[i]], float(found[i] @ middle)))]
        often = tuple(sorted(((distinct[i], counts[distinct[i]]) for i in some), key=lambda a: -a[1]))
        groups.append(
            Group(
                label[:60],
                held,
                often,
                tuple(Counter(r.place_id for r in held).most_common(4)),
                tuple(Counter(r.reason for r in held).most_common()),
            )
        )
    return sorted(groups, key=lambda g: (-len(g.rows), -max(r.id for r in g.rows)))


def asked_again(
    rows: Sequence[UnansweredQuestion], document: str, cited_for: Callable[[_Key], Sequence[Citation]]
) -> list[Again]:
    found = []
    for question, place in list(dict.fromkeys((r.question, r.place_id) for r in rows))[:_MOST_ASKED_AGAIN]:
        cited = cited_for((question, place))
        by = next((c for c in cited if c.document == document), cited[0] if cited else None)
        found.append(
            Again(masked(question), place, by.title if by else None, by is not None and by.document == document)
        )
    return found


def _seen(at: Seat) -> Select[UnansweredQuestion]:
    """Asked at a place of this account, or without one."""
    seen, asked = rights.places_of(at.session, at.staff), select(UnansweredQuestion)
    if seen is None:
        return asked
    return asked.where(or_(UnansweredQuestion.place_id.in_(seen), UnansweredQuestion.place_id.is_(None)))


def _open(at: Seat) -> Select[UnansweredQuestion]:
    """Of those, the ones that nobody took up yet."""
    return _seen(at).where(*_UNTOUCHED)


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
        return {**head, "questions": asks}
    return {**head, field.name: [{"number": "第一条", "topic": topic, "questions": asks}]}
