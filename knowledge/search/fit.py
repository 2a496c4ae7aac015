"""Does this source fit the question? P(what is told is right), from what the search weighed.

The weights are learned over ways of asking that were set aside (`knowledge/evaluation/calibration.py`) and lie in
`knowledge/learned/fit.json`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

_PATH = Path(__file__).parents[1] / "learned" / "fit.json"
FEATURES = ("raw", "dense", "best", "lexical", "lead", "lead_tail", "votes", "length", "is_answer", "is_statute")
_TAIL = 10  # the hit whose distance tells how much the first stand out


@dataclass(frozen=True)
class Weighed:
    """What the search weighed of one hit: `raw` what the order follows, `dense` the cosine to its text, `best` to the
    nearest of its questions, `votes` how many of those were near (log), `lexical` common words, 0...1.
    """

    raw: float
    dense: float
    best: float
    votes: float
    lexical: float
    document: str
    ref: str | None
    kind: str


@dataclass(frozen=True)
class _Fit:
    bias: float
    weights: np.ndarray


@cache
def _fit() -> _Fit:
    held = json.loads(_PATH.read_text(encoding="utf-8"))
    return _Fit(float(held["bias"]), np.array([float(held["weights"][name]) for name in FEATURES]))


def features(hits: Sequence[Weighed], question: str) -> np.ndarray:
    """(n, len(FEATURES)) float, a row a hit; hits come best first."""
    if not hits:
        return np.empty((0, len(FEATURES)))
    tail = hits[min(_TAIL, len(hits)) - 1].raw
    rows = []
    for hit in hits:
        others = max((h.raw for h in hits if h.document != hit.document), default=tail)
        rows.append(
            [
                hit.raw,
                hit.dense,
                hit.best,
                hit.lexical,
                hit.raw - others,
                hit.raw - tail,
                hit.votes,
                min(len(question), 120) / 60,
                float(hit.kind == "answer"),
                float(hit.kind == "statute"),
            ]
        )
    return np.array(rows)


def scores(hits: Sequence[Weighed], question: str) -> list[float]:
    """For each hit, how likely it is the right one to tell, 0...1."""
    fit = _fit()
    logits = features(hits, question) @ fit.weights + fit.bias
    return [float(p) for p in 1 / (1 + np.exp(-np.clip(logits, -30, 30)))]
