"""Whether a text of ours may still be shown on a day, seen from the law it cites; asked for each answer, so it reads
little.

What a person has checked a text against is `CitationSeen`; a citation nobody looked at yet counts as checked on the day
the text was last reviewed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.clock import SHANGHAI
from knowledge.documents.models import Chunk, DocumentVersion, Kind
from knowledge.errors import CitationNotFound
from knowledge.law.book import Article, Book, Force, Statute
from knowledge.law.models import CitationSeen
from knowledge.search.passages import Passage
from knowledge.statutes.citations import Citation, read_citation, written_in

_DEAD = (Force.gone, Force.repealed)


@dataclass(frozen=True)
class Standing:
    """`is_dead`: not to be shown; `caution`: to be shown with this sentence."""

    is_dead: bool
    caution: str | None


def sound(session: Session, passages: Sequence[Passage], *, day: date) -> list[Passage]:
    """The passages that may be shown on the day, in their order; one whose law changed since it was checked carries
    a caution.
    """
    found = standing(session, passages, day=day)
    return [
        replace(p, caution=found[p.chunk_id].caution) if p.chunk_id in found else p
        for p in passages
        if p.chunk_id not in found or not found[p.chunk_id].is_dead
    ]


def standing(session: Session, passages: Sequence[Passage], *, day: date) -> dict[int, Standing]:
    """By chunk, for the passages of ours that cite a statute."""
    cited = {p.chunk_id: c for p in passages if p.kind is not Kind.statute and any(c := _cited(p))}
    if not cited:
        return {}
    book = Book().read(session, [c for listed, written in cited.values() for c in (*listed, *written)])
    versions = {
        chunk_id: (f"version:{version_id}", checked_on(reviewed, approved))
        for chunk_id, version_id, reviewed, approved in session.execute(
            select(Chunk.id, DocumentVersion.id, DocumentVersion.reviewed_on, DocumentVersion.approved_at)
            .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
            .where(Chunk.id.in_(cited))
        )
    }
    begins = {p.chunk_id: p.in_force_from for p in passages}
    seen = seen_by(session, [source for source, _ in versions.values()])
    return {
        chunk_id: _judge(book, *cited[chunk_id], seen=seen[source], reviewed=reviewed, begins=begins[chunk_id], day=day)
        for chunk_id, (source, reviewed) in versions.items()
    }


def _judge(
    book: Book,
    listed: list[Citation],
    written: list[Citation],
    *,
    seen: dict[tuple[str, str], dict[str, int | None]],
    reviewed: date | None,
    begins: date,
    day: date,
) -> Standing:
    def look(citation: Citation) -> tuple[Article | None, bool]:
        """The article on the day, and whether nobody has checked the text against that."""
        statute = book.statute(citation)
        if statute is None:
            return None, False
        now = book.on(statute, citation.ref, day)
        if now.force is Force.not_yet:
            return now, False
        accepted = set(seen.get((statute.id, citation.ref), {}))
        if not accepted and (first := first_checked(book, statute, citation.ref, reviewed or day, begins=begins)):
            accepted = {first.hash}
        return now, now.hash not in accepted

    def is_dead(article: Article | None, unchecked: bool) -> bool:
        return unchecked and article is not None and article.force in _DEAD

    looked = [look(c) for c in listed]
    named = [look(c) for c in written]
    if any(is_dead(*found) for found in named) or (looked and all(is_dead(*found) for found in looked)):
        return Standing(True, None)
    moved = next((article for article, unchecked in (*looked, *named) if article and unchecked), None)
    return Standing(
        False,
        f"依据的《{moved.statute.name}》{moved.ref}有变动，正在核对，请先以法律现行条文为准，拿不准先问 12348。"
        if moved
        else None,
    )


def _cited(passage: Passage) -> tuple[list[Citation], list[Citation]]:
    """The articles a passage rests on, and those that its words name."""
    conflict: dict[str, Any] = passage.details.get("conflict") or {}
    listed = []
    for text in [*(passage.details.get("basis") or []), *(conflict.get("articles") or [])]:
        try:
            listed.append(read_citation(text))
        except CitationNotFound:
            continue
    words = [passage.text, passage.details.get("answer"), passage.details.get("next"), conflict.get("says")]
    return listed, [citation for text in words if text for citation, _ in written_in(text)]


def checked_on(reviewed: date | None, approved_at: datetime | None) -> date | None:
    """The last day on which a person looked at the whole text, as far as is known: China's day, since laws begin at
    its midnight.
    """
    return max(
        (d for d in (reviewed, approved_at.astimezone(SHANGHAI).date() if approved_at else None) if d), default=None
    )


def first_checked(book: Book, statute: Statute, ref: str, day: date, *, begins: date | None = None) -> Article | None:
    """What a text was checked against when it was written by `day`: the article as of then, or the one announced;
    None for a dead one. A text that `begins` later was written for what was adopted by then and is in force on its
    first day.
    """
    if begins and begins > day and (period := statute.on(begins)) and period.adopted and period.adopted <= day:
        day = begins
    then = book.on(statute, ref, day)
    if then.force is Force.not_yet and then.period is not None:
        then = book.on(statute, ref, then.period.start)
    return then if then.force is Force.in_force else None


def seen_by(session: Session, sources: Iterable[str]) -> dict[str, dict[tuple[str, str], dict[str, int | None]]]:
    """By source, then statute and article: the wordings checked, earliest first, each with the statute's version."""
    found: dict[str, dict[tuple[str, str], dict[str, int | None]]] = defaultdict(lambda: defaultdict(dict))
    for row in session.scalars(
        select(CitationSeen).where(CitationSeen.source.in_(list(sources))).order_by(CitationSeen.checked_at)
    ):
        found[row.source][row.statute_id, row.ref][row.article_hash] = row.statute_version_id
    return found
