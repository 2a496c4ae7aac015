"""Search over made-up chunks: our index against numpy brute force and BM25 alone in the same run.

    python -m benchmarks.search [--sizes 10000 100000 1000000] [--milvus]

Vectors are drawn around centres, as texts on one matter lie together; texts are drawn from the character pairs of the
statutes installed here. Recall is against exact search over the same vectors. Ends with one line of JSON.

`--milvus`: vectors alone, on FAISS and Milvus beside each other, which needs neither statutes nor a model.
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sqlalchemy import select

from benchmarks.engines import milvus
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from knowledge.documents.models import Chunk
from knowledge.encoder.embedding import DIM
from knowledge.search import lexical
from knowledge.search import snapshot as search_snapshot

_QUERIES = 50


def texts_like_ours(settings: Settings, count: int, rng: np.random.Generator) -> list[str]:
    with make_sessions(make_engine(settings.url))() as session:
        real = [t[:200] for t in session.scalars(select(Chunk.text).order_by(Chunk.id).limit(20_000))]
    if count <= len(real):
        return real[:count]
    pieces = [t[i : i + 12] for t in real for i in range(0, min(len(t), 120), 12)]
    drawn = rng.integers(0, len(pieces), (count - len(real), 5))
    return real + ["".join(pieces[i] for i in row) for row in drawn]


def clustered(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 384) float32, normalised: 1 centre for 100 rows, cosine of neighbours about .85 as among real
    articles.
    """
    centres = rng.standard_normal((max(1, count // 100), DIM), dtype=np.float32)
    rows = centres[rng.integers(0, len(centres), count)] + 0.42 * rng.standard_normal((count, DIM), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def timed(call: Callable[[int], object]) -> tuple[float, float]:
    """p50 and p95 in ms."""
    times = []
    for i in range(_QUERIES):
        started = time.perf_counter()
        call(i)
        times.append(1000 * (time.perf_counter() - started))
    return round(statistics.median(times), 2), round(statistics.quantiles(times, n=20)[-1], 2)


def measure(settings: Settings, size: int, root: Path) -> dict[str, object]:
    rng = np.random.default_rng(size)
    vectors = clustered(size, rng)
    texts = texts_like_ours(settings, size, rng)
    started = time.perf_counter()
    writer = search_snapshot.Writer(root)
    for at in range(0, size, 20_000):
        some = slice(at, min(size, at + 20_000))
        writer.add(
            chunk_ids=np.arange(size)[some],
            marks=np.arange(size)[some],
            texts=texts[some],
            places=["nation"] * (some.stop - at),
            vectors=vectors[some],
            has_vector=np.ones(some.stop - at, bool),
        )
    writer.add_questions(
        ids=[f"{i:016x}" for i in range(7000)], vectors=vectors[:7000], points=[(i, i, 0) for i in range(7000)]
    )
    snapshot = writer.finish(versions=np.arange(1), meta={})
    build_s = time.perf_counter() - started
    live = search_snapshot.load(root, snapshot)
    queries = vectors[rng.integers(0, size, _QUERIES)] + 0.02 * rng.standard_normal((_QUERIES, DIM), dtype=np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    words = [texts[i][:20] for i in rng.integers(0, size, _QUERIES)]
    found = [live.nearest(q, 10) for q in queries]
    exact = [set(np.argpartition(-(vectors @ q), 10)[:10].tolist()) for q in queries]
    words_only = lexical.read(root / snapshot / "lexical", **search_snapshot.meta(root, snapshot)["lexical"])
    ours = timed(lambda i: live.search(words[i], queries[i]))
    brute = timed(lambda i: np.argpartition(-(vectors @ queries[i]), 10)[:10])
    plain = timed(lambda i: words_only.scores(lexical.pairs(words[i]), size))
    return {
        "chunks": size,
        "p50_ms": ours[0],
        "p95_ms": ours[1],
        "numpy_p50_ms": brute[0],
        "bm25_p50_ms": plain[0],
        "recall_at_10": round(
            float(np.mean([len(set(f.tolist()) & e) / 10 for f, e in zip(found, exact, strict=True)])), 4
        ),
        "build_per_s": round(size / build_s),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Search latency, recall and build rate by size.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--milvus", action="store_true", help="FAISS and Milvus beside each other, vectors alone")
    args = parser.parse_args()
    if args.milvus:
        for size in args.sizes:
            print(json.dumps(milvus.compare(clustered(size, np.random.default_rng(size)))), flush=True)
        return
    rows = []
    for size in args.sizes:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(measure(Settings(), size, Path(folder)))
        print(json.dumps(rows[-1]), flush=True)
    print(
        json.dumps(
            {
                "p50_ms": rows[0]["p50_ms"],
                "p95_ms": rows[0]["p95_ms"],
                "recall_at_10": min(r["recall_at_10"] for r in rows),
                "sizes": rows,
            }
        )
    )  # type: ignore[type-var]


if __name__ == "__main__":
    main()
