"""Clauses of a village rule (村规民约) against the law: what a person has to look at, with the words, the articles and
the reason.

It only points; a legal worker decides. So a clause too many flagged costs a glance, one missed costs a resident their
right.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from sqlalchemy.orm import Session

from knowledge.documents.models import Kind
from knowledge.search.passages import Passage
from knowledge.search.searcher import Searcher
from knowledge.village_rules.classifier import Classifier, classifier, folded
from knowledge.village_rules.patterns import PATTERNS, numbered_on
from knowledge.village_rules.segments import segments

SURE = 0.5  # the classes weigh the same in training, so this is where the two are equally likely
MOST = 4000  # characters of a clause that are read
_CITED = 4  # articles of a flag that a resident is shown
_READ = 400  # characters of a clause that the search is asked with
_PHRASE = re.compile(r"[^，。；：！？,;:!?]+")


@dataclass(frozen=True)
class Flag:
    pattern: str
    phrase: str  # the words that weigh most, clause[start:end]
    start: int
    end: int
    articles: tuple[str, ...]  # 妇女权益保障法 55
    reason: str

    @property
    def label(self) -> str:
        return PATTERNS[self.pattern].label


@dataclass(frozen=True)
class CheckedClause:
    text: str
    flags: tuple[Flag, ...]
    related: tuple[Passage, ...]  # articles that the search finds near, best first; empty without a search


def check_clause(text: str, *, day: date | None = None) -> list[Flag]:
    """What in a clause may be against the law, in the order of the text, at most one flag a pattern; empty where
    nothing was found. With `day` the articles carry the numbers of that day, without it those of patterns.yml.
    """
    flags = _judged(text)
    return [replace(f, articles=numbered_on(day, f.articles)) for f in flags] if day else list(flags)


@lru_cache(maxsize=2048)  # an editor asks for all clauses of a rule at each pause in the typing
def _judged(text: str) -> tuple[Flag, ...]:
    judge = classifier()
    parts = [part for start, end in segments(text[:MOST]) if (part := _Part.of(text, start, end)).read]
    if not parts:
        return ()
    likely = judge.unlawful([part.read for part in parts])
    found: dict[str, Flag] = {}
    # Of a part and the lines in it the likelier speaks first.
    for part, p in sorted(zip(parts, likely, strict=True), key=lambda pair: -pair[1]):
        if p < SURE:
            break
        start, end = part.place(*_heaviest_phrase(judge, part.read))
        for key in judge.patterns(part.read):
            pattern = PATTERNS[key]
            flag = Flag(key, text[start:end], start, end, pattern.articles_for(part.read), pattern.reason)
            found.setdefault(key, flag)
    return tuple(sorted(found.values(), key=lambda f: (f.start, f.end)))


@dataclass(frozen=True)
class _Part:
    """A sentence as the classifier reads it, and where each of its characters stands in the clause."""

    read: str
    places: tuple[int, ...]

    @classmethod
    def of(cls, text: str, start: int, end: int) -> "_Part":
        kept = folded(text[start:end])
        return cls("".join(c for c, _ in kept), tuple(start + at for _, at in kept))

    def place(self, start: int, end: int) -> tuple[int, int]:
        return self.places[start], self.places[end - 1] + 1


def _heaviest_phrase(judge: Classifier, read: str) -> tuple[int, int]:
    """Where the words of a sentence stand that weigh most; the whole sentence where it has no phrases."""
    phrases = [m.span() for m in _PHRASE.finditer(read)]
    if not phrases:
        return 0, len(read)
    return phrases[int(judge.weights([read[a:b] for a, b in phrases]).argmax())]


def check_rule(
    clauses: Sequence[str], *, search: Callable[[str], Sequence[Passage]] | None = None
) -> list[CheckedClause]:
    """Each clause with its flags and the articles that `search` finds for it."""
    return [CheckedClause(text, tuple(check_clause(text)), tuple(search(text)) if search else ()) for text in clauses]


def related_articles(session: Session, searcher: Searcher, text: str, *, day: date, k: int = 3) -> list[Passage]:
    """Articles in force on `day` that bear on a clause, best first."""
    return searcher.search(session, text[:_READ], day=day, kinds=[Kind.statute], k=k)


def suggested_conflict(flags: Sequence[Flag]) -> dict[str, object]:
    """`{"articles": [...], "says": "..."}` for a clause that conflicts, as a resident would read it; a start for
    the legal worker.
    """
    articles = list(dict.fromkeys(a for f in flags for a in f.articles[:_CITED]))
    return {"articles": articles, "says": "".join(dict.fromkeys(PATTERNS[f.pattern].says for f in flags))}
