"""Vectors kept by hash."""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from knowledge.encoder.embedding import DIM, Embedder, Progress
from knowledge.normalise import content_hash


class VectorCache:
    """Vectors by (model, SHA-256 of the text), kept outside the checkout so that a second clone embeds nothing.

    Stored as float16: the cosine of a rounded vector to its original is above 0.99999.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=30, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS vector (model TEXT, hash TEXT, row BLOB, PRIMARY KEY (model, hash)) "
            "WITHOUT ROWID"
        )

    def get(self, model: str, hashes: Iterable[str]) -> dict[str, np.ndarray]:
        wanted = list(dict.fromkeys(hashes))
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
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO vector VALUES (?, ?, ?)",
                [(model, key, row.astype(np.float16).tobytes()) for key, row in rows.items()],
            )

    def close(self) -> None:
        self._db.close()


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
    for at in range(0, len(keys), 256):
        part = keys[at : at + 256]
        rows = embedder.encode_passages([missing[h] for h in part])
        fresh = dict(zip(part, rows, strict=True))
        cache.put(embedder.name, fresh)
        known |= fresh
        if progress:
            progress(len(part), len(keys))
    return np.stack([known[h] for h in hashes]) if hashes else np.empty((0, DIM), np.float32)
