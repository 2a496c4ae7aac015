"""A reference is (law, version, article): where each version of a law has what a text of ours cites.

Only laws of which the database holds several versions need it; of the others the article is what it says.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge.documents.models import ArticleMove, Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.normalise import content_hash
from knowledge.search.lexical import character_pairs
from knowledge.statutes import moves
from knowledge.statutes.citations import arabic, parse_citation, short_name

# Share of pairs of characters that two articles have in common. Of 农业法 and 商标法 of 2027 an article shares at most
# .19 with another one of its old number, and .24 to 1 with the one that took its matter over (46 -> 54: .24).
_SAME_MATTER = 0.2
_HARDLY = 0.1  # short sentences share few pairs: enough where no other article shares more
_OF_OURS = re.compile(r"[^\s《》]{2,80} [0-9]{1,4}(?:-[0-9]{1,2})?")
_IN_LIST = 500  # ids in one statement


class Aim(NamedTuple):
    """What a question or an answer of ours points to; `meant_on`: the day whose law is meant, None: WRITTEN_ON."""

    document: str
    ref: str | None
    meant_on: date | None = None


Key = tuple[str | int, str | None]
"""(document, article) where one version is all there is, else (version, article)."""


@dataclass(frozen=True)
class Version:
    """A version of a statute with the wording of its articles."""

    id: int
    start: date
    end: date | None
    adopted: date | None
    articles: dict[str, str]


@dataclass(frozen=True)
class References:
    """`laws`: by document, those of several versions, earliest first."""

    laws: dict[str, tuple[Version, ...]] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _decided: dict[tuple[str, date, str], str | None] = field(default_factory=dict)
    _found: dict[Aim, list[Key]] = field(default_factory=dict)

    @classmethod
    def read(cls, session: Session, documents: Iterable[str]) -> "References":
        several = _of_several_versions(session, documents)
        rows = session.execute(
            select(ArticleMove.statute_id, ArticleMove.adopted, ArticleMove.old_ref, ArticleMove.new_ref).where(
                ArticleMove.statute_id.in_(several)
            )
        )
        decided = {(statute, adopted, old): new for statute, adopted, old, new in rows}
        return cls({i: _versions(session, i) for i in several}, several, decided)

    def keys(self, aim: Aim) -> list[Key]:
        """Where it is to be found, nearest first in each version; none where nobody has said where it went."""
        versions = self.laws.get(aim.document)
        if versions is None or aim.ref is None:
            return [(aim.document, aim.ref)]
        if aim not in self._found:
            self._found[aim] = [(v.id, ref) for v in versions for ref in self._in(aim, v)]
        return self._found[aim]

    def on(self, aim: Aim, day: date) -> tuple[str, ...]:
        """The articles that it is on a day, nearest first; () where it isn't to be shown."""
        versions = self.laws.get(aim.document)
        if versions is None or aim.ref is None:
            return (aim.ref,) if aim.ref else ()
        now = next((v for v in versions if v.start <= day and (v.end is None or day <= v.end)), None)
        return self._in(aim, now) if now else ()

    def _in(self, aim: Aim, wanted: Version) -> tuple[str, ...]:
        assert aim.ref is not None
        versions = self.laws[aim.document]
        then = _meant(versions, aim.meant_on or moves.WRITTEN_ON)
        if aim.ref not in then.articles:
            return ()
        if wanted.start < then.start:  # nobody looks up what a new article was before; the same words may stay
            return (aim.ref,) if _is_same(then, aim.ref, wanted) else ()
        refs: tuple[str, ...] = (aim.ref,)
        for before, after in pairwise(v for v in versions if then.start <= v.start <= wanted.start):
            refs = tuple(dict.fromkeys(to for ref in refs for to in self._moved(aim.document, before, ref, after)))
        return refs

    def _moved(self, document: str, before: Version, ref: str, after: Version) -> tuple[str, ...]:
        """What people said first, then what the words say of themselves."""
        if after.adopted is not None:
            key = (document, after.adopted, ref)
            if key in self._decided:
                return (new,) if (new := self._decided[key]) else ()
            told = moves.moved(self._names[document], ref, adopted=after.adopted)
            if told is not None:
                return tuple(to for to in told if to in after.articles)
        if _is_same(before, ref, after):
            return (ref,)
        wording = _bare(before.articles[ref])
        return tuple(to for to, text in after.articles.items() if _bare(text) == wording)[:1]


def as_numbered(session: Session, citations: Iterable[str], *, meant_on: date, day: date) -> list[str]:
    """`农业法 67`, written on one day, as it is numbered on another; what is nowhere, or no citation, is left out."""
    read = [(text.rpartition(" ")[0], parse_citation(text)) for text in citations if _OF_OURS.fullmatch(text.strip())]
    known = References.read(session, {target.document_id for _, target in read})
    aims = ((law, Aim(target.document_id, target.ref, meant_on)) for law, target in read)
    return list(dict.fromkeys(f"{law} {arabic(ref)}" for law, aim in aims for ref in known.on(aim, day)))


def alike(a: str, b: str) -> float:
    """Pairs of characters that both have, of all they have, 0...1."""
    ours, theirs = set(character_pairs(a)), set(character_pairs(b))
    return len(ours & theirs) / len(ours | theirs)


def digest(session: Session) -> str:
    """Changes with what people said of articles that moved: the index is built for it."""
    rows = session.execute(
        select(ArticleMove.statute_id, ArticleMove.adopted, ArticleMove.old_ref, ArticleMove.new_ref).order_by(
            ArticleMove.id
        )
    )
    return content_hash(repr([tuple(row) for row in rows]) + repr((moves.WRITTEN_ON, moves.RENUMBERED)))


def _is_same(before: Version, ref: str, after: Version) -> bool:
    """Whether the number still holds what it held, amended perhaps."""
    old, new = before.articles.get(ref), after.articles.get(ref)
    if old is None or new is None:
        return False
    if (shared := alike(old, new)) >= _SAME_MATTER:
        return True
    return shared >= _HARDLY and shared >= max(alike(old, text) for text in after.articles.values())


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _meant(versions: tuple[Version, ...], day: date) -> Version:
    """In force on the day, else the next to come, else the last."""
    inforce = (v for v in versions if v.start <= day and (v.end is None or day <= v.end))
    return next(inforce, None) or next((v for v in versions if v.start > day), versions[-1])


def _of_several_versions(session: Session, documents: Iterable[str]) -> dict[str, str]:
    """Short names by document."""
    wanted, found = sorted(set(documents)), dict[str, str]()
    for at in range(0, len(wanted), _IN_LIST):
        rows = session.execute(
            select(Document.id, Document.title)
            .join(DocumentVersion, DocumentVersion.document_id == Document.id)
            .where(
                Document.id.in_(wanted[at : at + _IN_LIST]),
                Document.kind == Kind.statute,
                DocumentVersion.status == VersionStatus.published,
            )
            .group_by(Document.id, Document.title)
            .having(func.count(DocumentVersion.id) > 1)
        )
        found |= {document: short_name(title) for document, title in rows}
    return found


def _versions(session: Session, document: str) -> tuple[Version, ...]:
    rows = session.execute(
        select(
            DocumentVersion.id,
            DocumentVersion.in_force_from,
            DocumentVersion.in_force_to,
            DocumentVersion.promulgated_on,
        )
        .where(DocumentVersion.document_id == document, DocumentVersion.status == VersionStatus.published)
        .order_by(DocumentVersion.in_force_from, DocumentVersion.id)
    ).all()
    articles: dict[int, dict[str, str]] = defaultdict(dict)
    for version_id, ref, text in session.execute(
        select(Chunk.version_id, Chunk.ref, Chunk.text).where(Chunk.version_id.in_([row[0] for row in rows]))
    ):
        articles[version_id].setdefault(ref or "", text)
    return tuple(Version(i, start, end, adopted, articles[i]) for i, start, end, adopted in rows)
