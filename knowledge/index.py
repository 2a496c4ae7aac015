"""FAISS and BM25 over chunks and bank questions: the derived part that can always be built again.

A snapshot is a folder `<id>/` that never changes once it is there, but for `delta.npz` (`segments.py`): what was
published since. Vectors and postings are mapped into memory, so opening one is quick and processes share its pages.
`current` names the live snapshot and is replaced atomically; the one before is kept for rollback.
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np

from knowledge import lexical, segments
from knowledge.errors import SnapshotUnavailable
from knowledge.segments import DIM, Points, Segment

FORMAT = 3
_EXACT_UP_TO = 50_000  # flat search of 100 k took 17 ms, IVF 3 ms (docs/performance.md)
# of 4 x sqrt(n) cells; questions of the bank at 100 k: recall@10 .985 with 64, .997 with 256 (docs/performance.md)
_PROBES = 256
_EXACT_AMONG = 100_000  # of the places asked for: all cells are looked through, so nothing near is missed
_REMEMBERED = 64  # sets of places, each a bit a chunk
_BLOCK = 20_000  # vectors held as float32 at once while an index is built


@dataclass(frozen=True)
class Candidates:
    """Scores of one question over the union of what each part found; rows in no order.

    `chunk_ids` (n,) int64; `dense`, `bank`, `lexical` (n,) float32: cosine to the chunk, best cosine to a bank question
    that points to it (0 where none was near), and BM25 scaled so that the question's best is 1. `questions` (n,) S16:
    the bank question that gave `bank`, empty where none did.
    """

    chunk_ids: np.ndarray
    dense: np.ndarray
    bank: np.ndarray
    lexical: np.ndarray
    questions: np.ndarray


@dataclass(frozen=True)
class Places:
    """Where each chunk belongs: `codes` (n,) uint16 into `names`."""

    names: np.ndarray
    codes: np.ndarray

    def among(self, wanted: Collection[str]) -> np.ndarray:
        return np.isin(self.names, list(wanted))[self.codes] if len(self.names) else np.zeros(len(self.codes), bool)


@dataclass(frozen=True)
class _Allowed:
    """Rows and questions of the snapshot that belong to some places."""

    rows: np.ndarray
    questions: np.ndarray


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
        vectors: faiss.Index,
        has_vector: np.ndarray,
        postings: lexical.Postings,
        questions: faiss.Index,
        question_ids: np.ndarray,
        points: Points,
        places: Places,
    ) -> None:
        self.id = id
        self.delta_mark: tuple[int, int, int] | None = None
        self._base_ids = chunk_ids
        self._vectors, self._has_vector = vectors, has_vector
        self._postings = postings
        self._questions, self._base_question_ids = questions, question_ids
        self._points, self._places = points, places
        self._allowed: dict[frozenset[str], _Allowed] = {}
        self._parts: tuple[_Part, ...] = ()
        self.chunk_ids, self._question_ids = chunk_ids, question_ids

    def __len__(self) -> int:
        return len(self.chunk_ids)

    @property
    def embedded_share(self) -> float:
        return float(self._has_vector.mean()) if len(self._base_ids) else 0.0

    def without_segments(self) -> "Index":
        found = Index(
            id=self.id,
            chunk_ids=self._base_ids,
            vectors=self._vectors,
            has_vector=self._has_vector,
            postings=self._postings,
            questions=self._questions,
            question_ids=self._base_question_ids,
            points=self._points,
            places=self._places,
        )
        found._allowed = self._allowed
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
        found._question_ids = np.concatenate([self._question_ids, segment.question_ids])
        return found

    def _row_of(self, chunk_id: int) -> int:
        for part in self._parts:
            at = np.flatnonzero(part.segment.chunk_ids == chunk_id)
            if len(at):
                return part.first_row + int(at[0])
        row = int(np.searchsorted(self._base_ids, chunk_id))
        return row if row < len(self._base_ids) and self._base_ids[row] == chunk_id else -1

    def nearest(self, vector: np.ndarray, k: int) -> np.ndarray:
        """Rows of the `k` chunks of the snapshot nearest by cosine, best first."""
        return np.asarray(self._vectors.search(vector[None], k)[1][0])

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
            return Candidates(np.empty(0, np.int64), *(np.empty(0, np.float32) for _ in range(3)), np.empty(0, "S16"))
        allowed = self._of(frozenset(places)) if places is not None else None
        here = [
            np.isin(part.segment.places, list(places)) if places is not None else np.ones(len(part.segment), bool)
            for part in self._parts
        ]
        beside = [part.segment.vectors @ vector for part in self._parts]
        near, near_rows = _top(
            width,
            _searched(self._vectors, vector, width, allowed.rows if allowed else None),
            *((s[h], part.first_row + np.flatnonzero(h)) for s, h, part in zip(beside, here, self._parts, strict=True)),
        )
        bank_rows, bank, asked = self._bank(vector, width, allowed, here)
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
        dense, has = self._dense(rows, vector, near, near_rows, beside)
        dense[~has] = dense[has].min() if has.any() else 0.0
        return Candidates(
            chunk_ids=self.chunk_ids[rows],
            dense=dense,
            bank=_spread(rows, bank_rows, bank, np.zeros(len(rows), np.float32)),
            lexical=self._at(rows, word_scores) / (float(words.max(initial=0.0)) or 1.0),
            questions=_spread(rows, bank_rows, self._question_ids[asked], np.zeros(len(rows), "S16")),
        )

    def _of(self, places: frozenset[str]) -> _Allowed:
        found = self._allowed.get(places)
        if found is None:
            rows = self._places.among(places)
            questions = np.zeros(len(self._base_question_ids), bool)
            questions[self._points.question[rows[self._points.target]]] = True
            if len(self._allowed) >= _REMEMBERED:
                self._allowed.clear()
            found = self._allowed[places] = _Allowed(rows, questions)
        return found

    def _bank(
        self, vector: np.ndarray, width: int, allowed: _Allowed | None, here: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows that a near question points to, each once, with the best score and the question that gave it."""
        beside = (
            (part.segment.question_vectors @ vector, part.first_question + np.arange(len(part.segment.question_ids)))
            for part in self._parts
        )
        scores, found = _top(
            width, _searched(self._questions, vector, width, allowed.questions if allowed else None), *beside
        )
        rows, values, questions = [], [], []
        for first, points in ((0, self._points), *((p.first_question, p.points) for p in self._parts)):
            some = (found >= first) & (found < first + self._count(first))
            lo, hi = (np.searchsorted(points.question, found[some] - first, side=side) for side in ("left", "right"))
            lines = (
                np.concatenate([np.arange(a, b) for a, b in zip(lo, hi, strict=True)])
                if some.any()
                else np.empty(0, np.int64)
            )
            rows.append(points.target[lines])
            # The further articles of a question answer it a little less than the first.
            values.append(np.repeat(scores[some], hi - lo) - 0.005 * points.rank[lines])
            questions.append(np.repeat(found[some], hi - lo))
        row, value, question = (np.concatenate(x) for x in (rows, values, questions))
        if allowed:
            kept = np.concatenate([allowed.rows, *here])[row]
            row, value, question = row[kept], value[kept], question[kept]
        order = np.lexsort((-value, row))
        first_of_row = order[np.concatenate([[True], np.diff(row[order]) > 0])] if len(order) else order
        return row[first_of_row], value[first_of_row].astype(np.float32), question[first_of_row]

    def _count(self, first_question: int) -> int:
        return (
            len(self._base_question_ids)
            if first_question == 0
            else next(len(p.segment.question_ids) for p in self._parts if p.first_question == first_question)
        )

    def _dense(
        self,
        rows: np.ndarray,
        vector: np.ndarray,
        near: np.ndarray,
        near_rows: np.ndarray,
        beside: Sequence[np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray]:
        """Cosines of the rows, and which of them have a vector."""
        base = rows < len(self._base_ids)
        dense, has = np.zeros(len(rows), np.float32), np.ones(len(rows), bool)
        has[base] = self._has_vector[rows[base]]
        dense = _spread(rows, near_rows, near, dense)
        missing = np.flatnonzero(base & has & ~np.isin(rows, near_rows))
        if len(missing):
            dense[missing] = self._vectors.reconstruct_batch(rows[missing]) @ vector
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


def _searched(
    index: faiss.Index, vector: np.ndarray, width: int, allowed: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    count = index.ntotal if allowed is None else int(allowed.sum())
    if not count:
        return np.empty(0, np.float32), np.empty(0, np.int64)
    given: dict[str, faiss.SearchParameters] = {}
    if allowed is not None:
        bits = np.packbits(allowed, bitorder="little")
        chosen = faiss.IDSelectorBitmap(bits)
        cells = getattr(index, "nlist", 0)
        given["params"] = (
            faiss.SearchParametersIVF(sel=chosen, nprobe=cells if count <= _EXACT_AMONG else _PROBES)
            if cells
            else faiss.SearchParameters(sel=chosen)
        )
    scores, rows = index.search(vector[None], min(width, count), **given)
    return scores[0][rows[0] >= 0], rows[0][rows[0] >= 0]


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


class Writer:
    """A snapshot being written beside the live one, piece by piece; nobody sees it before `finish`, and it isn't live
    until `publish`.

    Vectors wait on disk as float16, so memory doesn't grow with their number.
    """

    def __init__(self, root: Path) -> None:
        self.id = f"{time.time_ns() // 1_000_000}-{os.getpid()}"
        self._root = root
        self._folder = root / f".{self.id}.building"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._lexical = lexical.Builder(self._folder / "lexical")
        self._ids: list[np.ndarray] = []
        self._has: list[np.ndarray] = []
        self._codes: list[np.ndarray] = []
        self._places: dict[str, int] = {}
        self._question_ids: list[str] = []
        self._points: list[tuple[int, int, int]] = []
        self.chunks = 0

    def add(
        self,
        *,
        chunk_ids: np.ndarray,
        texts: Sequence[str],
        places: Sequence[str],
        vectors: np.ndarray,
        has_vector: np.ndarray,
    ) -> None:
        """Chunks by ascending id.

        `vectors` (n, 384) with zero rows where `has_vector` is False: those are found by BM25 alone.
        """
        self._append("chunks", vectors)
        self._lexical.add(texts)
        self._ids.append(chunk_ids.astype(np.int64))
        self._has.append(has_vector)
        self._codes.append(np.array([self._places.setdefault(p, len(self._places)) for p in places], np.uint16))
        self.chunks += len(chunk_ids)

    def add_questions(self, *, ids: Sequence[str], vectors: np.ndarray, points: Sequence[tuple[int, int, int]]) -> None:
        """`points`: (place among `ids`, row of the chunk, rank)."""
        first = len(self._question_ids)
        self._append("questions", vectors)
        self._question_ids += ids
        self._points += [(first + question, row, rank) for question, row, rank in points]

    def _append(self, name: str, vectors: np.ndarray) -> None:
        with (self._folder / f"{name}.f16").open("ab") as out:
            vectors.astype(np.float16).tofile(out)

    def finish(self, *, versions: np.ndarray, meta: dict[str, object]) -> str:
        for name in ("chunks", "questions"):
            path = self._folder / f"{name}.f16"
            faiss.write_index(
                _vector_index(
                    np.memmap(path, np.float16, "r").reshape(-1, DIM)
                    if path.exists() and path.stat().st_size
                    else np.empty((0, DIM), np.float16)
                ),
                str(self._folder / f"{name}.faiss"),
            )
            path.unlink(missing_ok=True)
        has_vector = np.concatenate([np.empty(0, bool), *self._has])
        points = Points.of(self._points)
        np.savez(
            self._folder / "rows.npz",
            chunk_ids=np.concatenate([np.empty(0, np.int64), *self._ids]),
            has_vector=has_vector,
            question_ids=np.array(self._question_ids, "S16"),
            places=np.array(list(self._places), "U40"),
            place_codes=np.concatenate([np.empty(0, np.uint16), *self._codes]),
            point_question=points.question,
            point_target=points.target,
            point_rank=points.rank,
        )
        np.save(self._folder / "versions.npy", np.unique(versions.astype(np.int64)))
        told = {
            **meta,
            "format": FORMAT,
            "lexical": self._lexical.finish(),
            "chunks": self.chunks,
            "embedded": int(has_vector.sum()),
            "questions": len(self._question_ids),
        }
        (self._folder / "meta.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        self._folder.rename(self._root / self.id)
        return self.id


def _vector_index(vectors: np.ndarray) -> faiss.Index:
    """Of float16 rows, taken a block at a time."""
    if len(vectors) <= _EXACT_UP_TO:
        index: faiss.Index = faiss.IndexFlatIP(DIM)
    else:
        cells = int(4 * np.sqrt(len(vectors)))
        index = faiss.index_factory(DIM, f"IVF{cells},SQfp16", faiss.METRIC_INNER_PRODUCT)
        index.train(
            vectors[np.sort(np.random.default_rng(0).permutation(len(vectors))[: 40 * cells])].astype(np.float32)
        )
        index.nprobe = _PROBES
        index.make_direct_map()
    for at in range(0, len(vectors), _BLOCK):
        index.add(vectors[at : at + _BLOCK].astype(np.float32))
    return index


def publish(root: Path, snapshot: str) -> None:
    """Make it live by one atomic replace; everything but the live and the former snapshot is removed."""
    former = current_id(root)
    pointer = root / f".current.{os.getpid()}"
    pointer.write_text(snapshot)
    os.replace(pointer, root / "current")
    for folder in root.iterdir():
        if folder.is_dir() and folder.name not in (snapshot, former):
            shutil.rmtree(folder, ignore_errors=True)


def current_id(root: Path) -> str | None:
    try:
        return (root / "current").read_text().strip()
    except FileNotFoundError:
        return None


def load(root: Path, snapshot: str | None = None) -> Index:
    """The live snapshot, or the one named, with what was published since. Raises SnapshotUnavailable."""
    snapshot = snapshot or current_id(root)
    if snapshot is None:
        raise SnapshotUnavailable("no snapshot has been built yet; run `linli kb build`")
    folder = root / snapshot
    try:
        told = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if told.get("format") != FORMAT:
            raise SnapshotUnavailable(f"the snapshot {snapshot} is of an older format; run `linli kb build`")
        with np.load(folder / "rows.npz") as rows:
            found = Index(
                id=snapshot,
                chunk_ids=rows["chunk_ids"],
                vectors=faiss.read_index(str(folder / "chunks.faiss"), faiss.IO_FLAG_MMAP_IFC),
                has_vector=rows["has_vector"],
                postings=lexical.read(folder / "lexical", **told["lexical"]),
                questions=faiss.read_index(str(folder / "questions.faiss"), faiss.IO_FLAG_MMAP_IFC),
                question_ids=rows["question_ids"],
                points=Points(rows["point_question"], rows["point_target"], rows["point_rank"]),
                places=Places(rows["places"], rows["place_codes"]),
            )
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise SnapshotUnavailable(f"the snapshot {snapshot} can't be read: {error}") from error
    return refreshed(found, root)


def refreshed(loaded: Index, root: Path) -> Index:
    """The same, or one with the newer delta if there is one. Costs one `stat` when nothing changed."""
    mark = segments.mark(root / loaded.id)
    if mark == loaded.delta_mark:
        return loaded
    fresh = loaded.without_segments()
    delta = segments.read(root / loaded.id)
    fresh = fresh.plus(delta) if len(delta.versions) else fresh
    fresh.delta_mark = mark
    return fresh


def meta(root: Path, snapshot: str | None = None) -> dict[str, object]:
    snapshot = snapshot or current_id(root)
    return json.loads((root / snapshot / "meta.json").read_text(encoding="utf-8")) if snapshot else {}


@contextlib.contextmanager
def locked(root: Path, what: str, *, wait: bool = True) -> Iterator[bool]:
    """One process of this machine at a time; False where `wait` is False and another one is at it.

    A killed process holds nothing.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / f".{what}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
