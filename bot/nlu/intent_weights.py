"""Rasa's intent classifier multiplies each message by the transpose of its weights, of which scipy makes a contiguous
copy every time: some megabytes a message.

Here they are laid out so once, when they are loaded; the figures are the same to the last bit. LINLI_RASA_UNPATCHED=1
leaves Rasa alone.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier

_stock = LogisticRegressionClassifier.load.__func__  # type: ignore[attr-defined]


def _load(cls: type[LogisticRegressionClassifier], *args: Any, **kwargs: Any) -> LogisticRegressionClassifier:
    loaded: LogisticRegressionClassifier = _stock(cls, *args, **kwargs)
    if hasattr(loaded.clf, "coef_"):  # else there was nothing to load
        loaded.clf.coef_ = np.asfortranarray(loaded.clf.coef_)
    return loaded


def install() -> None:
    """Make this process load it so; calling it again changes nothing."""
    if os.environ.get("LINLI_RASA_UNPATCHED") != "1":
        LogisticRegressionClassifier.load = classmethod(_load)
