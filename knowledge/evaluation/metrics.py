"""Retrieval metrics over one question's ranking and golds."""

from collections.abc import Hashable, Sequence, Set


def recall_at_k(ranking: Sequence[Hashable], golds: Set[Hashable], k: int) -> float:
    """Share of the golds among the first k."""
    return len(golds & set(ranking[:k])) / len(golds)


def reciprocal_rank(ranking: Sequence[Hashable], golds: Set[Hashable], k: int) -> float:
    """1 / rank of the first gold within the first k, 0 when there is none."""
    return next((1 / rank for rank, item in enumerate(ranking[:k], 1) if item in golds), 0.0)


def hit_at_k(ranking: Sequence[Hashable], golds: Set[Hashable], k: int) -> bool:
    return not golds.isdisjoint(ranking[:k])
