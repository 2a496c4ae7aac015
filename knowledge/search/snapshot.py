"""A snapshot on disk: written, published, loaded."""

import contextlib
import fcntl
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.errors import SnapshotUnavailable, VectorsAway
from knowledge.normalise import file_hash
from knowledge.search import lexical, segments
from knowledge.search.index import FORMAT, Index, Places
from knowledge.search.segments import DIM, Points
from knowledge.search.vectors.base import Engine, Part, Vectors
from knowledge.search.vectors.engines import FAISS

log = logging.getLogger("linli.index")

# `published`: it passed its golden questions; `damaged`: somebody found it so
_META, _PUBLISHED, _DAMAGED = "meta.json", "published", "damaged"
_PARTS = ("chunks", "questions")


class Writer:
    """A snapshot being written beside the live one, piece by piece; nobody sees it before `finish`, and it isn't live
    until `publish`.

    Vectors wait on disk as float16, so memory doesn't grow with their number.
    """

    def __init__(self, root: Path, *, engine: Engine = FAISS) -> None:
        self._engine = engine
        self.id = f"{time.time_ns() // 1_000_000}-{os.getpid()}"
        self._root = root
        self._folder = root / f".{self.id}.building"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._lexical = lexical.Builder(self._folder / "lexical")
        self._ids: list[np.ndarray] = []
        self._marks: list[np.ndarray] = []
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
        marks: np.ndarray,
        texts: Sequence[str],
        places: Sequence[str],
        vectors: np.ndarray,
        has_vector: np.ndarray,
    ) -> None:
        """Chunks by ascending id, each with the mark of its words.

        `vectors` (n, 384) with zero rows where `has_vector` is False: those are found by BM25 alone.
        """
        self._append("chunks", vectors)
        self._lexical.add(texts)
        self._ids.append(chunk_ids.astype(np.int64))
        self._marks.append(marks.astype(np.uint64))
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

    def _write_vectors(self, has_vector: np.ndarray, points: Points) -> None:
        """Raises VectorsAway."""
        names, codes = list(self._places), np.concatenate([np.empty(0, np.uint16), *self._codes])
        targets: list[set[str]] = [set() for _ in self._question_ids]
        for question, row in zip(points.question.tolist(), points.target.tolist(), strict=True):
            targets[question].add(names[codes[row]])
        held = {"chunks": has_vector, "questions": np.ones(len(self._question_ids), bool)}
        places: dict[str, Iterable[Collection[str]]] = {
            "chunks": ((names[code],) for code in codes),
            "questions": (sorted(some) for some in targets),
        }
        for name in _PARTS:
            path = self._folder / f"{name}.f16"
            waiting = path.exists() and path.stat().st_size > 0
            rows = np.memmap(path, np.float16, "r").reshape(-1, DIM) if waiting else np.empty((0, DIM), np.float16)
            part = Part(self._folder, self.id, name, int(held[name].sum()))
            self._engine.write(part, rows, held=held[name], places=places[name])
            path.unlink(missing_ok=True)

    def finish(self, *, versions: np.ndarray, meta: dict[str, object]) -> str:
        has_vector = np.concatenate([np.empty(0, bool), *self._has])
        points = Points.of(self._points)
        self._write_vectors(has_vector, points)
        np.savez(
            self._folder / "rows.npz",
            chunk_ids=np.concatenate([np.empty(0, np.int64), *self._ids]),
            marks=np.concatenate([np.empty(0, np.uint64), *self._marks]),
            has_vector=has_vector,
            question_ids=np.array(self._question_ids, "S16"),
            places=np.array(list(self._places), "U40"),
            place_codes=np.concatenate([np.empty(0, np.uint16), *self._codes]),
            point_question=points.question,
            point_target=points.target,
            point_rank=points.rank,
        )
        np.save(self._folder / "versions.npy", np.unique(versions.astype(np.int64)))
        postings = self._lexical.finish()
        files = _summed(self._folder)
        told = {
            **meta,
            "format": FORMAT,
            "vectors": self._engine.name,
            "lexical": postings,
            "chunks": self.chunks,
            "embedded": int(has_vector.sum()),
            "questions": len(self._question_ids),
            "files": files,
        }
        (self._folder / _META).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        for path in (*(self._folder / name for name in files), self._folder / _META, self._folder):
            _on_disk(path)
        self._folder.rename(self._root / self.id)
        return self.id


def _summed(folder: Path) -> dict[str, dict[str, int | str]]:
    """Size and SHA-256 of each file."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): {"size": p.stat().st_size, "sha256": file_hash(p)} for p in files}


def _on_disk(path: Path) -> None:
    """Not only in the memory of a machine whose power may fail."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(root: Path, snapshot: str, *, engine: Engine = FAISS) -> None:
    """Make it live by one atomic replace; everything but the live and the former snapshot is removed."""
    former = current_id(root)
    (root / snapshot / _PUBLISHED).touch()
    pointer = root / f".current.{os.getpid()}"
    pointer.write_text(snapshot)
    _on_disk(pointer)
    pointer.replace(root / "current")
    _on_disk(root)
    kept = (snapshot, former if former and not (root / former / _DAMAGED).exists() else _former(root, snapshot))
    for folder in root.iterdir():
        if folder.is_dir() and folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)
    try:
        engine.keep([one for one in kept if one])
    except VectorsAway as error:  # the next publication finds them
        log.warning("old vectors stay for now: %s", error)


def _former(root: Path, snapshot: str) -> str | None:
    """The newest whole one beside this."""
    return next((one for one in kept_ids(root) if one != snapshot and not (root / one / _DAMAGED).exists()), None)


def current_id(root: Path) -> str | None:
    try:
        return (root / "current").read_text().strip() or None
    except (OSError, ValueError):  # not there, or no words
        return None


def kept_ids(root: Path) -> list[str]:
    """The live snapshot first, then others that were live, newest first; none that was built and refused."""
    live = current_id(root)
    folders = [p for p in root.iterdir() if p.is_dir()] if root.is_dir() else []
    were_live = [p.name for p in folders if p.name == live or (p / _PUBLISHED).exists()]
    return sorted(were_live, key=lambda name: (name == live, name), reverse=True)


def damage(folder: Path, *, thorough: bool = True) -> str | None:
    """What is wrong with a snapshot's files; None for a whole one of today's format.

    Sizes are always compared, checksums if `thorough` (0.1 s for 60 MB).
    """
    told = _told(folder)
    if told is None:
        return f"{_META} can't be read"
    if told.get("format") != FORMAT:
        return "it is of another format"
    try:
        for name, kept in told["files"].items():
            path = folder / name
            if path.stat().st_size != kept["size"]:
                return f"{name} has another size than when it was written"
            if thorough and file_hash(path) != kept["sha256"]:
                return f"{name} holds other bytes than when it was written"
    except (OSError, KeyError, TypeError, AttributeError) as error:
        return str(error)
    return "it was found damaged before" if (folder / _DAMAGED).exists() else None


def sizes(folder: Path) -> dict[Path, int]:
    """Of the files that a loaded index looks into: one that is cut short under it would end the process."""
    told = _told(folder) or {}
    return {folder / name: int(kept["size"]) for name, kept in told.get("files", {}).items()}


def report_damage(folder: Path, what: str) -> None:
    """So that the worker builds anew; told once."""
    if (folder / _DAMAGED).exists():
        return
    log.error("the snapshot %s is damaged: %s", folder.name, what)
    with contextlib.suppress(OSError):
        (folder / _DAMAGED).write_text(what)


def load(
    root: Path,
    snapshot: str | None = None,
    *,
    engine: Engine = FAISS,
    fits: Callable[[Index], bool] = lambda _: True,
) -> Index:
    """The live snapshot, or the one named, with what was published since. Raises SnapshotUnavailable.

    `engine`: where its vectors are searched, unless they lie in its own files.

    Where the live one is damaged, the one kept from before it answers until the worker has built another. `fits`:
    whether it was made from the database that it is to be used with.
    """
    if snapshot is not None:
        return _loaded(root, snapshot, engine)
    live = current_id(root)
    reasons = []
    for one in kept_ids(root):
        try:
            found = _loaded(root, one, engine)
        except SnapshotUnavailable as error:
            reasons.append(str(error))
            if one == live:
                report_damage(root / one, str(error))
            continue
        if not fits(found):
            reasons.append(f"the snapshot {one} was made from another database or another day of it")
            report_damage(root / one, reasons[-1])
            continue
        if one != live:
            log.error("the snapshot %s isn't used, %s answers in its place: %s", live, one, "; ".join(reasons))
        return found
    raise SnapshotUnavailable("; ".join(reasons) or "no snapshot has been built yet; run `linli kb build`")


def _loaded(root: Path, snapshot: str, engine: Engine) -> Index:
    folder = root / snapshot
    if wrong := damage(folder):
        raise SnapshotUnavailable(f"the snapshot {snapshot} can't be used, run `linli kb build`: {wrong}")
    try:
        told = meta(root, snapshot)
        chunks, questions = _vectors(folder, told, engine)
        with np.load(folder / "rows.npz") as rows:
            found = Index(
                id=snapshot,
                chunk_ids=rows["chunk_ids"],
                marks=rows["marks"],
                vectors=chunks,
                has_vector=rows["has_vector"],
                postings=lexical.read(folder / "lexical", **told["lexical"]),
                questions=questions,
                question_ids=rows["question_ids"],
                points=Points(rows["point_question"], rows["point_target"], rows["point_rank"]),
                places=Places(rows["places"], rows["place_codes"]),
            )
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise SnapshotUnavailable(f"the snapshot {snapshot} can't be read: {error}") from error
    return refreshed(found, root)


def _vectors(folder: Path, told: dict[str, Any], engine: Engine) -> list[Vectors]:
    """Of chunks and questions. Raises SnapshotUnavailable, and what reading raises."""
    engines = {one.name: one for one in (FAISS, engine)}
    kept_by = engines.get(str(told.get("vectors", FAISS.name)))
    if kept_by is None:
        raise SnapshotUnavailable(
            f"the vectors of {folder.name} lie in {told['vectors']}, which LINLI_SEARCH doesn't name"
        )
    return [kept_by.read(part) for part in _parts(folder, told)]


def _parts(folder: Path, told: dict[str, Any]) -> list[Part]:
    counts = (told["embedded"], told["questions"])
    return [Part(folder, folder.name, name, int(count)) for name, count in zip(_PARTS, counts, strict=True)]


def lost(root: Path, *, engine: Engine) -> str | None:
    """Why the live snapshot's vectors must be built anew although its files are whole: they lie elsewhere than they
    should, or are gone. Raises VectorsAway.
    """
    live = current_id(root)
    told = (_told(root / live) if live else None) or {}
    if live is None or "embedded" not in told:
        return None
    if (kept_by := told.get("vectors", FAISS.name)) != engine.name:
        return f"its vectors lie in {kept_by} and should in {engine.name}"
    return next((wrong for part in _parts(root / live, told) if (wrong := engine.trouble(part))), None)


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


def meta(root: Path, snapshot: str | None = None) -> dict[str, Any]:
    """What was written beside it; empty where there is none, or none that can be read."""
    snapshot = snapshot or current_id(root)
    return (_told(root / snapshot) or {}) if snapshot else {}


def _told(folder: Path) -> dict[str, Any] | None:
    try:
        told = json.loads((folder / _META).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


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
