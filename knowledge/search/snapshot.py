"""A snapshot on disk: written, published, loaded."""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from knowledge.errors import SnapshotUnavailable
from knowledge.search import lexical, segments, vectors
from knowledge.search.index import FORMAT, Index, Places
from knowledge.search.segments import DIM, Points


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
            waiting = path.exists() and path.stat().st_size > 0
            rows = np.memmap(path, np.float16, "r").reshape(-1, DIM) if waiting else np.empty((0, DIM), np.float16)
            vectors.write(vectors.built(rows), self._folder / f"{name}.faiss")
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


def publish(root: Path, snapshot: str) -> None:
    """Make it live by one atomic replace; everything but the live and the former snapshot is removed."""
    former = current_id(root)
    pointer = root / f".current.{os.getpid()}"
    pointer.write_text(snapshot)
    pointer.replace(root / "current")
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
                vectors=vectors.read(folder / "chunks.faiss"),
                has_vector=rows["has_vector"],
                postings=lexical.read(folder / "lexical", **told["lexical"]),
                questions=vectors.read(folder / "questions.faiss"),
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
    if snapshot is None:
        return {}
    told: dict[str, object] = json.loads((root / snapshot / "meta.json").read_text(encoding="utf-8"))
    return told


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
