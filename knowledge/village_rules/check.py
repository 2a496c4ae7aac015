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

from knowledge.clock import today
from knowledge.documents.models import Kind
from knowledge.search.passages import Passage
from knowledge.search.searcher import Searcher
from knowledge.village_rules.classifier import Classifier, classifier, folded
from knowledge.village_rules.patterns import PATTERNS, numbered_on

SURE = 0.5  # the classes weigh the same in training, so this is where the two are equally likely
MOST = 4000  # characters of a clause that are read
_CITED = 4  # articles of a flag that a resident is shown
_READ = 400  # characters of a clause that the search is asked with
_SENTENCE = re.compile(r"[^。；;！!？?]+[。；;！!？?]?")
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
    return [replace(flag, articles=numbered_on(flag.articles, day or today())) for flag in _judged(text)]


@lru_cache(maxsize=2048)  # an editor asks for all clauses of a rule at each pause in the typing
def _judged(text: str) -> tuple[Flag, ...]:
    places = folded(text[:MOST])
    read = "".join(c for c, _ in places)
    judge = classifier()
    if not read or judge.unlawful([read])[0] < SURE:
        return ()
    sentences = [m.span() for m in _SENTENCE.finditer(read)]
    likely = judge.unlawful([read[a:b] for a, b in sentences])
    # The clause as a whole is suspect: at least its most suspect sentence is named.
    named = [span for span, p in zip(sentences, likely, strict=True) if p >= SURE] or [sentences[int(likely.argmax())]]
    found: dict[str, Flag] = {}
    for a, b in named:
        key = judge.pattern(read[a:b])
        if key not in found:
            start, end = _heaviest_phrase(judge, read, a, b)
            first, last = places[start][1], places[end - 1][1] + 1
            pattern = PATTERNS[key]
            found[key] = Flag(key, text[first:last], first, last, pattern.articles_for(read[a:b]), pattern.reason)
    return tuple(sorted(found.values(), key=lambda f: (f.start, f.end)))


def _heaviest_phrase(judge: Classifier, read: str, start: int, end: int) -> tuple[int, int]:
    """Where the words of a sentence stand that weigh most; the whole sentence where it has no phrases."""
    phrases = [(start + m.start(), start + m.end()) for m in _PHRASE.finditer(read[start:end])]
    if not phrases:
        return start, end
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
