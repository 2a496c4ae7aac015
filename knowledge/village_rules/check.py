"""Clauses of a village rule (村规民约) against the law: what a person has to look at, with the words, the articles and
the reason.

It only points; a legal worker decides. So a clause too many flagged costs a glance, one missed costs a resident their
right.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy.orm import Session

from knowledge.clock import today
from knowledge.documents.models import Kind
from knowledge.search.passages import Passage
from knowledge.search.searcher import Searcher
from knowledge.village_rules.classifier import Classifier, classifier, folded
from knowledge.village_rules.patterns import PATTERNS, numbered_on
from knowledge.village_rules.segments import segments

SURE = 0.45  # a glance too many costs less than a right; from .45 to .5 few lawful ones more are let go
# Of many sentences mostly one is unlawful at most, so each must be surer; chosen in docs/law/village-rules.md.
_SURER = 0.06  # for twice as many
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
    nothing was found. Articles are numbered as on `day`, today without one.
    """
    found: dict[str, Flag] = {}
    # A line and the whole that it belongs to may both be suspect: the likelier speaks.
    for finding, places in sorted(_suspects(text[:MOST]), key=lambda pair: -pair[0].likely):
        start, end = places[finding.start], places[finding.end - 1] + 1
        for key, articles in finding.patterns:
            cited = numbered_on(articles, day or today())
            found.setdefault(key, Flag(key, text[start:end], start, end, cited, PATTERNS[key].reason))
    return sorted(found.values(), key=lambda f: (f.start, f.end))


@dataclass(frozen=True)
class _Finding:
    """What is wrong with a sentence; the words that weigh most are sentence[start:end]."""

    likely: float
    start: int
    end: int
    patterns: tuple[tuple[str, tuple[str, ...]], ...]  # with their articles


def _suspects(text: str) -> list[tuple[_Finding, list[int]]]:
    """Of each suspect sentence, with the places of its characters in `text`."""
    parts = [(start, folded(text[start:end])) for start, end in segments(text)]
    judged = [(_judged("".join(c for c, _ in kept)), [start + at for _, at in kept]) for start, kept in parts]
    sure = SURE + _SURER * math.log2(max(1, len(judged)))
    return [(finding, places) for finding, places in judged if finding and finding.likely >= sure]


@lru_cache(maxsize=8192)  # an editor asks for all clauses of a rule at each pause in the typing
def _judged(sentence: str) -> _Finding | None:
    if not any(c.isalnum() for c in sentence):  # marks alone
        return None
    judge = classifier()
    likely = float(judge.unlawful([sentence])[0])
    if likely < SURE:
        return None
    patterns = tuple((key, PATTERNS[key].articles_for(sentence)) for key in judge.patterns(sentence))
    return _Finding(likely, *_heaviest_phrase(judge, sentence), patterns)


def _heaviest_phrase(judge: Classifier, sentence: str) -> tuple[int, int]:
    """Where the words of a sentence stand that weigh most; the whole sentence where it has no phrases."""
    phrases = [m.span() for m in _PHRASE.finditer(sentence)]
    if not phrases:
        return 0, len(sentence)
    return phrases[int(judge.weights([sentence[a:b] for a, b in phrases]).argmax())]


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
