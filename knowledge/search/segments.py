"""What was published since the snapshot."""

import logging
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from knowledge.search import lexical

log = logging.getLogger("linli.index")

FILE = "delta.npz"
DIM = 384


@dataclass(frozen=True)
class Points:
    """Which chunks a question points to. One line a pair: `question` is its place in the list, `target` a chunk's id
    (in a delta) or row (in a snapshot), `rank` which of the question's answers that is, from 0.
    """

    question: np.ndarray
    target: np.ndarray
    rank: np.ndarray

    @classmethod
    def of(cls, triples: Sequence[tuple[int, int, int]]) -> "Points":
        table = np.array(triples, np.int64).reshape(-1, 3)
        table = table[np.argsort(table[:, 0], kind="stable")]
        return cls(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy())


@dataclass(frozen=True)
class Segment:
    """Chunks beside a snapshot. `vectors` (n, 384) and `question_vectors` (q, 384) float32, normalised."""

    versions: np.ndarray
    chunk_ids: np.ndarray
    chunk_versions: np.ndarray
    marks: np.ndarray  # uint64, of the words
    places: np.ndarray  # U40, a chunk's place
    vectors: np.ndarray
    terms: lexical.Terms
    question_ids: np.ndarray  # S16, the bank's ids
    question_vectors: np.ndarray
    points: Points

    def __len__(self) -> int:
        return len(self.chunk_ids)

    def __repr__(self) -> str:
        return f"Segment({len(self.versions)} versions, {len(self)} chunks, {len(self.question_ids)} questions)"


def segment(
    *,
    versions: Sequence[int],
    chunk_ids: Sequence[int],
    chunk_versions: Sequence[int],
    marks: Sequence[int],
    places: Sequence[str],
    texts: Sequence[str],
    vectors: np.ndarray,
    question_ids: Sequence[str],
    question_vectors: np.ndarray,
    points: Sequence[tuple[int, int, int]],
) -> Segment:
    """`texts` as they are embedded; `points`: (place of the question, chunk id, rank)."""
    return Segment(
        np.array(versions, np.int64),
        np.array(chunk_ids, np.int64),
        np.array(chunk_versions, np.int64),
        np.array(marks, np.uint64),
        np.array(places, "U40"),
        vectors,
        lexical.terms(texts),
        np.array(question_ids, "S16"),
        question_vectors,
        Points.of(points),
    )


EMPTY = segment(
    versions=[],
    chunk_ids=[],
    chunk_versions=[],
    marks=[],
    places=[],
    texts=[],
    vectors=np.empty((0, DIM), np.float32),
    question_ids=[],
    question_vectors=np.empty((0, DIM), np.float32),
    points=[],
)


def write(folder: Path, delta: Segment) -> None:
    arrays = {
        f.name: getattr(delta, f.name)
        for f in fields(delta)
        if f.name not in ("terms", "points", "vectors", "question_vectors")
    }
    arrays |= {f"terms_{f.name}": getattr(delta.terms, f.name) for f in fields(delta.terms)}
    arrays |= {f"points_{f.name}": getattr(delta.points, f.name) for f in fields(delta.points)}
    arrays |= {name: getattr(delta, name).astype(np.float16) for name in ("vectors", "question_vectors")}
    fresh = folder / f".delta.{os.getpid()}.npz"
    np.savez(fresh, **arrays)
    fresh.replace(folder / FILE)


def read(folder: Path) -> Segment:
    """EMPTY where nothing has been published since the snapshot.

    One that can't be read counts as none: the worker writes it anew.
    """
    try:
        with np.load(folder / FILE) as file:
            named = {name: file[name] for name in file.files}
        return Segment(
            **{
                f.name: named[f.name]
                for f in fields(Segment)
                if f.name not in ("terms", "points", "vectors", "question_vectors")
            },
            vectors=named["vectors"].astype(np.float32),
            question_vectors=named["question_vectors"].astype(np.float32),
            terms=lexical.Terms(**{f.name: named[f"terms_{f.name}"] for f in fields(lexical.Terms)}),
            points=Points(**{f.name: named[f"points_{f.name}"] for f in fields(Points)}),
        )
    except FileNotFoundError:
        return EMPTY
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s can't be read: %s", folder / FILE, error)
        return EMPTY


def mark(folder: Path) -> tuple[int, int, int] | None:
    """Changes whenever the delta does; None where there is none. One `stat`."""
    try:
        found = (folder / FILE).stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
