import pytest

from knowledge.evaluation.metrics import hit_at_k, recall_at_k, reciprocal_rank


def test_recall_counts_golds_within_k() -> None:
    assert recall_at_k(["a", "x", "b", "c"], {"a", "b", "c"}, 3) == pytest.approx(2 / 3)


def test_reciprocal_rank_is_of_the_first_gold() -> None:
    assert reciprocal_rank(["x", "b", "a"], {"a", "b"}, 3) == 0.5
    assert reciprocal_rank(["x", "y"], {"a"}, 2) == 0.0


def test_hit_is_any_gold_within_k() -> None:
    assert hit_at_k(["x", "a"], {"a"}, 2)
    assert not hit_at_k(["x", "a"], {"a"}, 1)
