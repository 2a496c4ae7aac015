"""How far a score can be believed: the fit behind `knowledge.search.CALIBRATION`, and the table that checks it."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from sklearn.linear_model import LogisticRegression

from knowledge.search.passages import Passage

_EDGES = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Trial:
    """One question asked: the raw scores of what came first and last of ten, its score, and whether a right source
    was in the first three.
    """

    top: float
    lead: float
    score: float
    is_right: bool


def trial(passages: Sequence[Passage], *, is_right: bool) -> Trial:
    return Trial(passages[0].raw, passages[0].raw - passages[-1].raw, passages[0].score, is_right)


def fit(trials: Sequence[Trial]) -> dict[str, float]:
    """Logistic regression of "a right source is among the first three" on the best raw score and its lead over the
    tenth.
    """
    model = LogisticRegression(C=1e4, max_iter=2000).fit(
        np.array([[t.top, t.lead] for t in trials]), [t.is_right for t in trials]
    )
    return {
        "bias": round(float(model.intercept_[0]), 2),
        "top": round(float(model.coef_[0][0]), 2),
        "lead": round(float(model.coef_[0][1]), 2),
    }


def reliability(trials: Sequence[Trial]) -> list[dict[str, float]]:
    """By score: how many questions, their mean score, and the share that was right; the last two agree when scores
    can be believed.
    """
    rows = []
    for low, high in itertools.pairwise(_EDGES):
        some = [t for t in trials if low <= t.score < high or (high == 1.0 and t.score == 1.0)]
        if some:
            rows.append(
                {
                    "from": low,
                    "to": high,
                    "questions": len(some),
                    "mean_score": round(fmean(t.score for t in some), 3),
                    "right": round(fmean(t.is_right for t in some), 3),
                }
            )
    return rows


def answered(trials: Sequence[Trial], threshold: float) -> dict[str, float]:
    some = [t for t in trials if t.score >= threshold]
    return {
        "threshold": threshold,
        "answered": round(len(some) / len(trials), 4),
        "right_of_answered": round(fmean(t.is_right for t in some), 4) if some else 0.0,
    }
