"""Questions that ask the same, gathered: what residents asked and nobody had an answer for becomes a short list of subjects."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Mean cosine of questions about one matter, for the query encoder with what was learned. On 540 questions of 90 corpus documents (a pair of
# one document counts as right) 0.45, 0.5 and 0.55 give pair F1 0.58, 0.57 and 0.53 and precision 0.54, 0.62 and 0.65.
THRESHOLD = 0.5
_LABEL = 24


@dataclass(frozen=True)
class Group:
    """`members` are places in the list given, nearest the centre first; `label` is the first of them, shortened."""

    label: str
    members: tuple[int, ...]


def group_questions(texts: Sequence[str], vectors: np.ndarray, *, threshold: float = THRESHOLD) -> list[Group]:
    """Groups, largest first; every text is in exactly one, alone where nothing is like it.

    `vectors`: (n, dim) float32, rows L2-normalised. Two groups become one while the mean cosine between their members is at least
    `threshold` (average linkage), the closest pair first and of equal ones the earliest; so the order of calls and chance play no part.
    Raises ValueError when there isn't one row per text.
    """
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise ValueError(f"{len(texts)} texts, vectors {vectors.shape}")
    groups = [Group(_shorten(texts[members[0]]), tuple(members)) for members in (_from_the_centre(vectors, m) for m in _merge(vectors, threshold))]
    return sorted(groups, key=lambda g: (-len(g.members), min(g.members)))


def _merge(vectors: np.ndarray, threshold: float) -> list[list[int]]:
    """Average linkage: the mean cosine of two groups is the product of the sums of their rows over the product of their sizes."""
    members = [[i] for i in range(len(vectors))]
    if not members:
        return []
    near = (vectors @ vectors.T).astype(np.float64)
    np.fill_diagonal(near, -np.inf)
    sizes = np.ones(len(vectors))
    best = near.argmax(axis=1)
    while True:
        tops = near[np.arange(len(near)), best]
        a = int(tops.argmax())
        if tops[a] < threshold:
            return [m for m in members if m]
        a, b = sorted((a, int(best[a])))
        joined = (near[a] * sizes[a] + near[b] * sizes[b]) / (sizes[a] + sizes[b])
        joined[[a, b]] = -np.inf
        near[a], near[:, a] = joined, joined
        near[b], near[:, b] = -np.inf, -np.inf
        sizes[a] += sizes[b]
        members[a] += members[b]
        members[b] = []
        stale = np.flatnonzero((best == a) | (best == b))
        best[stale] = near[stale].argmax(axis=1)
        best[a] = near[a].argmax()
        nearer = near[:, a] > near[np.arange(len(near)), best]
        best[nearer] = a


def _from_the_centre(vectors: np.ndarray, members: list[int]) -> list[int]:
    centre = vectors[members].sum(axis=0)
    return sorted(members, key=lambda i: (-round(float(vectors[i] @ centre), 6), i))


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LABEL else line[: _LABEL - 1] + "…"
