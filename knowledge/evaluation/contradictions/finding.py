"""Two texts near each other that seem to say different things: other numbers, or yes and no.

Everything here is counted over characters, so that a minute is enough; what is found is for a reader.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from knowledge.evaluation.contradictions.texts import Told
from knowledge.evaluation.quantities import Quantity, quantities, same_length, without_measures
from knowledge.search.lexical import character_pairs

# Shares of weighed pairs of characters (cosine), chosen on 30 November 2026 by reading what lay above and below.
_NEAR, _NEAR_WITH_SOURCE = 0.10, 0.04  # of two texts, by title and ways of asking; with an article that both rest on
_NEAR_TITLES = 0.30
_SAME_MATTER, _SAME_DEED = 0.25, 0.60  # of two clauses: around a number; without the word that says yes or no
_SHORTEST_DEED = 3
_TIMES = frozenset({"minute", "hour", "day", "month", "year"})
_SAYS_NOTHING = frozenset({"people", "metre"})  # how many were there, how far away: somebody's case, no rule

_SENTENCE = re.compile(r"[。；\n！？]")
_CLAUSE = re.compile(r"(?<!\d)[，,、：](?!\d)| → ")
_FIRST_NO = re.compile(r"(?:一般|多半|通常)?(?:不|没|无效)")
_FIRST_YES = re.compile(
    r"(?:一般|多半|通常|都|当然)?(?:能|可以|行|要|得|算|有|是|会|该|必须|合法|有效|应当|违法|犯法|归|收|需要|照样)"
)
# Words of no and of yes that answer each other.
_OPPOSITES = tuple(
    (re.compile(no), re.compile(yes))
    for no, yes in (
        (r"不能|不可以|不许|不得|不准|没法|不让", r"可以|能够|能|准许|允许"),
        (r"不用|不要|不必|不需要|无需", r"必须|需要|要|应当"),
        (r"不算|不是|不属于|不构成", r"算|是|属于|构成"),
        (r"不收|免费", r"收"),
        (r"不赔|不担", r"赔|担"),
        (r"不罚", r"罚"),
    )
)

Pair = frozenset[str]


@dataclass(frozen=True)
class Clause:
    """`deed`: what it is about, without numbers or without yes and no; `says_no`: None where it says neither."""

    of: int
    sentence: str
    deed: str
    numbers: frozenset[Quantity] = frozenset()
    family: int = -1
    says_no: bool | None = None


@dataclass(frozen=True)
class Difference:
    """`a` and `b`: ids of the texts, `a` the lower one; `numbers`: those of each that the other's sentence lacks, none
    where it is yes against no.
    """

    what: Literal["numbers", "yes and no"]
    a: str
    b: str
    says: tuple[str, str]
    numbers: tuple[frozenset[Quantity], frozenset[Quantity]] = (frozenset(), frozenset())


@dataclass(frozen=True)
class Found:
    """`compared`: how many pairs of clauses were near enough to be looked at."""

    differences: tuple[Difference, ...]
    compared: int


def find(texts: Sequence[Told], *, confused: frozenset[Pair] = frozenset()) -> Found:
    """`confused`: ids of two texts that a reader called easily taken for one another; they are near by that."""
    near = _Nearness(texts, confused)
    numbers, compared = _different_numbers(texts, near)
    opposed, looked_at = _opposed(texts, near)
    found = {*numbers, *opposed, *_opposite_beginnings(texts, near)}
    ordered = sorted(found, key=lambda d: (d.what, d.a, d.b, d.says))
    return Found(tuple(ordered), compared + looked_at)


class _Nearness:
    def __init__(self, texts: Sequence[Told], confused: frozenset[Pair]) -> None:
        self._texts = texts
        self._confused = confused
        self._asked = _shares([t.asked for t in texts])
        self._titles = _shares([t.title for t in texts])

    def is_near(self, i: int, j: int) -> bool:
        a, b = self._texts[i], self._texts[j]
        if not a.meets(b):
            return False
        share = float(self._asked[i, j])
        return (
            share >= _NEAR or (share >= _NEAR_WITH_SOURCE and bool(a.rests_on & b.rests_on)) or self.is_confused(i, j)
        )

    def is_confused(self, i: int, j: int) -> bool:
        return frozenset({self._texts[i].document, self._texts[j].document}) in self._confused

    def pairs_by_title(self) -> Iterator[tuple[int, int]]:
        """Each once, the lower id first."""
        places = {t.id: i for i, t in enumerate(self._texts)}
        confused = (sorted(pair) for pair in self._confused if pair <= places.keys())
        for i, j in {*_above(self._titles, _NEAR_TITLES), *((places[a], places[b]) for a, b in confused)}:
            if self._texts[i].id < self._texts[j].id and self._texts[i].meets(self._texts[j]):
                yield i, j


def _vectors(texts: Sequence[str]) -> Any:
    """Sparse rows of weighed pairs of characters, L2-normalised."""
    return TfidfVectorizer(analyzer=character_pairs, sublinear_tf=True).fit_transform(texts)


def _shares(texts: Sequence[str]) -> Any:
    rows = _vectors(texts)
    return (rows @ rows.T).tocsr()


def _above(shares: Any, least: float) -> Iterator[tuple[int, int]]:
    found = shares.tocoo()
    kept = found.data >= least
    yield from zip(found.row[kept].tolist(), found.col[kept].tolist(), strict=True)


def _different_numbers(texts: Sequence[Told], near: _Nearness) -> tuple[list[Difference], int]:
    clauses = [clause for i, told in enumerate(texts) for clause in _measured(i, told)]
    found, compared = [], 0
    for x, y in _above(_shares([c.deed for c in clauses]), _SAME_MATTER) if clauses else ():
        a, b = clauses[x], clauses[y]
        if texts[a.of].id < texts[b.of].id and near.is_near(a.of, b.of):
            compared += 1
            only = _missing(a, b), _missing(b, a)
            if _are_of_one_kind(*only):
                found.append(_difference("numbers", texts, a, b, only))
    return found, compared


def _measured(of: int, told: Told) -> Iterator[Clause]:
    """The clauses with a number, each with the one before it, in which its noun often stands."""
    for sentence in told.says:
        for one in _SENTENCE.split(sentence):
            parts = _CLAUSE.split(one)
            for before, part in zip(["", *parts], parts, strict=False):
                held = frozenset(q for q in quantities(part) if q[1] not in _SAYS_NOTHING)
                if held:
                    yield Clause(of, one.strip(), without_measures(f"{before}，{part}"), held)


def _missing(clause: Clause, other: Clause) -> frozenset[Quantity]:
    known = {same for q in quantities(other.sentence) for same in same_length(q)}
    return frozenset(q for q in clause.numbers if not same_length(q) & known)


def _are_of_one_kind(a: frozenset[Quantity], b: frozenset[Quantity]) -> bool:
    units, others = {unit for _, unit in a}, {unit for _, unit in b}
    return bool(units & others) or bool(units & _TIMES and others & _TIMES)


def _opposed(texts: Sequence[Told], near: _Nearness) -> tuple[list[Difference], int]:
    clauses = [clause for i, told in enumerate(texts) if told.kind != "case_story" for clause in _claims(i, told)]
    if not clauses:
        return [], 0
    rows = _vectors([c.deed for c in clauses])
    found, compared = [], 0
    for family in range(len(_OPPOSITES)):
        no, yes = (
            np.array([n for n, c in enumerate(clauses) if c.family == family and c.says_no is is_no], dtype=int)
            for is_no in (True, False)
        )
        for x, y in _above(rows[no] @ rows[yes].T, _SAME_DEED):
            a, b = sorted((clauses[no[x]], clauses[yes[y]]), key=lambda c: texts[c.of].id)
            if near.is_near(a.of, b.of):
                compared += 1
                found.append(_difference("yes and no", texts, a, b))
    return found, compared


def _claims(of: int, told: Told) -> Iterator[Clause]:
    for sentence in told.says:
        for one in _SENTENCE.split(sentence):
            for part in _CLAUSE.split(one):
                for family, (no, yes) in enumerate(_OPPOSITES):
                    says_no = bool(no.search(part))
                    deed, changed = (no if says_no else yes).subn("", part, count=1)
                    if changed and len(deed) >= _SHORTEST_DEED:
                        yield Clause(of, one.strip(), deed, family=family, says_no=says_no)


def _opposite_beginnings(texts: Sequence[Told], near: _Nearness) -> Iterator[Difference]:
    """Of answers: one begins with yes, the other with no."""
    first = {i: _first(told) for i, told in enumerate(texts) if told.kind == "answer"}
    for i, j in near.pairs_by_title():
        if {first.get(i), first.get(j)} == {True, False}:
            yield _difference("yes and no", texts, Clause(i, texts[i].says[0], ""), Clause(j, texts[j].says[0], ""))


def _first(told: Told) -> bool | None:
    said = told.says[0]
    return False if _FIRST_NO.match(said) else True if _FIRST_YES.match(said) else None


def _difference(
    what: Literal["numbers", "yes and no"],
    texts: Sequence[Told],
    a: Clause,
    b: Clause,
    numbers: tuple[frozenset[Quantity], frozenset[Quantity]] = (frozenset(), frozenset()),
) -> Difference:
    return Difference(what, texts[a.of].id, texts[b.of].id, (a.sentence, b.sentence), numbers)
