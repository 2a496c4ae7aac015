"""A learned second opinion on what somebody wants to put to the village, beside the signs of gate.yml: how likely it
must not be put at all, and to which group it belongs. Learned in a moment from examples.yml.

Of 60 hostile motions that nothing was written with, signs alone stopped .73, the clause check of village rules alone
.82 at .22 false alarms, characters alone .93 at .16; all three together are measured in docs/law/motions.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from actions.motions.rules import GROUPS, PREPARATION, SOMEBODY, rules
from knowledge.anonymity.detector import find_marks
from knowledge.anonymity.marks import MarkKind
from knowledge.data_files import DataModel, Text, read
from knowledge.village_rules.classifier import classifier
from knowledge.village_rules.words import relations

# Beside characters, by five-fold runs over the examples (docs/law/motions.md).
_RELATIONS_WEIGH = 0.2
_CLAUSE_WEIGHS = 0.08
_SIGNS_WEIGH = 0.6
_WITHOUT_SIGNS = 0.3
_SIGNS = len(GROUPS) + 3  # columns
_FRAMED = 2  # frames around each example
_NAMES = (MarkKind.name, MarkKind.nickname)


class ExamplesFile(DataModel):
    """The schema of examples.yml."""

    frames: tuple[Text, ...] = Field(min_length=_FRAMED)  # what people say around a motion; {} stands for it
    hostile: dict[int, tuple[Text, ...]]  # by group
    preparation: tuple[Text, ...] = Field(min_length=1)
    harmless: tuple[Text, ...] = Field(min_length=1)


@cache
def _file() -> ExamplesFile:
    return read(Path(__file__).with_name("examples.yml"), ExamplesFile)


def read_examples() -> list[tuple[str, int]]:
    """Each example with its group; 0 is harmless."""
    found = _file()
    return [
        *((text, group) for group, texts in found.hostile.items() for text in texts),
        *((text, PREPARATION) for text in found.preparation),
        *((text, 0) for text in found.harmless),
    ]


def without_people(text: str) -> str:
    """Folded; names that the detector finds and whoever the patterns of gate.yml recognise are `SOMEBODY`."""
    for mark in reversed(find_marks(text)):
        if mark.kind in _NAMES:
            text = text[: mark.start] + SOMEBODY + text[mark.end :]
    return rules().without_people(text)


@dataclass(frozen=True)
class Opinion:
    """Of n texts, in their order."""

    hostile: np.ndarray  # (n,) float, 0...1: must not be put to anybody
    preparation: np.ndarray  # (n,) float, 0...1: about selling, leasing or sharing what belongs to the collective
    groups: tuple[int, ...]  # the likeliest, were it hostile


def framed(examples: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Each example also within some of the frames, good and bad alike, so that 投票 and 表决 alone say nothing."""
    frames = _file().frames
    return [
        *examples,
        *(
            (frames[(at + turn * 7) % len(frames)].replace("{}", text), group)
            for turn in range(_FRAMED)
            for at, (text, group) in enumerate(examples)
        ),
    ]


class Judge:
    """Texts everywhere as `without_people` leaves them."""

    def __init__(self, examples: Sequence[tuple[str, int]]) -> None:
        examples = framed(examples)
        texts = [text for text, _ in examples]
        groups = np.array([group for _, group in examples])
        self._characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True).fit(texts)
        self._relations = TfidfVectorizer(analyzer=relations, sublinear_tf=True, min_df=2).fit(texts)
        # The signs were written beside the examples and fit them too well: each is learned once more without them.
        known, heard = self._rows(texts), csr_matrix((len(texts), _SIGNS))
        rows = vstack([known, hstack([known[:, :-_SIGNS], heard])], format="csr")
        groups = np.concatenate([groups, groups])
        weights = np.repeat([1.0, _WITHOUT_SIGNS], len(texts))
        is_hostile = (groups > 0) & (groups != PREPARATION)
        group = LinearSVC(C=0.3, class_weight="balanced", random_state=0)
        models = [
            _likely().fit(rows, is_hostile, sample_weight=weights),
            _likely().fit(rows, groups == PREPARATION, sample_weight=weights),
            group.fit(rows[is_hostile], groups[is_hostile], sample_weight=weights[is_hostile]),
        ]
        self._groups = [int(g) for g in group.classes_]
        # One product instead of three models asked in turn: most of their time went into looking at what they got.
        self._weights = np.vstack([model.coef_ for model in models]).T
        self._bias = np.concatenate([model.intercept_ for model in models])

    def read(self, texts: Sequence[str]) -> Opinion:
        scores = self._rows(texts) @ self._weights + self._bias
        likely = 1 / (1 + np.exp(-scores[:, :2]))
        nearest = scores[:, 2:].argmax(axis=1)
        return Opinion(likely[:, 0], likely[:, 1], tuple(self._groups[at] for at in nearest))

    def _rows(self, texts: Sequence[str]) -> csr_matrix:
        clauses = np.clip(classifier().unlawful(list(texts)), 0.01, 0.99)
        parts = [
            self._characters.transform(texts),
            _RELATIONS_WEIGH * self._relations.transform(texts),
            csr_matrix(_CLAUSE_WEIGHS * np.log(clauses / (1 - clauses))[:, None]),
            csr_matrix(_SIGNS_WEIGH * np.array([_signs(text) for text in texts], dtype=float)),
        ]
        return hstack(parts, format="csr")


def _likely() -> LogisticRegression:
    return LogisticRegression(C=20, class_weight="balanced", solver="liblinear", random_state=0)


def _signs(text: str) -> list[float]:
    heard = rules().heard(text)
    return [
        rules().is_harmless_frame(text),
        SOMEBODY in text,
        any(group != PREPARATION for group in heard),
        *(group in heard for group in GROUPS),
    ]


@cache
def learned() -> Judge:
    return Judge([(without_people(text), group) for text, group in read_examples()])
