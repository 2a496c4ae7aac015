"""Vectors searched by cosine: FAISS, and nothing else of ours knows it."""

from pathlib import Path
from typing import Any, Protocol, cast

import faiss as faiss_module
import numpy as np

from knowledge.search.segments import DIM

EXACT_UP_TO = 50_000  # flat search of 100 k took 17 ms, IVF 3 ms (docs/performance.md)
# of 4 x sqrt(n) cells; questions of the bank at 100 k: recall@10 .985 with 64, .997 with 256 (docs/performance.md)
_PROBES = 256
_EXACT_AMONG = 100_000  # of the rows asked for: all cells are looked through, so nothing near is missed
_BLOCK = 20_000  # vectors held as float32 at once while an index is built

# The stubs that come with faiss tell the C++ signatures; what Python calls has others (`search(rows, k, params=...)`).
faiss: Any = faiss_module


class Vectors(Protocol):
    """What we ask of a FAISS index of normalised rows."""

    ntotal: int

    def search(self, vectors: np.ndarray, k: int, *, params: object = None) -> tuple[np.ndarray, np.ndarray]:
        """Scores (n, k) and rows (n, k), best first; row -1 where fewer were found."""

    def reconstruct_batch(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of these rows, (n, dim) float32."""


def built(vectors: np.ndarray) -> Vectors:
    """An index of float16 rows, taken a block at a time: exact where they are few."""
    if len(vectors) <= EXACT_UP_TO:
        index = faiss.IndexFlatIP(DIM)
    else:
        cells = int(4 * np.sqrt(len(vectors)))
        index = faiss.index_factory(DIM, f"IVF{cells},SQfp16", faiss.METRIC_INNER_PRODUCT)
        some = np.sort(np.random.default_rng(0).permutation(len(vectors))[: 40 * cells])
        index.train(vectors[some].astype(np.float32))
        index.nprobe = _PROBES
        index.make_direct_map()
    for at in range(0, len(vectors), _BLOCK):
        index.add(vectors[at : at + _BLOCK].astype(np.float32))
    return cast(Vectors, index)


def write(vectors: Vectors, path: Path) -> None:
    faiss.write_index(vectors, str(path))


def read(path: Path) -> Vectors:
    """Mapped, not loaded: a process pays for what it looks at. Raises RuntimeError."""
    return cast(Vectors, faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC))


def searched(
    vectors: Vectors, vector: np.ndarray, width: int, allowed: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and rows of the `width` nearest, best first; only of the rows where `allowed` is True."""
    count = vectors.ntotal if allowed is None else int(allowed.sum())
    if not count:
        return np.empty(0, np.float32), np.empty(0, np.int64)
    params = None if allowed is None else _only(allowed, count, cells=getattr(vectors, "nlist", 0))
    scores, rows = vectors.search(vector[None], min(width, count), params=params)
    return scores[0][rows[0] >= 0], rows[0][rows[0] >= 0]


def _only(allowed: np.ndarray, count: int, *, cells: int) -> object:
    chosen = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    if not cells:
        return faiss.SearchParameters(sel=chosen)
    return faiss.SearchParametersIVF(sel=chosen, nprobe=cells if count <= _EXACT_AMONG else _PROBES)
