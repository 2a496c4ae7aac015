"""An encoder that remembers what the golden questions asked."""

import threading
from collections.abc import Sequence

import numpy as np

from knowledge.encoder.cache import VectorCache
from knowledge.encoder.embedding import LocalEmbedder, Progress
from knowledge.normalise import content_hash


class KeptQueries:
    """An embedder for `Searcher` that computes each query once a machine.

    Never for what residents ask: nothing of that is kept.
    """

    def __init__(self, embedder: LocalEmbedder, cache: VectorCache) -> None:
        self._embedder, self._cache = embedder, cache
        self._known: dict[str, np.ndarray] = {}
        self._lock = threading.Lock()
        self.name = embedder.name

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> np.ndarray:
        return self._embedder.encode_passages(texts, progress=progress)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        with self._lock:
            self._learn(texts)
        return np.stack([self._known[t] for t in texts])

    def _learn(self, texts: Sequence[str]) -> None:
        if missing := [t for t in dict.fromkeys(texts) if t not in self._known]:
            kept = self._cache.get(self._model, [content_hash(t) for t in missing])
            self._known |= {t: kept[h] for t in missing if (h := content_hash(t)) in kept}
            if fresh := [t for t in missing if t not in self._known]:
                rows = dict(zip(fresh, self._embedder.encode_queries(fresh), strict=True))
                self._cache.put(self._model, {content_hash(t): row for t, row in rows.items()})
                self._known |= rows

    @property
    def _model(self) -> str:
        return f"query {self._embedder.query_name}"
