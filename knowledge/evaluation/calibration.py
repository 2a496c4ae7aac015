"""How far a score can be believed: the fit behind `knowledge.search.fit`, and the tables that check it."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from sklearn.linear_model import LogisticRegression

from knowledge.search import fit

_EDGES = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Trial:
    """One question asked: what was weighed of its best hit, its score, and whether that hit was the right one."""

    features: tuple[float, ...]
    score: float
    is_right: bool


def trial(hits: Sequence[fit.Weighed], question: str, *, is_right: bool) -> Trial:
    return Trial(tuple(fit.features(hits, question)[0]), fit.scores(hits, question)[0], is_right)


def learn(trials: Sequence[Trial]) -> dict[str, object]:
    """Logistic regression of "the best hit is right"; the content of `knowledge/learned/fit.json`."""
    rows = np.array([t.features for t in trials])
    mean, spread = rows.mean(0), np.maximum(rows.std(0), 1e-6)
    model = LogisticRegression(C=1.0, max_iter=2000).fit((rows - mean) / spread, [t.is_right for t in trials])
    weights = model.coef_[0] / spread
    bias = float(model.intercept_[0] - weights @ mean)
    named = {name: round(float(w), 4) for name, w in zip(fit.FEATURES, weights, strict=True)}
    return {"bias": round(bias, 4), "weights": named}


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
    """What a threshold does: the share answered, how many of those rightly, and the shares of right and of wrong best
    hits that it lets through.
    """
    some = [t for t in trials if t.score >= threshold]
    right, wrong = [t for t in trials if t.is_right], [t for t in trials if not t.is_right]
    return {
        "threshold": threshold,
        "answered": round(len(some) / len(trials), 4),
        "right_of_answered": round(fmean(t.is_right for t in some), 4) if some else 0.0,
        "right_kept": round(fmean(t.score >= threshold for t in right), 4) if right else 0.0,
        "wrong_let_through": round(fmean(t.score >= threshold for t in wrong), 4) if wrong else 0.0,
    }
