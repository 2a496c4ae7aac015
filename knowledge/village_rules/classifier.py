"""How likely a clause is against the law, and by which pattern: a linear model over character groups, learned in a
moment from `examples/`.

Hand-written signs were tried first: 1.00 of the clauses they were written with, .62 of those unseen. Some two thousand
examples by several writers carry further (docs/village-rules.md).
"""

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

EXAMPLES = Path(__file__).with_name("examples")


@dataclass(frozen=True)
class Examples:
    unlawful: dict[str, list[str]]  # by pattern
    lawful: list[str]


def read_examples(folder: Path = EXAMPLES) -> Examples:
    unlawful: dict[str, list[str]] = {}
    lawful: list[str] = []
    for path in sorted(folder.glob("*.yml")):
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        lawful += found["lawful"]
        for pattern, texts in found["unlawful"].items():
            unlawful.setdefault(pattern, []).extend(texts)
    return Examples(unlawful, lawful)


class Classifier:
    """Texts everywhere as `fold` leaves them."""

    def __init__(self, examples: Examples) -> None:
        bad = [(text, pattern) for pattern, texts in examples.unlawful.items() for text in texts]
        self._characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
        rows = self._characters.fit_transform([text for text, _ in bad] + examples.lawful)
        self._unlawful = LogisticRegression(C=10, class_weight="balanced", max_iter=2000).fit(
            rows, [1] * len(bad) + [0] * len(examples.lawful)
        )
        self._pattern = LogisticRegression(C=10, class_weight="balanced", max_iter=2000).fit(
            rows[: len(bad)], [pattern for _, pattern in bad]
        )

    def unlawful(self, texts: list[str]) -> np.ndarray:
        """(n,) float: how likely each is against the law, 0...1; 0 for a text without a known character."""
        rows = self._characters.transform(texts)
        known = np.asarray(rows.getnnz(axis=1) > 0)
        return np.where(known, self._unlawful.predict_proba(rows)[:, 1], 0.0)

    def weights(self, texts: list[str]) -> np.ndarray:
        """(n,) float: what the words of each add to the suspicion."""
        return np.asarray(self._characters.transform(texts) @ np.ravel(self._unlawful.coef_))

    def pattern(self, text: str) -> str:
        return str(self._pattern.predict(self._characters.transform([text]))[0])


@cache
def classifier() -> Classifier:
    found = read_examples()
    folded = Examples(
        {pattern: [fold(t) for t in texts] for pattern, texts in found.unlawful.items()},
        [fold(t) for t in found.lawful],
    )
    return Classifier(folded)


def fold(text: str) -> str:
    """Full-width and half-width alike, without blanks and invisible marks."""
    return "".join(c for c, _ in folded(text))


def folded(text: str) -> list[tuple[str, int]]:
    """The characters that count, each with its place in `text`."""
    return [
        (c, at)
        for at, raw in enumerate(text)
        for c in unicodedata.normalize("NFKC", raw)
        if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc", "Cs")
    ]
