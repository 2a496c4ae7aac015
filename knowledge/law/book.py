"""The statutes as the database has them: what a cited article says on a day, and whether it is in force then."""

import enum
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from knowledge.clock import SHANGHAI
from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.statutes.citations import Citation, short_name, statute_id

T = TypeVar("T")
_AT_ONCE = 5000  # SQLite takes 32766 values in a statement


class Force(enum.StrEnum):
    in_force = "in_force"
    not_yet = "not_yet"
    gone = "gone"  # the law is in force, this article isn't in it
    repealed = "repealed"


@dataclass(frozen=True)
class Period:
    """One version of a statute and when it is in force; `end` is its last day."""

    version_id: int
    start: date
    end: date | None
    adopted: date | None = None

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True)
class Statute:
    id: str
    name: str  # short
    periods: tuple[Period, ...]  # earliest first

    def on(self, day: date) -> Period | None:
        return next((p for p in self.periods if p.covers(day)), None)

    def days_of_change(self) -> set[date]:
        return {p.start for p in self.periods} | {p.end + timedelta(days=1) for p in self.periods if p.end}


@dataclass(frozen=True)
class Article:
    """What a citation finds on a day. Without a text, `period` is the version that had or will have the article."""

    statute: Statute
    ref: str
    force: Force
    period: Period | None
    text: str | None

    @property
    def hash(self) -> str:
        return text_hash(self.text)

    @property
    def since(self) -> date | None:
        """The day from which it is so, for what isn't in force: the end of the law, or the start of the version
        without the article.
        """
        if self.force is Force.in_force or self.force is Force.not_yet:
            return self.period.start if self.period else None
        return self.period.end + timedelta(days=1) if self.period and self.period.end else None


@lru_cache(maxsize=16_384)  # a statute's articles, which many texts cite
def text_hash(text: str | None) -> str:
    """Of the wording alone: "" where there is none, the same however the lines are broken."""
    return hashlib.sha256(re.sub(r"\s+", "", text).encode()).hexdigest() if text else ""


@dataclass
class Book:
    """The statutes and articles that some citations name. Filled by `read`; two reads, whatever their number."""

    statutes: dict[str, Statute] = field(default_factory=dict)
    _texts: dict[tuple[int, str], str] = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)
    _asked: set[tuple[int, str]] = field(default_factory=set)

    def read(self, session: Session, citations: Iterable[Citation]) -> "Book":
        citations = list(citations)
        names = {n for c in citations for n in c.names}
        wanted = {statute_id(n) for n in names} - self.statutes.keys() - self._unknown
        for part in _slices(sorted(wanted)):
            self.statutes |= _statutes(session, part)
        self._unknown |= wanted - self.statutes.keys()
        cited = {
            (p.version_id, c.ref) for c in citations if (statute := self.statute(c)) for p in statute.periods
        } - self._asked
        # SQLite reads the whole table for a list of pairs, but looks up the index for two lists; what comes too much is
        # small.
        for refs in _slices(sorted({ref for _, ref in cited})):
            for version_id, ref, text in session.execute(
                _ARTICLES, {"versions": list({v for v, _ in cited}), "refs": refs}
            ):
                self._texts.setdefault((version_id, ref or ""), text)
        self._asked |= cited
        return self

    def statute(self, citation: Citation) -> Statute | None:
        return next((self.statutes[i] for i in map(statute_id, citation.names) if i in self.statutes), None)

    def text(self, period: Period | None, ref: str) -> str | None:
        return self._texts.get((period.version_id, ref)) if period else None

    def on(self, statute: Statute, ref: str, day: date) -> Article:
        """The article as of a day. One that no version has counts as gone."""
        now = statute.on(day)
        if (text := self.text(now, ref)) is not None:
            return Article(statute, ref, Force.in_force, now, text)
        having = [p for p in statute.periods if self.text(p, ref) is not None]
        before = [p for p in having if p.start <= day]
        after = [p for p in having if p.start > day]
        if now is None and not before and statute.periods and statute.periods[0].start > day:
            return Article(statute, ref, Force.not_yet, (after or list(statute.periods))[0], None)
        if not before and after:
            return Article(statute, ref, Force.not_yet, after[0], None)
        last = before[-1] if before else None
        if now is None and last is None:
            last = max((p for p in statute.periods if p.start <= day), key=lambda p: p.start, default=None)
        return Article(statute, ref, Force.gone if now else Force.repealed, last, None)


_ARTICLES = select(Chunk.version_id, Chunk.ref, Chunk.text).where(
    Chunk.version_id.in_(bindparam("versions", expanding=True)), Chunk.ref.in_(bindparam("refs", expanding=True))
)
_STATUTES = (
    select(
        Document.id,
        Document.title,
        DocumentVersion.id,
        DocumentVersion.in_force_from,
        DocumentVersion.in_force_to,
        DocumentVersion.promulgated_on,
        DocumentVersion.status,
        DocumentVersion.ended_at,
    )
    .join(DocumentVersion, DocumentVersion.document_id == Document.id)
    .where(Document.id.in_(bindparam("ids", expanding=True)), Document.kind == Kind.statute)
    .where(DocumentVersion.status.in_([VersionStatus.published, VersionStatus.withdrawn]))
    .order_by(DocumentVersion.in_force_from, DocumentVersion.id)
)


def _statutes(session: Session, ids: list[str]) -> dict[str, Statute]:
    rows = session.execute(_STATUTES, {"ids": ids})
    titles: dict[str, str] = {}
    periods: dict[str, list[Period]] = {}
    for document_id, title, version_id, start, end, adopted, status, ended_at in rows:
        titles[document_id] = title
        if status is VersionStatus.withdrawn:
            end = _day_before(ended_at, start)
        periods.setdefault(document_id, []).append(Period(version_id, start, end, adopted))
    return {i: Statute(i, short_name(titles[i]), tuple(found)) for i, found in periods.items()}


def _day_before(ended_at: datetime | None, start: date) -> date:
    """The last day of a law that people marked as repealed without saying since when: it counts from their word on."""
    told = ended_at.astimezone(SHANGHAI).date() if ended_at else start
    return max(told, start) - timedelta(days=1)


def _slices(values: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
