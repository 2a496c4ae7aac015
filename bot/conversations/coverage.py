"""What residents ask, by what we hold."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation, Message, Sender
from knowledge.documents.models import BankQuestion, BankTarget, Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.topics import TOPICS

WITHOUT = "没分类"
ASKED_FOR = timedelta(days=90)
STALE_AFTER = timedelta(days=365)
_SHOWN_STALE, _SHOWN_PLACES = 50, 12
_IS_LIVE = and_(DocumentVersion.status == VersionStatus.published, Document.kind != Kind.statute)

Stale = tuple[str, str, Kind, str, date | None]  # document, title, kind, place, last reviewed
_Where = ColumnElement[bool]


@dataclass
class Cell:
    documents: int = 0
    stale: int = 0
    questions: int = 0
    asked: int = 0
    answered: int = 0
    reviewed_on: date | None = None  # the latest

    @property
    def share(self) -> int | None:
        """Percent; None where nobody asked."""
        return round(100 * self.answered / self.asked) if self.asked else None

    def add(self, other: "Cell") -> None:
        for name in ("documents", "stale", "questions", "asked", "answered"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reviewed_on = max((d for d in (self.reviewed_on, other.reviewed_on) if d), default=None)


_Counted = tuple[str | None, str | None, Cell]  # topic, place


@dataclass
class Coverage:
    topics: dict[str, Cell]
    places: dict[str, Cell]  # by id, those asked from most or with most documents; "" stands for no place told
    grid: dict[str, list[Cell]]  # topic: a cell for each of `places`
    stale: list[Stale] = field(default_factory=list)
    stale_count: int = 0


def coverage(
    session: Session,
    *,
    documents_of: Collection[str] | None,
    asked_at: Collection[str] | None,
    place: str | None,
    now: datetime,
    today: date,
) -> Coverage:
    """`documents_of`, `asked_at`: places whose documents and residents' questions count; None: all. `place`: this one
    alone.

    A rating of 没用 counts as not answered. Four grouped queries, whatever the number of documents.
    """
    here: list[_Where] = [] if documents_of is None else [Document.place_id.in_(documents_of)]
    if place:
        here.append(Document.place_id == place)
    is_stale = or_(DocumentVersion.reviewed_on.is_(None), DocumentVersion.reviewed_on < today - STALE_AFTER)
    cells: dict[tuple[str, str], Cell] = defaultdict(Cell)
    for topic, at, cell in chain(
        _held(session, here, is_stale), _banked(session, here), _asked(session, asked_at, place, since=now - ASKED_FOR)
    ):
        cells[topic or WITHOUT, at or ""].add(cell)
    return _arranged(cells, _stale(session, here, is_stale))


def _held(session: Session, here: Sequence[_Where], is_stale: _Where) -> Iterator[_Counted]:
    """What is published, statutes apart."""
    found = (
        select(
            Document.topic,
            Document.place_id,
            func.count(Document.id.distinct()),
            func.sum(case((is_stale, 1), else_=0)),
            func.max(DocumentVersion.reviewed_on),
        )
        .join(Document, DocumentVersion.document_id == Document.id)
        .where(_IS_LIVE, *here)
        .group_by(Document.topic, Document.place_id)
    )
    for topic, at, documents, stale, reviewed_on in session.execute(found):
        yield topic, at, Cell(documents=documents, stale=int(stale or 0), reviewed_on=reviewed_on)


def _banked(session: Session, here: Sequence[_Where]) -> Iterator[_Counted]:
    """The questions that documents answer."""
    found = (
        select(BankQuestion.topic, Document.place_id, func.count(BankQuestion.id.distinct()))
        .join(BankTarget, BankTarget.question_id == BankQuestion.id)
        .join(Document, BankTarget.document_id == Document.id)
        .where(*here)
        .group_by(BankQuestion.topic, Document.place_id)
    )
    for topic, at, questions in session.execute(found):
        yield topic, at, Cell(questions=questions)


def _asked(
    session: Session, asked_at: Collection[str] | None, place: str | None, *, since: datetime
) -> Iterator[_Counted]:
    said = func.coalesce(Message.body["topic"].as_string(), Conversation.topic, WITHOUT)
    helped = case((and_(Message.kind == "answer", or_(Message.rating.is_(None), Message.rating != "down")), 1), else_=0)
    found = (
        select(said.label("matter"), Conversation.place_id, func.count(), func.sum(helped))
        .join(Conversation, Message.conversation_id == Conversation.id)
        .where(Message.sender == Sender.bot, Message.kind.in_(("answer", "abstention")), Message.created_at >= since)
        .group_by("matter", Conversation.place_id)
    )
    if asked_at is not None:
        found = found.where(or_(Conversation.place_id.in_(asked_at), Conversation.place_id.is_(None)))
    if place:
        found = found.where(Conversation.place_id == place)
    for topic, at, count, answered in session.execute(found):
        yield topic, at, Cell(asked=count, answered=int(answered or 0))


def _stale(session: Session, here: Sequence[_Where], is_stale: _Where) -> list[Stale]:
    found = (
        select(Document.id, Document.title, Document.kind, Document.place_id, DocumentVersion.reviewed_on)
        .join(Document, DocumentVersion.document_id == Document.id)
        .where(_IS_LIVE, is_stale, *here)
        .order_by(DocumentVersion.reviewed_on.is_not(None), DocumentVersion.reviewed_on, Document.id)
        .limit(_SHOWN_STALE)
    )
    return [(r[0], r[1], r[2], r[3], r[4]) for r in session.execute(found)]


def _arranged(cells: dict[tuple[str, str], Cell], stale: list[Stale]) -> Coverage:
    topics: dict[str, Cell] = {t: Cell() for t in TOPICS}
    places: dict[str, Cell] = defaultdict(Cell)
    for (topic, at), cell in cells.items():
        topics.setdefault(topic, Cell()).add(cell)
        places[at].add(cell)
    top = sorted(places, key=lambda p: (-places[p].asked, -places[p].documents, p))[:_SHOWN_PLACES]
    grid = {t: [cells.get((t, p), Cell()) for p in top] for t in topics}
    return Coverage(topics, {p: places[p] for p in top}, grid, stale, sum(c.stale for c in topics.values()))
