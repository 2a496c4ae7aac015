"""Vectors kept by hash."""

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from knowledge.encoder.embedding import DIM, Embedder, Progress
from knowledge.normalise import content_hash

log = logging.getLogger("linli.encoder")

_PIECE = 1_024  # texts: enough for all cores


class VectorCache:
    """Vectors by (model, SHA-256 of the text), kept outside the checkout so that a second clone embeds nothing.

    Stored as float16: the cosine of a rounded vector to its original is above 0.99999.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        try:
            self._db = _opened(path)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._db = _afresh(path, error)
        self._inode = path.stat().st_ino

    def get(self, model: str, hashes: Iterable[str]) -> dict[str, np.ndarray]:
        """Those that are known; none of a file that is damaged, which is begun anew."""
        try:
            return self._get(model, list(dict.fromkeys(hashes)))
        except sqlite3.DatabaseError as error:
            self._heal(error)
            return {}

    def _get(self, model: str, wanted: Sequence[str]) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        for at in range(0, len(wanted), 500):
            part = wanted[at : at + 500]
            marks = ",".join("?" * len(part))
            for key, row in self._db.execute(
                f"SELECT hash, row FROM vector WHERE model = ? AND hash IN ({marks})", [model, *part]
            ):
                found[key] = np.frombuffer(row, np.float16).astype(np.float32)
        return found

    def put(self, model: str, rows: dict[str, np.ndarray]) -> None:
        try:
            self._put(model, rows)
        except sqlite3.DatabaseError as error:
            self._heal(error)
            self._put(model, rows)

    def _put(self, model: str, rows: dict[str, np.ndarray]) -> None:
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO vector VALUES (?, ?, ?)",
                [(model, key, row.astype(np.float16).tobytes()) for key, row in rows.items()],
            )

    def _heal(self, error: sqlite3.DatabaseError) -> None:
        """Raises what isn't damage."""
        if not _is_damage(error):
            raise error
        self._db.close()
        is_same = self._path.exists() and self._path.stat().st_ino == self._inode
        # another process may have begun it anew already
        self._db = _afresh(self._path, error) if is_same else _opened(self._path)
        self._inode = self._path.stat().st_ino

    def close(self) -> None:
        self._db.close()


def _opened(path: Path) -> sqlite3.Connection:
    opened = sqlite3.connect(path, timeout=30, check_same_thread=False)
    try:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute(
            "CREATE TABLE IF NOT EXISTS vector (model TEXT, hash TEXT, row BLOB, PRIMARY KEY (model, hash)) "
            "WITHOUT ROWID"
        )
        opened.execute("SELECT 1 FROM vector LIMIT 1").fetchone()
    except sqlite3.Error:
        opened.close()
        raise
    return opened


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """SQLITE_CORRUPT and SQLITE_NOTADB, not a lock or a full disk, whose classes are below."""
    return type(error) is sqlite3.DatabaseError


def _afresh(path: Path, error: sqlite3.DatabaseError) -> sqlite3.Connection:
    """The damaged file beside, an empty one in its place: vectors can be computed again."""
    log.error("%s is damaged and begun anew: %s", path, error)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    if path.exists():
        path.replace(path.with_name(f"{path.name}.damaged"))
    return _opened(path)


def embed_cached(
    texts: Sequence[str], *, embedder: Embedder, cache: VectorCache, progress: Progress | None = None
) -> np.ndarray:
    """Passage vectors of `texts` in order, (n, 384) float32. Computes only what the cache lacks, in pieces that are
    kept at once, so an interrupted run goes on from where it stopped. `progress(step, total)` counts computed texts
    only.
    """
    hashes = [content_hash(t) for t in texts]
    known = cache.get(embedder.name, hashes)
    missing = {h: t for h, t in zip(hashes, texts, strict=True) if h not in known}
    keys = sorted(missing, key=lambda h: len(missing[h]))
    for at in range(0, len(keys), _PIECE):
        part = keys[at : at + _PIECE]
        rows = embedder.encode_passages([missing[h] for h in part])
        fresh = dict(zip(part, rows, strict=True))
        cache.put(embedder.name, fresh)
        known |= fresh
        if progress:
            progress(len(part), len(keys))
    return np.stack([known[h] for h in hashes]) if hashes else np.empty((0, DIM), np.float32)
