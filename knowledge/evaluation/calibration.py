"""How far a score can be believed: the fit behind `knowledge.search.fit`, and the tables that check it."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from knowledge.search import fit

_IDLE_COUNTS = 0.5
_EDGES = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Trial:
    """One question asked: what was weighed of its best hits, best first, which of them are right, and the first one's
    score.
    """

    question: str
    hits: tuple[fit.Weighed, ...]
    right: tuple[bool, ...]
    score: float

    @property
    def is_right(self) -> bool:
        return self.right[0]


def trial(hits: Sequence[fit.Weighed], question: str, *, right: Sequence[bool]) -> Trial:
    return Trial(question, tuple(hits), tuple(right), fit.scores(hits, question)[0])


def learn(trials: Sequence[Trial], idle: Sequence[Trial] = ()) -> dict[str, Any]:
    """The content of `knowledge/learned/fit.json`: logistic regressions of "this hit is right", which gives the order,
    and of "the first of that order is right", where `idle` messages, for which nothing is, count half.
    """
    rows = [fit.order_features(t.hits) for t in trials]
    order = _regression(np.vstack(rows), np.concatenate([t.right for t in trials]), fit.ORDER)
    weights = np.array([order["weights"][name] for name in fit.ORDER])
    firsts, outcomes = [], []
    for one in (*trials, *idle):
        own = fit.order_features(one.hits)
        logits = own @ weights + order["bias"]
        first = int(np.argmax(logits))
        firsts.append(fit.sure_features(one.hits, logits, one.question)[first])
        outcomes.append(one.right[first])
    counts = np.repeat([1.0, _IDLE_COUNTS], [len(trials), len(idle)])
    return {"order": order, "sure": _regression(np.array(firsts), np.array(outcomes), fit.SURE, counts)}


def _regression(
    rows: np.ndarray, outcomes: np.ndarray, names: Sequence[str], counts: np.ndarray | None = None
) -> dict[str, Any]:
    mean, spread = rows.mean(0), np.maximum(rows.std(0), 1e-6)
    model = LogisticRegression(C=0.3, max_iter=3000).fit((rows - mean) / spread, outcomes, counts)
    weights = np.where(rows.std(0) > 0, model.coef_[0] / spread, 0.0)
    bias = float(model.intercept_[0] - weights @ mean)
    named = {name: round(float(w), 4) for name, w in zip(names, weights, strict=True)}
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
