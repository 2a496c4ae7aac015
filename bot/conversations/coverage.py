"""What residents ask, by what we hold."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation, Message, Sender
from knowledge.documents.models import BankQuestion, BankTarget, Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.topics import TOPICS

WITHOUT = "没分类"
ASKED_FOR = timedelta(days=90)
STALE_AFTER = timedelta(days=365)
_SHOWN_STALE, _SHOWN_PLACES = 50, 12


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


@dataclass
class Coverage:
    topics: dict[str, Cell]
    places: dict[str, Cell]  # by id, those asked from most or with most documents; "" stands for no place told
    grid: dict[str, list[Cell]]  # topic: a cell for each of `places`
    # document, title, kind, place, last reviewed
    stale: list[tuple[str, str, Kind, str, date | None]] = field(default_factory=list)
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
    cells: dict[tuple[str, str], Cell] = defaultdict(Cell)
    is_stale = or_(DocumentVersion.reviewed_on.is_(None), DocumentVersion.reviewed_on < today - STALE_AFTER)
    live = and_(DocumentVersion.status == VersionStatus.published, Document.kind != Kind.statute)
    here = [] if documents_of is None else [Document.place_id.in_(documents_of)]
    here += [Document.place_id == place] if place else []
    held = select(
        Document.topic,
        Document.place_id,
        func.count(Document.id.distinct()),
        func.sum(case((is_stale, 1), else_=0)),
        func.max(DocumentVersion.reviewed_on),
    ).join(Document, DocumentVersion.document_id == Document.id)
    for topic, at, documents, stale, reviewed_on in session.execute(
        held.where(live, *here).group_by(Document.topic, Document.place_id)
    ):
        cells[topic or WITHOUT, at].add(Cell(documents=documents, stale=int(stale or 0), reviewed_on=reviewed_on))
    bank = (
        select(BankQuestion.topic, Document.place_id, func.count(BankQuestion.id.distinct()))
        .join(BankTarget, BankTarget.question_id == BankQuestion.id)
        .join(Document, BankTarget.document_id == Document.id)
    )
    for topic, at, questions in session.execute(bank.where(*here).group_by(BankQuestion.topic, Document.place_id)):
        cells[topic or WITHOUT, at].add(Cell(questions=questions))
    said = func.coalesce(Message.body["topic"].as_string(), Conversation.topic, WITHOUT)
    helped = case((and_(Message.kind == "answer", or_(Message.rating.is_(None), Message.rating != "down")), 1), else_=0)
    asked = select(said.label("matter"), Conversation.place_id, func.count(), func.sum(helped)).join(
        Conversation, Message.conversation_id == Conversation.id
    )
    asked = asked.where(
        Message.sender == Sender.bot, Message.kind.in_(("answer", "abstention")), Message.created_at >= now - ASKED_FOR
    )
    if asked_at is not None:
        asked = asked.where(or_(Conversation.place_id.in_(asked_at), Conversation.place_id.is_(None)))
    if place:
        asked = asked.where(Conversation.place_id == place)
    for topic, at, count, answered in session.execute(asked.group_by("matter", Conversation.place_id)):
        cells[topic, at or ""].add(Cell(asked=count, answered=int(answered or 0)))
    listed = (
        select(Document.id, Document.title, Document.kind, Document.place_id, DocumentVersion.reviewed_on)
        .join(Document, DocumentVersion.document_id == Document.id)
        .where(live, is_stale, *here)
    )
    stale_rows = session.execute(
        listed.order_by(DocumentVersion.reviewed_on.is_not(None), DocumentVersion.reviewed_on, Document.id).limit(
            _SHOWN_STALE
        )
    ).all()
    return _arranged(cells, [(r[0], r[1], r[2], r[3], r[4]) for r in stale_rows])


def _arranged(cells: dict[tuple[str, str], Cell], stale: list[tuple[str, str, Kind, str, date | None]]) -> Coverage:
    topics: dict[str, Cell] = {t: Cell() for t in TOPICS}
    places: dict[str, Cell] = defaultdict(Cell)
    for (topic, at), cell in cells.items():
        topics.setdefault(topic, Cell()).add(cell)
        places[at].add(cell)
    top = sorted(places, key=lambda p: (-places[p].asked, -places[p].documents, p))[:_SHOWN_PLACES]
    grid = {t: [cells.get((t, p), Cell()) for p in top] for t in topics}
    return Coverage(topics, {p: places[p] for p in top}, grid, stale, sum(c.stale for c in topics.values()))
