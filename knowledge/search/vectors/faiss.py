"""Vectors in a file that each process maps: FAISS, and nothing else of ours knows it."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import faiss as faiss_module
import numpy as np

from knowledge.search.segments import DIM
from knowledge.search.vectors.base import Among, Part

EXACT_UP_TO = 50_000  # flat search of 100 k took 17 ms, IVF 3 ms (docs/performance.md)
# of 4 x sqrt(n) cells; questions of the bank at 100 k: recall@10 .985 with 64, .997 with 256 (docs/performance.md)
_PROBES = 256
_EXACT_AMONG = 100_000  # of the rows asked for: all cells are looked through, so nothing near is missed
_BLOCK = 20_000  # vectors held as float32 at once while an index is built

# The stubs that come with faiss tell the C++ signatures; what Python calls has others (`search(rows, k, params=...)`).
faiss: Any = faiss_module


class Faiss:
    name = "faiss"
    is_away = False

    def look(self) -> None:
        pass

    def write(self, part: Part, vectors: np.ndarray, *, held: np.ndarray, places: Iterable[Collection[str]]) -> None:
        """Rows without a vector are zeros, which lie near to nothing; places are filtered by rows."""
        faiss.write_index(_built(vectors), str(_file(part)))

    def read(self, part: Part) -> "FaissVectors":
        """Mapped, not loaded: a process pays for what it looks at."""
        return FaissVectors(faiss.read_index(str(_file(part)), faiss.IO_FLAG_MMAP_IFC))

    def trouble(self, part: Part) -> None:
        """Its files have their sums, which are compared with all others."""

    def keep(self, snapshots: Collection[str]) -> None:
        """Files go with their folder."""


class FaissVectors:
    def __init__(self, index: Any) -> None:
        self._index = index

    def near(self, vector: np.ndarray, width: int, among: Among | None = None) -> tuple[np.ndarray, np.ndarray]:
        count = self._index.ntotal if among is None else int(among.rows.sum())
        if not count:
            return np.empty(0, np.float32), np.empty(0, np.int64)
        params = None if among is None else _only(among.rows, count, cells=getattr(self._index, "nlist", 0))
        scores, rows = self._index.search(vector[None], min(width, count), params=params)
        return scores[0][rows[0] >= 0], rows[0][rows[0] >= 0]

    def cosines(self, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.asarray(self._index.reconstruct_batch(rows) @ vector)


def _file(part: Part) -> Path:
    return part.folder / f"{part.name}.faiss"


def _built(vectors: np.ndarray) -> Any:
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
    return index


def _only(allowed: np.ndarray, count: int, *, cells: int) -> object:
    chosen = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    if not cells:
        return faiss.SearchParameters(sel=chosen)
    return faiss.SearchParametersIVF(sel=chosen, nprobe=cells if count <= _EXACT_AMONG else _PROBES)
