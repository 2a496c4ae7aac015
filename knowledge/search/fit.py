"""Does this source fit the question? The second look at the best hits: their order, and P(what is told is right).

Both are linear in what the search weighed. The weights are learned over ways of asking that were set aside
(`knowledge/evaluation/calibration.py`) and lie in `knowledge/learned/fit.json`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

_PATH = Path(__file__).parents[1] / "learned" / "fit.json"
LOOKED_AT = 10  # hits that get a second look
_OF_ONE = ("raw", "dense", "bank", "best", "lexical", "covered", "told", "titled")
_KINDS = ("answer", "statute", "service_guide", "case_story", "regulation", "policy")
# Each of a hit's own, by how much it stays behind the best of the hits in it, and its kind; the classifier's opinion
# counts only beside those on others.
ORDER = (*_OF_ONE, *(f"behind_{name}" for name in _OF_ONE), *_KINDS, "behind_likely")
SURE = ("lead", "raw", "covered", "told", "statute")
# What a text of the resident's own place or of the kind asked for adds to the order: so many times what it adds to raw.
_FAVOUR = 30.0
_AHEAD, _SURE_ASKED = 100.0, 0.95  # of what was asked word for word
_LEAST_LIKELY = -12.0  # log P: below, one is as unlikely as another
_ALONE = 3.0  # a hit without others leads by as much


@dataclass(frozen=True)
class Weighed:
    """What the search weighed of one hit: `raw` what the first order follows, `dense` the cosine to its text, `best` to
    the nearest of its questions, `bank` softly the best of all of them, `lexical` common words, 0...1.

    `covered`, `told`, `titled`: the share of the question's pairs of characters, rare ones counting more, that stand in
    its ways of asking, in its text and in its title. `favour`: what place and kind add to raw; `is_asked`: the message
    is one of its questions, word for word. `likely`: log P by the classifier of answers, which has none of what it
    doesn't know: that counts as the likeliest of the hits.
    """

    raw: float
    dense: float
    bank: float
    best: float
    lexical: float
    covered: float
    told: float
    titled: float
    favour: float
    document: str
    ref: str | None
    kind: str
    is_asked: bool = False
    likely: float | None = None


@dataclass(frozen=True)
class _Fit:
    bias: float
    weights: np.ndarray

    @classmethod
    def of(cls, held: dict[str, object], names: Sequence[str]) -> "_Fit":
        weights = held["weights"]
        assert isinstance(weights, dict)
        return cls(float(str(held["bias"])), np.array([float(weights.get(name, 0.0)) for name in names]))

    def of_rows(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(rows @ self.weights + self.bias)


@cache
def _fits() -> tuple[_Fit, _Fit]:
    held = json.loads(_PATH.read_text(encoding="utf-8"))
    return _Fit.of(held["order"], ORDER), _Fit.of(held["sure"], SURE)


def order_features(hits: Sequence[Weighed]) -> np.ndarray:
    """(n, len(ORDER)) float, a row a hit."""
    own = np.array([[float(getattr(hit, name)) for name in _OF_ONE] for hit in hits])
    kinds = np.array([[float(hit.kind == kind) for kind in _KINDS] for hit in hits])
    return np.hstack([own, own - own.max(axis=0, keepdims=True), kinds, _behind_likeliest(hits)[:, None]])


def _behind_likeliest(hits: Sequence[Weighed]) -> np.ndarray:
    known = [max(hit.likely, _LEAST_LIKELY) for hit in hits if hit.likely is not None]
    top = max(known, default=0.0)
    return np.array([0.0 if hit.likely is None else max(hit.likely, _LEAST_LIKELY) - top for hit in hits])


def sure_features(hits: Sequence[Weighed], logits: np.ndarray, question: str) -> np.ndarray:
    """(n, len(SURE)) float, a row a hit; `logits` of their order."""
    rows = []
    for hit, logit in zip(hits, logits, strict=True):
        others = [float(z) for h, z in zip(hits, logits, strict=True) if h.document != hit.document]
        own = [hit.raw, hit.covered, hit.told]
        lead = float(logit) - max(others, default=float(logit) - _ALONE)
        rows.append([lead, *own, float(hit.kind == "statute")])
    return np.array(rows)


def logits(hits: Sequence[Weighed]) -> np.ndarray:
    """What the second order follows, (n,) float."""
    favour = np.array([_FAVOUR * hit.favour + _AHEAD * hit.is_asked for hit in hits])
    return np.asarray(_fits()[0].of_rows(order_features(hits)) + favour)


def scores(hits: Sequence[Weighed], question: str) -> list[float]:
    """For each hit, how likely it is the right one to tell, 0...1."""
    if not hits:
        return []
    found = _fits()[1].of_rows(sure_features(hits, logits(hits), question))
    chances = 1 / (1 + np.exp(-np.clip(found, -30, 30)))
    return [max(float(p), _SURE_ASKED * hit.is_asked) for p, hit in zip(chances, hits, strict=True)]
