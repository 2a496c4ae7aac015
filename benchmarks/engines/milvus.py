"""FAISS and Milvus beside each other over the same made-up vectors; called by `python -m benchmarks.search --milvus`.

Milvus is the server named by LINLI_TEST_MILVUS, else a throw-away one. Each question is asked of both, one after the
other, so that a busy machine is busy for both. Recall is against exact search over the
vectors before they were rounded.
"""

import os
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.search.vectors.base import Among, Engine, Part, Vectors
from knowledge.search.vectors.engines import FAISS, engine_of
from tests.scale import milvus as milvus_server

_QUERIES, _K = 200, 10
_PLACES = 50  # as villages of a township; a tenth of the texts are of the nation, the rest of one of them
_WIDTH = 150  # as a search asks


@dataclass(frozen=True)
class Asked:
    """`vectors` (q, 384); `exact`, `exact_own`: rows of the ten nearest of all, and among one village's; `own`: it."""

    vectors: np.ndarray
    exact: list[set[int]]
    exact_own: list[set[int]]
    own: Among


def compare(vectors: np.ndarray) -> dict[str, object]:
    """`vectors` (n, 384) float32, normalised."""
    rng = np.random.default_rng(len(vectors))
    names = np.array(["nation", *(f"village-{i}" for i in range(_PLACES))])
    places = names[np.where(rng.random(len(vectors)) < 0.1, 0, rng.integers(1, _PLACES + 1, len(vectors)))]
    asked = _asked(vectors, places, rng)
    with tempfile.TemporaryDirectory() as folder, _server() as address:
        engines = {"faiss": FAISS, "milvus": engine_of(f"milvus+{address}", Path(folder))}
        told: dict[str, dict[str, object]] = {}
        loaded = {}
        for name, engine in engines.items():
            started = time.perf_counter()
            loaded[name] = _written(engine, Path(folder), vectors, places)
            told[name] = {"build_s": round(time.perf_counter() - started, 1)}
        for filtered in (False, True):
            for name, figures in _measured(loaded, asked, filtered=filtered).items():
                told[name].update({f"own_{key}" if filtered else key: value for key, value in figures.items()})
        engines["milvus"].keep([])
    return {"vectors": len(vectors), **told}


@contextmanager
def _server() -> Iterator[str]:
    named = os.environ.get("LINLI_TEST_MILVUS")
    if named:
        yield named
        return
    with milvus_server.server() as address:
        yield address


def _asked(vectors: np.ndarray, places: np.ndarray, rng: np.random.Generator) -> Asked:
    queries = vectors[rng.integers(0, len(vectors), _QUERIES)]
    queries = queries + 0.02 * rng.standard_normal(queries.shape, dtype=np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    wanted = frozenset({"nation", "village-1"})
    own = Among(np.isin(places, list(wanted)), wanted)
    rows = np.flatnonzero(own.rows)
    here = vectors[rows]
    return Asked(
        queries,
        [_nearest(vectors, np.arange(len(vectors)), query) for query in queries],
        [_nearest(here, rows, query) for query in queries],
        own,
    )


def _nearest(vectors: np.ndarray, rows: np.ndarray, query: np.ndarray) -> set[int]:
    return set(rows[np.argpartition(-(vectors @ query), _K)[:_K]].tolist())


def _written(engine: Engine, folder: Path, vectors: np.ndarray, places: np.ndarray) -> Vectors:
    part = Part(folder, "1-1", "chunks", len(vectors))
    listed: list[Collection[str]] = [(str(place),) for place in places]
    engine.write(part, vectors.astype(np.float16), held=np.ones(len(vectors), bool), places=listed)
    return engine.read(part)


def _measured(loaded: dict[str, Vectors], asked: Asked, *, filtered: bool) -> dict[str, dict[str, float]]:
    exact, among = (asked.exact_own, asked.own) if filtered else (asked.exact, None)
    times: dict[str, list[float]] = {name: [] for name in loaded}
    hits: dict[str, list[float]] = {name: [] for name in loaded}
    for vectors in loaded.values():
        for query in asked.vectors[:10]:
            vectors.near(query, _WIDTH, among)
    for query, nearest in zip(asked.vectors, exact, strict=True):
        for name, vectors in loaded.items():
            started = time.perf_counter()
            rows = vectors.near(query, _WIDTH, among)[1]
            times[name].append(1000 * (time.perf_counter() - started))
            hits[name].append(len(nearest & set(rows[:_K].tolist())) / _K)
    return {
        name: {
            "recall_at_10": round(float(np.mean(hits[name])), 4),
            "p50_ms": round(float(np.percentile(times[name], 50)), 2),
            "p95_ms": round(float(np.percentile(times[name], 95)), 2),
        }
        for name in loaded
    }
