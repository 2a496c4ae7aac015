"""Whether a text of ours may still be shown on a day, seen from the law it cites; asked for each answer, so it reads
little.

What a person has checked a text against is `CitationSeen`; a citation nobody looked at yet counts as checked on the day
the text was last reviewed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from knowledge.clock import SHANGHAI
from knowledge.documents.models import Chunk, DocumentVersion, Kind
from knowledge.errors import CitationNotFound
from knowledge.law.book import Article, Book, Force, Statute
from knowledge.law.models import CitationSeen
from knowledge.search.passages import Passage
from knowledge.search.references import Aim, References
from knowledge.statutes.citations import Citation, arabic, read_citation, written_in


@dataclass(frozen=True)
class Standing:
    """`is_dead`: not to be shown; `caution`: to be shown with this sentence. `moved`: citations that name another
    article on the day, as listed -> what to cite instead, nothing where nobody has said where it went.
    """

    is_dead: bool
    caution: str | None
    moved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def sound(session: Session, passages: Sequence[Passage], *, day: date) -> list[Passage]:
    """The passages that may be shown on the day, in their order; one whose law changed since it was checked carries
    a caution, and cites the articles as they are numbered now.
    """
    found = standing(session, passages, day=day)
    return [
        _as_on(p, found[p.chunk_id]) if p.chunk_id in found else p
        for p in passages
        if p.chunk_id not in found or not found[p.chunk_id].is_dead
    ]


def _as_on(passage: Passage, found: Standing) -> Passage:
    if not found.moved:
        return replace(passage, caution=found.caution)

    def now(cited: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(to for text in cited for to in found.moved.get(text, (text,))))

    details = {**passage.details, "basis": now(passage.details.get("basis") or [])}
    if conflict := details.get("conflict"):
        details["conflict"] = {**conflict, "articles": now(conflict.get("articles") or [])}
    return replace(passage, caution=found.caution, details=details)


_VERSIONS = (
    select(Chunk.id, DocumentVersion.id, DocumentVersion.reviewed_on, DocumentVersion.approved_at)
    .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
    .where(Chunk.id.in_(bindparam("ids", expanding=True)))
)


def standing(session: Session, passages: Sequence[Passage], *, day: date) -> dict[int, Standing]:
    """By chunk, for the passages of ours that cite a statute."""
    cited = {p.chunk_id: c for p in passages if p.kind is not Kind.statute and any(c := _cited(p))}
    if not cited:
        return {}
    book = Book().read(session, [c for listed, written in cited.values() for c in (*listed.values(), *written)])
    known = cache(lambda statute: References.read(session, [statute]))  # read where something changed, that is seldom
    versions = {
        chunk_id: (f"version:{version_id}", checked_on(reviewed, approved))
        for chunk_id, version_id, reviewed, approved in session.execute(_VERSIONS, {"ids": list(cited)})
    }
    begins = {p.chunk_id: p.in_force_from for p in passages}
    seen = seen_by(session, [source for source, _ in versions.values()])
    return {
        chunk_id: _Judge(book, known, seen[source], reviewed, begins[chunk_id], day).judge(*cited[chunk_id])
        for chunk_id, (source, reviewed) in versions.items()
    }


@dataclass(frozen=True)
class _Looked:
    """A citation on the day: the article of its number, and where its matter stands if that is another."""

    article: Article | None  # None: of a law that the data lacks
    is_unchecked: bool = False  # nobody has held the text against these words
    refs: tuple[str, ...] = ()  # () for an unchecked one: dead, or another matter stands under its number

    @property
    def is_dead(self) -> bool:
        return self.is_unchecked and not self.refs

    @property
    def is_elsewhere(self) -> bool:
        return self.is_unchecked and self.article is not None and self.refs != (self.article.ref,)


@dataclass(frozen=True)
class _Judge:
    """`seen`: the wordings that the text was checked against; `reviewed`: when somebody last looked at the whole."""

    book: Book
    known: Callable[[str], References]
    seen: dict[tuple[str, str], dict[str, int | None]]
    reviewed: date | None
    begins: date
    day: date

    def judge(self, listed: Mapping[str, Citation], written: Sequence[Citation]) -> Standing:
        found = {text: self._look(citation) for text, citation in listed.items()}
        named = [self._look(citation) for citation in written]
        # What a text names in its words can't be put right beside it.
        if any(n.is_elsewhere for n in named) or (found and all(f.is_dead for f in found.values())):
            return Standing(True, None)
        changed = next((f.article for f in (*found.values(), *named) if f.article and f.is_unchecked), None)
        return Standing(
            False,
            f"依据的《{changed.statute.name}》{changed.ref}有变动，正在核对，请先以法律现行条文为准，拿不准先问 12348。"
            if changed
            else None,
            {
                text: tuple(f"{f.article.statute.name} {arabic(ref)}" for ref in f.refs)
                for text, f in found.items()
                if f.is_elsewhere and f.article
            },
        )

    def _look(self, citation: Citation) -> _Looked:
        statute = self.book.statute(citation)
        if statute is None:
            return _Looked(None)
        now = self.book.on(statute, citation.ref, self.day)
        if now.force is Force.not_yet:
            return _Looked(now)
        accepted = set(self.seen.get((statute.id, citation.ref), {}))
        then = self.reviewed or self.day
        if not accepted and (first := first_checked(self.book, statute, citation.ref, then, begins=self.begins)):
            accepted = {first.hash}
        if now.hash in accepted:
            return _Looked(now)
        if statute.on(self.day) is None:
            return _Looked(now, True)
        meant_on = self.begins if self.begins > then else then
        return _Looked(now, True, self._elsewhere(statute, now, meant_on))

    def _elsewhere(self, statute: Statute, now: Article, meant_on: date) -> tuple[str, ...]:
        known = self.known(statute.id)
        if statute.id in known.laws:
            return known.on(Aim(statute.id, now.ref, meant_on), self.day)
        return () if now.text is None else (now.ref,)  # one version, mended by a newer package


def _cited(passage: Passage) -> tuple[dict[str, Citation], list[Citation]]:
    """The articles a passage rests on, as listed, and those that its words name."""
    conflict: dict[str, Any] = passage.details.get("conflict") or {}
    listed = {}
    for text in [*(passage.details.get("basis") or []), *(conflict.get("articles") or [])]:
        if (citation := _listed(text)) is not None:
            listed[text] = citation
    words = [passage.text, passage.details.get("answer"), passage.details.get("next"), conflict.get("says")]
    return listed, [citation for text in words if text for citation in _written(text)]


# Of texts of ours, which many questions find.
@lru_cache(maxsize=8192)
def _listed(text: str) -> Citation | None:
    try:
        return read_citation(text)
    except CitationNotFound:
        return None


@lru_cache(maxsize=8192)
def _written(text: str) -> tuple[Citation, ...]:
    return tuple(citation for citation, _ in written_in(text))


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
    for source, statute, ref, article_hash, version in session.execute(_SEEN, {"sources": list(sources)}):
        found[source][statute, ref][article_hash] = version
    return found


_SEEN = (
    select(
        CitationSeen.source,
        CitationSeen.statute_id,
        CitationSeen.ref,
        CitationSeen.article_hash,
        CitationSeen.statute_version_id,
    )
    .where(CitationSeen.source.in_(bindparam("sources", expanding=True)))
    .order_by(CitationSeen.checked_at)
)
