from dataclasses import replace

import numpy as np
import pytest

from knowledge.evaluation.calibration import Trial, answered, learn, reliability
from knowledge.search import fit


def weighed(raw: float, document: str, **told: float) -> fit.Weighed:
    words = {"covered": 0.5, "told": 0.5, "titled": 0.2, "favour": 0.0, **told}
    return fit.Weighed(
        raw=raw, dense=raw, bank=raw, best=raw, lexical=0.5, **words, document=document, ref=None, kind="answer"
    )


def trials() -> list[Trial]:
    """A hit whose words the question holds is right from the middle on; another lies beside it and is wrong."""
    return [
        Trial(
            "借条丢了",
            (weighed(0.8, "a", covered=0.2 + 0.006 * i), weighed(0.8, "b", covered=0.4)),
            (i >= 50, False),
            score=i / 100,
        )
        for i in range(100)
    ]


def test_the_table_shows_the_share_that_was_right_by_score() -> None:
    rows = {row["from"]: row for row in reliability(trials())}
    assert (rows[0.2]["questions"], rows[0.2]["right"]) == (20, 0.0)
    assert (rows[0.5]["questions"], rows[0.5]["right"]) == (10, 1.0)


def test_a_threshold_says_what_it_keeps_and_what_it_lets_through() -> None:
    found = answered(trials(), 0.4)
    assert (found["answered"], found["right_of_answered"]) == (0.6, 0.8333)
    assert (found["right_kept"], found["wrong_let_through"]) == (1.0, 0.2)


def test_what_goes_with_being_right_brings_forward_and_is_believed() -> None:
    learned = learn(trials())
    assert learned["order"]["weights"]["behind_covered"] > 0
    assert learned["sure"]["weights"]["lead"] > 0
    assert learned["order"]["weights"]["statute"] == 0  # none was seen


def test_a_hit_leads_those_of_other_documents_and_trails_the_best() -> None:
    hits = [weighed(0.9, "a"), weighed(0.85, "a"), weighed(0.7, "b")]
    rows = fit.sure_features(hits, np.array([2.0, 1.0, -1.0]), "借条丢了")
    assert rows[:, fit.SURE.index("lead")] == pytest.approx([3.0, 2.0, -3.0])
    behind = fit.order_features(hits)[:, fit.ORDER.index("behind_raw")]
    assert behind == pytest.approx([0.0, -0.05, -0.2])
    assert fit.scores([], "借条丢了") == []
    assert all(0 <= score <= 1 for score in fit.scores(hits, "借条丢了"))


def test_beside_equals_the_text_of_ones_own_place_comes_first() -> None:
    far, near = fit.logits([weighed(0.8, "a"), weighed(0.8, "b", favour=0.06)])
    assert near > far


def test_what_is_asked_word_for_word_comes_first_and_is_sure() -> None:
    hits = [weighed(0.9, "a"), replace(weighed(0.4, "b"), is_asked=True)]
    assert int(np.argmax(fit.logits(hits))) == 1
    assert fit.scores(hits, "低保怎么申请")[1] >= 0.95
