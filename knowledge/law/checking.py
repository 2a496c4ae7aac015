"""For the person who writes: is what I cite in force when my text is, and which article did I mean?"""

import difflib
import enum
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.errors import CitationNotFound
from knowledge.law.book import Book, Force, Period, Statute
from knowledge.normalise import normalise
from knowledge.search.searcher import Searcher
from knowledge.statutes.citations import Citation, arabic, read_citation, short_name, statute_id

_OPENING = 60


class CitationStatus(enum.StrEnum):
    ok = "ok"
    unreadable = "unreadable"
    unknown_law = "unknown_law"
    unknown_article = "unknown_article"
    not_yet = "not_yet"
    repealed = "repealed"
    changed = "changed"  # in force throughout, but with other words from a day on


@dataclass(frozen=True)
class CitationState:
    status: CitationStatus
    message_zh: str
    citation: str | None = None  # as our lists write it: 民法典 1042
    text: str | None = None  # the article, where there is one
    version_id: int | None = None
    on: date | None = None  # the day on which that begins

    @property
    def is_ok(self) -> bool:
        return self.status is CitationStatus.ok


@dataclass(frozen=True)
class Suggestion:
    citation: str
    law: str
    ref: str
    opening: str
    in_force_from: date
    in_force_to: date | None
    promulgated_on: date | None


def check_citation(session: Session, text: str, *, from_day: date, to_day: date | None) -> CitationState:
    """What is to be said of a citation in a text that holds from `from_day` to `to_day` (None: open)."""
    try:
        citation = read_citation(text)
    except CitationNotFound:
        return CitationState(
            CitationStatus.unreadable, "没认出是哪部法的哪一条，请写成“民法典 1042”或“《民法典》第一千零四十二条”。"
        )
    book = Book().read(session, [citation])
    statute = book.statute(citation)
    if statute is None:
        near = _near(session, citation)
        return CitationState(
            CitationStatus.unknown_law,
            f"库里没有《{citation.law[:30]}》。"
            + (f"您是不是想写《{near}》？" if near else "行政法规、司法解释、地方的规定不在库里，请自己核对。"),
        )
    written = f"{statute.name} {arabic(citation.ref)}"
    if all(book.text(p, citation.ref) is None for p in statute.periods):
        last = statute.on(from_day) or statute.periods[-1]
        count = session.scalar(select(func.count(func.distinct(Chunk.ref))).where(Chunk.version_id == last.version_id))
        return CitationState(
            CitationStatus.unknown_article, f"《{statute.name}》没有{citation.ref}，全文共 {count} 条。", written
        )
    status, message, on = _held_against(book, statute, citation, from_day, to_day)
    article = book.on(statute, citation.ref, from_day)
    text_then = book.text(article.period, citation.ref)
    version_id = article.period.version_id if article.period else None
    return CitationState(status, message, written, text_then, version_id, on)


def _held_against(
    book: Book, statute: Statute, citation: Citation, from_day: date, to_day: date | None
) -> tuple[CitationStatus, str, date | None]:
    """What is to be said of an article that there is or was, and the day from which on that is so."""
    named = f"《{statute.name}》{citation.ref}"
    article = book.on(statute, citation.ref, from_day)
    if article.force is Force.not_yet:
        message = f"{named}从 {article.since} 起才施行，这份资料从 {from_day} 起就要用。"
        return CitationStatus.not_yet, message, article.since
    if article.force is not Force.in_force or article.period is None:
        why = "已经失效" if article.force is Force.repealed else "在现行的版本里已经没有了"
        return CitationStatus.repealed, f"{named}{why}（{article.since} 起）。", article.since
    if citation.paragraph and citation.paragraph > (count := _paragraphs(article.text or "")):
        return CitationStatus.unknown_article, f"{named}只有 {count} 款。", None
    for day in sorted(d for d in statute.days_of_change() if d > from_day and (to_day is None or d <= to_day)):
        later = book.on(statute, citation.ref, day)
        if later.force is not Force.in_force:
            until = day - timedelta(days=1)
            return CitationStatus.repealed, f"{named}到 {until} 为止有效，{day} 起失效，这份资料那时还在用。", day
        if later.hash != article.hash:
            return CitationStatus.changed, f"{named}从 {day} 起换成新的条文，请看看这份资料到那时还对不对。", day
    return CitationStatus.ok, f"{named}，{_period(article.period)}。", None


def suggest_articles(session: Session, searcher: Searcher, words: str, *, day: date, k: int = 8) -> list[Suggestion]:
    """Articles in force on the day: the one named (`民法典 10`, also the start of a law's name), else those that
    say what the words say.
    """
    words = normalise(words)[:200].strip()
    if not words:
        return []
    law, _, number = words.rpartition(" ")
    if law and number.isascii() and number.isdigit() and len(number) <= 4:
        return _by_number(session, short_name(law.strip("《》 ")), number, day, k)
    try:
        citation = read_citation(words)
        if statute := Book().read(session, [citation]).statute(citation):
            return _by_number(session, statute.name, arabic(citation.ref), day, k)
    except CitationNotFound:
        pass
    found = searcher.search(session, words, day=day, kinds=[Kind.statute], k=k)
    return [
        _suggestion(p.title, p.ref, p.text, p.in_force_from, p.in_force_to, p.promulgated_on) for p in found if p.ref
    ]


def _by_number(session: Session, law: str, number: str, day: date, k: int) -> list[Suggestion]:
    """The article of that number of each law whose name begins so, the shortest name first; then those whose number
    begins so.
    """
    escaped = law.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    laws = (
        select(
            DocumentVersion.id,
            Document.title,
            DocumentVersion.in_force_from,
            DocumentVersion.in_force_to,
            DocumentVersion.promulgated_on,
        )
        .join(Document, DocumentVersion.document_id == Document.id)
        .where(
            Document.kind == Kind.statute,
            DocumentVersion.status == VersionStatus.published,
            DocumentVersion.in_force_from <= day,
        )
        .where((DocumentVersion.in_force_to.is_(None)) | (DocumentVersion.in_force_to >= day))
        .where(
            (Document.id == statute_id(law))
            | Document.title.like(f"{escaped}%", escape="\\")
            | Document.title.like(f"中华人民共和国{escaped}%", escape="\\")
        )
        .order_by(func.length(Document.title))
        .limit(k)
    )
    exact, longer = list[Suggestion](), list[Suggestion]()
    for version_id, title, start, end, adopted in session.execute(laws).all():
        for ref, text in session.execute(
            select(Chunk.ref, Chunk.text)
            .where(Chunk.version_id == version_id, Chunk.ref.is_not(None))
            .order_by(Chunk.ordinal)
        ):
            try:
                here = arabic(ref or "")
            except CitationNotFound:
                continue
            if here == number:
                exact.append(_suggestion(title, ref or "", text, start, end, adopted))
            elif here.startswith(number) and len(longer) < k:
                longer.append(_suggestion(title, ref or "", text, start, end, adopted))
    return [*exact, *longer][:k]


def _suggestion(title: str, ref: str, text: str, start: date, end: date | None, adopted: date | None) -> Suggestion:
    words = " ".join(text.split())
    return Suggestion(
        f"{short_name(title)} {arabic(ref)}",
        short_name(title),
        ref,
        words[:_OPENING] + ("……" if len(words) > _OPENING else ""),
        start,
        end,
        adopted,
    )


def _near(session: Session, citation: Citation) -> str | None:
    in_use = (
        select(Document.title)
        .join(DocumentVersion)
        .where(Document.kind == Kind.statute, DocumentVersion.status == VersionStatus.published)
    )
    names = {short_name(title) for title in session.scalars(in_use)} - set(citation.names)
    return next(iter(difflib.get_close_matches(citation.law[:40], sorted(names), 1, 0.6)), None)


def _paragraphs(text: str) -> int:
    """款: lines that aren't items of a list."""
    return sum(1 for line in text.split("\n") if line.strip() and not line.strip().startswith(("（", "(")))


def _period(period: Period) -> str:
    return f"{period.start} 起有效" + (f"，到 {period.end}" if period.end else "")
