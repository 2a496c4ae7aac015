"""What residents ask, by what we hold."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from bot.conversations.models import Conversation, Message, Sender
from knowledge.documents.models import BankQuestion, BankTarget, Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.topics import TOPICS

WITHOUT = "没分类"
ASKED_FOR = timedelta(days=90)
STALE_AFTER = timedelta(days=365)
_SHOWN_STALE, _SHOWN_PLACES, _SHOWN_THIN = 50, 12, 12
_KINDS = {
    "answers": (Kind.answer,),
    "guides": (Kind.service_guide,),
    "stories": (Kind.case_story,),
}
_MATTER = func.coalesce(Message.body["topic"].as_string(), Conversation.topic, WITHOUT)
_HELPED = and_(Message.kind == "answer", or_(Message.rating.is_(None), Message.rating != "down"))
_IS_LIVE = and_(DocumentVersion.status == VersionStatus.published, Document.kind != Kind.statute)

Stale = tuple[str, str, Kind, str, date | None]  # document, title, kind, place, last reviewed
_Where = ColumnElement[bool]


@dataclass
class Cell:
    """`documents`: all that is published, among them `answers`, `guides` and `stories`. `abstained`:
    nothing was told, or a few questions were offered to choose from.
    """

    documents: int = 0
    answers: int = 0
    guides: int = 0
    stories: int = 0
    stale: int = 0
    questions: int = 0
    asked: int = 0
    answered: int = 0
    abstained: int = 0
    reviewed_on: date | None = None  # the latest

    @property
    def missed(self) -> int:
        """Abstained, or rated 没用."""
        return self.asked - self.answered

    @property
    def share(self) -> int | None:
        """Percent; None where nobody asked."""
        return round(100 * self.answered / self.asked) if self.asked else None

    def add(self, other: "Cell") -> None:
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reviewed_on = max((d for d in (self.reviewed_on, other.reviewed_on) if d), default=None)


_COUNTS = ("documents", "answers", "guides", "stories", "stale", "questions", "asked", "answered", "abstained")
_Counted = tuple[str | None, str | None, Cell]  # topic, place


@dataclass(frozen=True)
class Thin:
    """Where people ask and hear nothing; `place`: "" stands for no place told."""

    topic: str
    place: str
    cell: Cell


@dataclass
class Coverage:
    thin: list[Thin]  # most missed first
    topics: dict[str, Cell]  # likewise
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

    A rating of 没用 counts as not answered; what is missed most comes first. Four grouped queries, whatever the number
    of documents.
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
            Document.kind,
            func.count(Document.id.distinct()),
            func.sum(case((is_stale, 1), else_=0)),
            func.max(DocumentVersion.reviewed_on),
        )
        .join(Document, DocumentVersion.document_id == Document.id)
        .where(_IS_LIVE, *here)
        .group_by(Document.topic, Document.place_id, Document.kind)
    )
    for topic, at, kind, documents, stale, reviewed_on in session.execute(found):
        of_kind = {name: documents for name, kinds in _KINDS.items() if kind in kinds}
        yield topic, at, Cell(documents=documents, stale=int(stale or 0), reviewed_on=reviewed_on, **of_kind)


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
    found = (
        select(
            _MATTER.label("matter"),
            Conversation.place_id,
            func.count(),
            func.sum(case((_HELPED, 1), else_=0)),
            func.sum(case((Message.kind != "answer", 1), else_=0)),
        )
        .join(Conversation, Message.conversation_id == Conversation.id)
        .where(*_asked_since(since, asked_at))
        .group_by("matter", Conversation.place_id)
    )
    if place:
        found = found.where(Conversation.place_id == place)
    for topic, at, count, answered, abstained in session.execute(found):
        yield topic, at, Cell(asked=count, answered=int(answered or 0), abstained=int(abstained or 0))


def _asked_since(since: datetime, asked_at: Collection[str] | None) -> list[_Where]:
    """Our words to a question: an answer, an abstention, or a few questions to choose from, which have a topic, too."""
    is_choice = and_(Message.kind == "asking", Message.body["topic"].as_string().is_not(None))
    is_said = or_(Message.kind.in_(("answer", "abstention")), is_choice)
    conditions: list[_Where] = [Message.sender == Sender.bot, is_said, Message.created_at >= since]
    if asked_at is not None:
        conditions.append(or_(Conversation.place_id.in_(asked_at), Conversation.place_id.is_(None)))
    return conditions


@dataclass(frozen=True)
class AskedOne:
    """A question of a resident, and what became of it."""

    text: str
    place: str | None
    at: datetime
    kind: str
    rating: str | None


def asked(
    session: Session,
    *,
    topic: str | None,
    place: str | None,
    is_missed: bool,
    asked_at: Collection[str] | None,
    now: datetime,
    most: int,
) -> list[AskedOne]:
    """The questions behind a figure, latest first. `topic`, `place`: None for all, "" for where none was told;
    `is_missed`: those alone that weren't answered.
    """
    told = aliased(Message)
    found = (
        select(told.text, Conversation.place_id, told.created_at, Message.kind, Message.rating)
        .join(Conversation, Message.conversation_id == Conversation.id)
        .join(told, Message.in_reply_to == told.id)
        .where(*_asked_since(now - ASKED_FOR, asked_at))
        .order_by(Message.id.desc())
        .limit(most)
    )
    if topic is not None:
        found = found.where(_MATTER.in_((topic or WITHOUT,)))
    if place is not None:
        found = found.where(Conversation.place_id == place if place else Conversation.place_id.is_(None))
    if is_missed:
        found = found.where(~_HELPED)
    return [AskedOne(*row) for row in session.execute(found)]


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
    topics = dict(sorted(topics.items(), key=lambda held: (-held[1].missed, held[1].documents)))
    missed = sorted(((k, c) for k, c in cells.items() if c.missed), key=lambda held: (-held[1].missed, held[0]))
    thin = [Thin(topic, at, cell) for (topic, at), cell in missed[:_SHOWN_THIN]]
    top = sorted(places, key=lambda p: (-places[p].missed, -places[p].asked, -places[p].documents, p))[:_SHOWN_PLACES]
    grid = {t: [cells.get((t, p), Cell()) for p in top] for t in topics}
    return Coverage(thin, topics, {p: places[p] for p in top}, grid, stale, sum(c.stale for c in topics.values()))
