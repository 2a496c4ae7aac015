"""Search by meaning and words, in memory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.errors import VectorsAway
from knowledge.search import lexical
from knowledge.search.segments import Points, Segment
from knowledge.search.vectors.base import Among, Vectors

FORMAT = 5
# Temperature of "softly the best of": a source counts by its own vector and all its questions near by. Over 945 ways of
# asking set aside, .03 put the right answer first in .631 of them, the plain best of in .577 (docs/retrieval.md).
SOFTNESS = 0.03
_NEAR_QUESTIONS = 3  # as many times `width`: an answer has a dozen
_REMEMBERED = 64  # sets of places, each a bit a chunk


@dataclass(frozen=True)
class Candidates:
    """Scores of one question over the union of what each part found; rows in no order.

    `chunk_ids` (n,) int64; `marks` (n,) uint64, of the words that were indexed; `dense`, `bank`, `best`, `lexical` (n,)
    float32: cosine to the chunk, softly the best of the cosines to the bank's questions that point to it (0 where none
    was near), the plain best of those, and BM25 scaled so that the question's best is 1. `questions` (n,) S16: the bank
    question that gave `best`, empty where none did. `is_whole`: False where vectors were away, and words alone tell.
    """

    chunk_ids: np.ndarray
    marks: np.ndarray
    dense: np.ndarray
    bank: np.ndarray
    best: np.ndarray
    lexical: np.ndarray
    questions: np.ndarray
    is_whole: bool = True


def _nothing() -> Candidates:
    none = np.empty(0, np.float32)
    return Candidates(np.empty(0, np.int64), np.empty(0, np.uint64), none, none, none, none, np.empty(0, "S16"))


@dataclass(frozen=True)
class Places:
    """Where each chunk belongs: `codes` (n,) uint16 into `names`."""

    names: np.ndarray
    codes: np.ndarray

    def among(self, wanted: Collection[str]) -> np.ndarray:
        return np.isin(self.names, list(wanted))[self.codes] if len(self.names) else np.zeros(len(self.codes), bool)


@dataclass(frozen=True)
class _Allowed:
    """Chunks and questions of the snapshot that belong to some places."""

    chunks: Among
    questions: Among

    @property
    def rows(self) -> np.ndarray:
        return self.chunks.rows


class _Asking:
    """Vectors as one search asks them: where their server is away, what words find has to do."""

    def __init__(self) -> None:
        self.is_away = False

    def near(
        self, vectors: Vectors, vector: np.ndarray, width: int, among: Among | None
    ) -> tuple[np.ndarray, np.ndarray]:
        try:
            return vectors.near(vector, width, among)
        except VectorsAway:
            self.is_away = True
            return np.empty(0, np.float32), np.empty(0, np.int64)

    def cosines(self, vectors: Vectors, vector: np.ndarray, rows: np.ndarray) -> np.ndarray | None:
        try:
            return vectors.cosines(vector, rows)
        except VectorsAway:
            self.is_away = True
            return None


@dataclass(frozen=True)
class _Part:
    """A segment as one index sees it: its rows follow those before it, its points are rows."""

    segment: Segment
    first_row: int
    first_question: int
    postings: lexical.Postings
    points: Points


class Index:
    """A loaded snapshot and the segments beside it. Reading is thread-safe; nothing here changes after loading."""

    def __init__(
        self,
        *,
        id: str,
        chunk_ids: np.ndarray,
        marks: np.ndarray,
        vectors: Vectors,
        has_vector: np.ndarray,
        postings: lexical.Postings,
        questions: Vectors,
        question_ids: np.ndarray,
        points: Points,
        places: Places,
    ) -> None:
        self.id = id
        self.delta_mark: tuple[int, int, int] | None = None
        self._base_ids, self._base_marks = chunk_ids, marks
        self._vectors, self._has_vector = vectors, has_vector
        self._postings = postings
        self._questions, self._base_question_ids = questions, question_ids
        self._points, self._places = points, places
        self._allowed: dict[frozenset[str], _Allowed] = {}
        self._asked: np.ndarray | None = None
        self._parts: tuple[_Part, ...] = ()
        self.chunk_ids, self.marks, self._question_ids = chunk_ids, marks, question_ids

    def __len__(self) -> int:
        return len(self.chunk_ids)

    @property
    def embedded_share(self) -> float:
        return float(self._has_vector.mean()) if len(self._base_ids) else 0.0

    def without_segments(self) -> "Index":
        found = Index(
            id=self.id,
            chunk_ids=self._base_ids,
            marks=self._base_marks,
            vectors=self._vectors,
            has_vector=self._has_vector,
            postings=self._postings,
            questions=self._questions,
            question_ids=self._base_question_ids,
            points=self._points,
            places=self._places,
        )
        found._allowed, found._asked = self._allowed, self._asked
        return found

    def plus(self, segment: Segment) -> "Index":
        """This index and a segment beside it, searched as one. Chunks that are here already keep their place."""
        found = self.without_segments()
        found.delta_mark, found._parts = self.delta_mark, self._parts
        first = len(self.chunk_ids)
        rows = {int(c): first + i for i, c in enumerate(segment.chunk_ids)}
        targets = np.array([rows.get(int(t), self._row_of(int(t))) for t in segment.points.target], np.int64)
        known = targets >= 0
        points = Points(segment.points.question[known], targets[known], segment.points.rank[known])
        part = _Part(segment, first, len(self._question_ids), self._postings.of_others(segment.terms), points)
        found._parts = (*self._parts, part)
        found.chunk_ids = np.concatenate([self.chunk_ids, segment.chunk_ids])
        found.marks = np.concatenate([self.marks, segment.marks])
        found._question_ids = np.concatenate([self._question_ids, segment.question_ids])
        return found

    def idf(self, codes: np.ndarray) -> np.ndarray:
        """How rare pairs of characters are among the texts that people's own questions point to: what is rare in
        statutes (老板, 咋办) is common there.
        """
        if self._asked is None:
            self._asked = np.zeros(len(self._base_ids), bool)
            self._asked[self._points.target[self._points.rank == 0]] = True
        return self._postings.idf_among(codes, self._asked)

    def _row_of(self, chunk_id: int) -> int:
        for part in self._parts:
            at = np.flatnonzero(part.segment.chunk_ids == chunk_id)
            if len(at):
                return part.first_row + int(at[0])
        row = int(np.searchsorted(self._base_ids, chunk_id))
        return row if row < len(self._base_ids) and self._base_ids[row] == chunk_id else -1

    def nearest(self, vector: np.ndarray, k: int) -> np.ndarray:
        """Rows of the `k` chunks of the snapshot nearest by cosine, best first. Raises VectorsAway."""
        return self._vectors.near(vector, k)[1]

    def holding(self, words: Sequence[str], *, limit: int, places: Collection[str] | None = None) -> list[int]:
        """Ids of chunks whose text holds all pairs of neighbouring characters of the words: nearly those that hold the
        words.

        Ascending, the `limit` newest; only of `places` when given. None where a word has one character, which no pair
        tells.
        """
        codes = np.concatenate([lexical.pairs(w) for w in words]) if words else np.empty(0, np.uint64)
        rows = self._postings.holding_all(codes)
        found = [self._base_ids[rows[self._places.among(places)[rows]] if places is not None else rows]]
        for part in self._parts:
            rows = part.postings.holding_all(codes)
            found.append(
                part.segment.chunk_ids[
                    rows[np.isin(part.segment.places[rows], list(places))] if places is not None else rows
                ]
            )
        return [int(c) for c in np.concatenate(found)[-limit:]]

    def search(
        self, query: str, vector: np.ndarray, *, width: int = 150, places: Collection[str] | None = None
    ) -> Candidates:
        """`vector` (384,) float32, normalised. About `width` candidates from each part.

        Only from `places` when given: where three hundred villages have the same rule, the nearest are other villages'.
        """
        if not len(self):
            return _nothing()
        allowed, asking = self._of(frozenset(places)) if places is not None else None, _Asking()
        here = [
            np.isin(part.segment.places, list(places)) if places is not None else np.ones(len(part.segment), bool)
            for part in self._parts
        ]
        beside = [part.segment.vectors @ vector for part in self._parts]
        near, near_rows = _top(
            width,
            asking.near(self._vectors, vector, width, allowed.chunks if allowed else None),
            *((s[h], part.first_row + np.flatnonzero(h)) for s, h, part in zip(beside, here, self._parts, strict=True)),
        )
        bank_rows, bank, best, asked = self._bank(asking, vector, width, allowed, here)
        codes = lexical.pairs(query)[:300]
        word_scores = [
            self._postings.scores(codes, len(self._base_ids)),
            *(part.postings.scores(codes, len(part.segment)) * h for part, h in zip(self._parts, here, strict=True)),
        ]
        if allowed:
            word_scores[0] *= allowed.rows
        words, word_rows = _top(
            width,
            *(
                (s[some], first + some)
                for s, first in zip(word_scores, (0, *(p.first_row for p in self._parts)), strict=True)
                for some in (_best(s, width),)
            ),
        )
        rows = np.unique(np.concatenate([near_rows, bank_rows, word_rows]))
        dense, has = self._dense(asking, rows, vector, near, near_rows, beside)
        dense[~has] = dense[has].min() if has.any() else 0.0
        return Candidates(
            chunk_ids=self.chunk_ids[rows],
            marks=self.marks[rows],
            dense=dense,
            bank=_spread(rows, bank_rows, bank, np.zeros(len(rows), np.float32)),
            best=_spread(rows, bank_rows, best, np.zeros(len(rows), np.float32)),
            lexical=self._at(rows, word_scores) / (float(words.max(initial=0.0)) or 1.0),
            questions=_spread(rows, bank_rows, self._question_ids[asked], np.zeros(len(rows), "S16")),
            is_whole=not asking.is_away,
        )

    def _of(self, places: frozenset[str]) -> _Allowed:
        found = self._allowed.get(places)
        if found is None:
            rows = self._places.among(places)
            questions = np.zeros(len(self._base_question_ids), bool)
            questions[self._points.question[rows[self._points.target]]] = True
            if len(self._allowed) >= _REMEMBERED:
                self._allowed.clear()
            found = self._allowed[places] = _Allowed(Among(rows, places), Among(questions, places))
        return found

    def _bank(
        self,
        asking: _Asking,
        vector: np.ndarray,
        width: int,
        allowed: _Allowed | None,
        here: Sequence[np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Rows that a near question points to, each once, with their questions' scores together, softly the best of
        all, the plain best, and the question that gave it.
        """
        beside = (
            (part.segment.question_vectors @ vector, part.first_question + np.arange(len(part.segment.question_ids)))
            for part in self._parts
        )
        width *= _NEAR_QUESTIONS
        scores, found = _top(
            width, asking.near(self._questions, vector, width, allowed.questions if allowed else None), *beside
        )
        rows, values, questions = [], [], []
        for first, points in ((0, self._points), *((p.first_question, p.points) for p in self._parts)):
            some = (found >= first) & (found < first + self._count(first))
            lo, hi = (np.searchsorted(points.question, found[some] - first, side=side) for side in ("left", "right"))
            counts = hi - lo
            lines = np.repeat(lo - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
            rows.append(points.target[lines])
            # The further articles of a question answer it a little less than the first.
            values.append(np.repeat(scores[some], counts) - 0.005 * points.rank[lines])
            questions.append(np.repeat(found[some], counts))
        row, value, question = (np.concatenate(x) for x in (rows, values, questions))
        if allowed:
            kept = np.concatenate([allowed.rows, *here])[row]
            row, value, question = row[kept], value[kept], question[kept]
        order = np.lexsort((-value, row))
        starts = np.flatnonzero(np.concatenate([[True], np.diff(row[order]) > 0])) if len(order) else order
        best = order[starts]
        # log of a sum of exponentials, reckoned from the best of each row so that nothing overflows
        lead = np.repeat(value[best], np.diff(np.append(starts, len(order))))
        together = np.add.reduceat(np.exp((value[order] - lead) / SOFTNESS), starts) if len(order) else value
        score = value[best] + SOFTNESS * np.log(together)
        return row[best], score.astype(np.float32), value[best].astype(np.float32), question[best]

    def _count(self, first_question: int) -> int:
        return (
            len(self._base_question_ids)
            if first_question == 0
            else next(len(p.segment.question_ids) for p in self._parts if p.first_question == first_question)
        )

    def _dense(
        self,
        asking: _Asking,
        rows: np.ndarray,
        vector: np.ndarray,
        near: np.ndarray,
        near_rows: np.ndarray,
        beside: Sequence[np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray]:
        """Cosines of the rows, and of which of them they are known."""
        base = rows < len(self._base_ids)
        dense, has = np.zeros(len(rows), np.float32), np.ones(len(rows), bool)
        has[base] = self._has_vector[rows[base]]
        dense = _spread(rows, near_rows, near, dense)
        missing = np.flatnonzero(base & has & ~np.isin(rows, near_rows))
        if len(missing):
            cosines = None if asking.is_away else asking.cosines(self._vectors, vector, rows[missing])
            has[missing] = cosines is not None
            dense[missing] = cosines if cosines is not None else 0.0
        for part, scores in zip(self._parts, beside, strict=True):
            some = (rows >= part.first_row) & (rows < part.first_row + len(part.segment))
            dense[some] = scores[rows[some] - part.first_row]
        return dense, has

    def _at(self, rows: np.ndarray, scores: Sequence[np.ndarray]) -> np.ndarray:
        out = np.zeros(len(rows), np.float32)
        for first, some in zip((0, *(p.first_row for p in self._parts)), scores, strict=True):
            here = (rows >= first) & (rows < first + len(some))
            out[here] = some[rows[here] - first]
        return out


def _best(scores: np.ndarray, width: int) -> np.ndarray:
    """Rows of the `width` best scores above 0."""
    some = np.flatnonzero(scores)
    return some[np.argpartition(-scores[some], width)[:width]] if len(some) > width else some


def _top(width: int, *found: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The `width` best of several (scores, rows)."""
    scores, rows = (np.concatenate(x) for x in zip(*found, strict=True))
    if len(scores) <= width:
        return scores, rows
    best = np.argpartition(-scores, width)[:width]
    return scores[best], rows[best]


def _spread(rows: np.ndarray, known: np.ndarray, values: np.ndarray, out: np.ndarray) -> np.ndarray:
    """`values` of the `known` rows put in their places among `rows`, which are sorted and hold all of them."""
    out[np.searchsorted(rows, known)] = values
    return out
