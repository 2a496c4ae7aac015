from knowledge.evaluation.calibration import Trial, answered, fit, reliability


def trials() -> list[Trial]:
    return [Trial(top=0.6 + 0.002 * i, lead=0.001 * i, score=i / 100, is_right=i >= 50) for i in range(100)]


def test_the_table_shows_the_share_that_was_right_by_score() -> None:
    rows = {row["from"]: row for row in reliability(trials())}
    assert (rows[0.2]["questions"], rows[0.2]["right"]) == (20, 0.0)
    assert (rows[0.5]["questions"], rows[0.5]["right"]) == (10, 1.0)


def test_answered_counts_from_the_threshold() -> None:
    assert answered(trials(), 0.4) == {"threshold": 0.4, "answered": 0.6, "right_of_answered": 0.8333}


def test_a_better_score_is_believed_more() -> None:
    found = fit(trials())
    assert found["top"] + found["lead"] > 0
