"""How likely a sentence is against the law, and by which pattern: linear models over character groups and over the
kinds of words that stand together, learned in a moment from `examples/`.

Hand-written signs alone were tried first: 1.00 of the clauses they were written with, .62 of those unseen. Some four
thousand examples carry further (docs/law/village-rules.md).
"""

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from knowledge.village_rules.patterns import PATTERNS
from knowledge.village_rules.segments import segments
from knowledge.village_rules.words import relations

EXAMPLES = Path(__file__).with_name("examples")
# Beside characters, by five-fold runs over the examples (docs/law/village-rules.md).
_RELATIONS_WEIGH = 0.35
_SIGNS_WEIGH = 0.15
_NEARLY = 0.3


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
    """Texts everywhere as `fold` leaves them, a sentence each."""

    def __init__(self, examples: Examples) -> None:
        bad = [(text, pattern) for pattern, texts in examples.unlawful.items() for text in texts]
        texts = [text for text, _ in bad] + examples.lawful
        self._characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
        self._relations = TfidfVectorizer(analyzer=relations, sublinear_tf=True, min_df=2)
        self._signs = TfidfVectorizer(analyzer=_signs, norm=None, use_idf=False)
        characters = self._characters.fit_transform(texts)
        rows = hstack([characters, _RELATIONS_WEIGH * self._relations.fit_transform(texts)], format="csr")
        self._unlawful = LogisticRegression(C=10, class_weight="balanced", solver="liblinear", random_state=0).fit(
            rows, [1] * len(bad) + [0] * len(examples.lawful)
        )
        told = [text for text, _ in bad]
        rows = hstack([characters[: len(bad)], _SIGNS_WEIGH * self._signs.fit_transform(told)], format="csr")
        self._pattern = LinearSVC(C=0.3, class_weight="balanced", random_state=0).fit(
            rows, [pattern for _, pattern in bad]
        )

    def unlawful(self, texts: list[str]) -> np.ndarray:
        """(n,) float: how likely each is against the law, 0...1; 0 for a text without a known character."""
        characters = self._characters.transform(texts)
        known = np.asarray(characters.getnnz(axis=1) > 0)
        rows = hstack([characters, _RELATIONS_WEIGH * self._relations.transform(texts)], format="csr")
        return np.where(known, self._unlawful.predict_proba(rows)[:, 1], 0.0)

    def weights(self, texts: list[str]) -> np.ndarray:
        """(n,) float: what the words of each add to the suspicion."""
        rows = self._characters.transform(texts)
        return np.asarray(rows @ np.ravel(self._unlawful.coef_)[: rows.shape[1]])

    def patterns(self, text: str) -> list[str]:
        """The pattern that a sentence has broken, and a second where that is nearly as likely and its words stand
        there: `上访的停发分红` is against two laws.
        """
        rows = hstack([self._characters.transform([text]), _SIGNS_WEIGH * self._signs.transform([text])], format="csr")
        scores = np.atleast_1d(np.ravel(self._pattern.decision_function(rows)))
        if len(self._pattern.classes_) == 2:
            scores = np.array([-scores[0], scores[0]])
        order = np.argsort(-scores)
        signs = _signs(text)
        nearly = scores[order[0]] - _NEARLY
        second = [i for i in order[1:] if scores[i] > nearly and self._pattern.classes_[i] in signs]
        return [str(self._pattern.classes_[i]) for i in [order[0], *second[:1]]]


def _signs(text: str) -> list[str]:
    return [key for key, pattern in PATTERNS.items() if pattern.signs.search(text)]


@cache
def classifier() -> Classifier:
    found = read_examples()
    return Classifier(
        Examples(
            {pattern: [fold(_unnumbered(t)) for t in texts] for pattern, texts in found.unlawful.items()},
            # Every sentence of a lawful clause is lawful; which one of an unlawful clause isn't, nobody wrote down.
            list(dict.fromkeys(fold(t[a:b]) for t in found.lawful for a, b in segments(t))),
        )
    )


def _unnumbered(text: str) -> str:
    return text[next((start for start, _ in segments(text)), 0) :]


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
