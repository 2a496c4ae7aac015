"""What one turn costs each part, in milliseconds of CPU and bytes of memory: measured figures, each with its source.

Nothing here was measured on several machines. What is no measurement is said to be none.
"""

from dataclasses import dataclass

MS = 1e-3

# docs/performance.md, "A turn": 2 December 2026, "after, 10:05", at load 2.6 to 3.1 on two cores.
APP_MS, RASA_MS = 139.0, 61.0
# The same page, "target": what both took on 29 November on a quiet machine, and are to take again.
APP_TARGET_MS, RASA_TARGET_MS = 32.0, 24.0
# p95 by p50 of the same column, 382 by 185 ms: how unlike turns are. Of a lognormal it is exp(1.645 sigma).
P95_BY_P50 = 382 / 185
CHUNKS_THEN = 27_000  # that the home held in which those were measured

SEARCHES = 1.7  # a turn, "Where a turn's 125 ms went"
STATEMENTS, STATEMENT_MS = 47, 0.35  # of SQL a turn, the same table; SQLite within the app: the server's part is less

# docs/performance.md, "A hundred thousand documents": p50 of a search by published chunks. Nearly a straight line.
SEARCH_MS = ((9_255, 5.3), (92_952, 9.7), (279_027, 18.7), (929_673, 49.5))
# "Search": the index alone, with its vectors, which leave the app where they lie on Milvus.
INDEX_MS = ((10_000, 2.4), (1_000_000, 13.3))
# Issue 18: 5 to 12 ms a search over 50,000 vectors. How it grows isn't measured: as FAISS's does, which is a guess.
MILVUS_MS, MILVUS_AT = 12.0, 50_000

# docs/performance.md, "Load": MiB in proportion, after five minutes with 200 residents.
APP_GB, RASA_GB, WORKER_GB = 1_003 / 1024, 596 / 1024, 0.65
# "A hundred thousand documents", last column: MB that the index adds to an app, all of it and what is its own.
INDEX_MB, INDEX_OWN_MB, INDEX_CHUNKS = 1_211, 113, 929_673
VECTOR_BYTES, MILVUS_VECTOR_BYTES = 384 * 2, 384 * 4  # float16 in our files, float32 on Milvus
# No measurements: as compose gives PostgreSQL (shared buffers, and as much for its connections) and Redis.
POSTGRES_GB, REDIS_GB, MILVUS_GB = 4.0, 0.5, 2.0
# At most, each with SQLAlchemy's ten above its pool: bot/db.py and bot/remote/trackers.py; a Rasa as compose has it.
APP_CONNECTIONS, RASA_CONNECTIONS = (50 + 10) + (4 + 10), 40


def slope(points: tuple[tuple[int, float], ...]) -> float:
    """Milliseconds a search and chunk, from the first point to the last."""
    (few, least), (many, most) = points[0], points[-1]
    return (most - least) / (many - few)


@dataclass(frozen=True)
class Costs:
    """Seconds of CPU that a turn takes of each part."""

    app: float
    rasa: float
    postgres: float
    milvus: float  # 0: vectors lie in the apps

    @property
    def all(self) -> float:
        return self.app + self.rasa + self.postgres + self.milvus


def costs(chunks: int, *, on_milvus: bool, at_target: bool = False) -> Costs:
    """Of a turn in an installation that holds so many chunks: what looks at each chunk grows with them, on a straight
    line also beyond the million that was measured.
    """
    by_chunk = slope(SEARCH_MS) - (slope(INDEX_MS) if on_milvus else 0.0)
    more = max(0, chunks - CHUNKS_THEN) * by_chunk * SEARCHES
    app, rasa = (APP_TARGET_MS, RASA_TARGET_MS) if at_target else (APP_MS, RASA_MS)
    one_search = MILVUS_MS + max(0, chunks - MILVUS_AT) * slope(INDEX_MS)
    return Costs(
        app=(app + more) * MS,
        rasa=rasa * MS,
        postgres=STATEMENTS * STATEMENT_MS * MS,
        milvus=SEARCHES * one_search * MS if on_milvus else 0.0,
    )


def index_gb(chunks: int, *, on_milvus: bool) -> tuple[float, float]:
    """Of each app its own, and what the apps of a machine share (mapped files)."""
    own = INDEX_OWN_MB * 1e6 / INDEX_CHUNKS
    shared = (INDEX_MB - INDEX_OWN_MB) * 1e6 / INDEX_CHUNKS - (VECTOR_BYTES if on_milvus else 0)
    return own * chunks / 2**30, shared * chunks / 2**30


def milvus_gb(chunks: int) -> float:
    """The snapshot in use and the one that is built beside it."""
    return MILVUS_GB + 2 * MILVUS_VECTOR_BYTES * chunks / 2**30
