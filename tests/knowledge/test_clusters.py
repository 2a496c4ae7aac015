"""Questions in groups."""

import numpy as np
import pytest

from knowledge.clusters import group_questions


def rows(*angles: float) -> np.ndarray:
    return np.array([[np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)


def test_alike_questions_are_together_and_the_others_alone() -> None:
    groups = group_questions(["低保怎么办", "宅基地", "怎么申请低保", "办低保", "路灯"], rows(0.0, 1.0, 0.1, 0.2, 2.0), threshold=0.9)
    assert [g.members for g in groups] == [(2, 0, 3), (1,), (4,)]
    assert groups[0].label == "怎么申请低保"


def test_a_chain_of_neighbours_is_not_one_group() -> None:
    """Each is near the next, the ends are far apart: the mean decides."""
    groups = group_questions(list("甲乙丙丁戊己"), rows(*(0.3 * i for i in range(6))), threshold=0.95)
    assert len(groups) == 3 and all(len(g.members) == 2 for g in groups)


def test_a_long_question_is_shortened_for_the_label() -> None:
    label = group_questions(["我家的地被邻居占了\n三年 " + "了" * 40], rows(0.0))[0].label
    assert len(label) == 24 and label.endswith("…") and "\n" not in label


def test_the_same_questions_in_another_order_make_the_same_groups() -> None:
    chance = np.random.default_rng(3)
    vectors = chance.normal(size=(60, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [f"问题{i}" for i in range(60)]
    order = chance.permutation(60)

    def found(texts: list[str], vectors: np.ndarray) -> set[frozenset[str]]:
        return {frozenset(texts[i] for i in g.members) for g in group_questions(texts, vectors, threshold=0.5)}

    first = found(texts, vectors)
    assert first == found(texts, vectors) == found([texts[i] for i in order], vectors[order])
    assert sorted(t for group in first for t in group) == sorted(texts) and len(first) < 60


def test_no_questions_make_no_groups() -> None:
    assert group_questions([], np.zeros((0, 384), dtype=np.float32)) == []


def test_rows_that_do_not_fit_the_texts_are_refused() -> None:
    with pytest.raises(ValueError):
        group_questions(["甲"], rows(0.0, 1.0))
