import numpy as np
import pytest

from knowledge.evaluation.calibration import Trial, answered, learn, reliability
from knowledge.search import fit


def trials() -> list[Trial]:
    def features(i: int) -> tuple[float, ...]:
        return tuple(0.6 + 0.002 * i if name == "raw" else 0.0 for name in fit.FEATURES)

    return [Trial(features(i), score=i / 100, is_right=i >= 50) for i in range(100)]


def weighed(raw: float, document: str) -> fit.Weighed:
    return fit.Weighed(raw, raw, raw, 0.0, 0.5, document, None, "answer")


def test_the_table_shows_the_share_that_was_right_by_score() -> None:
    rows = {row["from"]: row for row in reliability(trials())}
    assert (rows[0.2]["questions"], rows[0.2]["right"]) == (20, 0.0)
    assert (rows[0.5]["questions"], rows[0.5]["right"]) == (10, 1.0)


def test_a_threshold_says_what_it_keeps_and_what_it_lets_through() -> None:
    found = answered(trials(), 0.4)
    assert (found["answered"], found["right_of_answered"]) == (0.6, 0.8333)
    assert (found["right_kept"], found["wrong_let_through"]) == (1.0, 0.2)


def test_a_better_score_is_believed_more() -> None:
    weights = learn(trials())["weights"]
    assert isinstance(weights, dict)
    assert weights["raw"] > 0


def test_a_hit_leads_those_of_other_documents_and_trails_the_best() -> None:
    rows = fit.features([weighed(0.9, "a"), weighed(0.85, "a"), weighed(0.7, "b")], "借条丢了")
    lead = fit.FEATURES.index("lead")
    assert rows[:, lead] == pytest.approx([0.2, 0.15, -0.2])
    assert fit.features([], "借条丢了").shape == (0, len(fit.FEATURES))
    assert all(0 <= score <= 1 for score in fit.scores([weighed(0.9, "a"), weighed(0.7, "b")], "借条丢了"))
    assert np.isfinite(rows).all()
