"""A learned second opinion on which matter is meant: a linear model over character groups, learned in a moment from
`matter_examples.jsonl` and from what matters.yml says of each matter.

The words of matter_words.yml come first, and no span is told by the model alone: where it holds something quite
different from them, one question is asked, and what they leave open it may lead to no day or to an answer. A wrong span
is worse than a question too many. When it decided as well, .2 % of our own phrases were told wrongly (docs/nlu.md).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from actions.tools.matter_words import READ, WHICH, Found, wanted
from actions.tools.matters import ANSWERS, MATTERS
from knowledge.data_files import DataModel, Text

EXAMPLES = Path(__file__).with_name("matter_examples.jsonl")
NONE, OPEN = "none", "open"
_LIMIT = re.compile(r"期限|时效|最[晚迟后]|截|来得及")
_NUMBERS = re.compile(r"[0-9０-９一二三四五六七八九十]+")
_SHORT = 12  # an answer to a question of ours has too few characters for a second opinion
# Chosen on phrases e and f and on the fourth set's shown half (docs/nlu.md); what is told wrongly counts most.
_QUITE_DIFFERENT = 0.6
_LIKELY, _AHEAD = -0.6, 0.1


class Example(DataModel):
    """A line of the examples: matter is an id of matters.yml; none where nobody asks for a limit of his own; open where
    one thing must be asked to know which matter it is.
    """

    text: Text
    matter: Text


@dataclass(frozen=True)
class Opinion:
    """Scores by id; likeliest: the id with the highest; ahead: by how much."""

    scores: dict[str, float]
    likeliest: str
    ahead: float


class Model:
    def __init__(self, examples: Sequence[Example]) -> None:
        self._characters = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True, preprocessor=_unnumbered
        )
        rows = self._characters.fit_transform([example.text for example in examples])
        self._matters = LinearSVC(class_weight="balanced", random_state=0).fit(
            rows, [example.matter for example in examples]
        )

    def opinion(self, text: str) -> Opinion:
        scores = np.ravel(self._matters.decision_function(self._characters.transform([text[:READ]])))
        second, first = np.argsort(scores)[-2:]
        names = [str(name) for name in self._matters.classes_]
        told = {name: float(score) for name, score in zip(names, scores, strict=True)}
        return Opinion(told, names[first], float(scores[first] - scores[second]))


def read_examples(path: Path = EXAMPLES) -> list[Example]:
    """Those of the file, then the words of matters.yml. Raises ValidationError for a line that isn't one."""
    lines = path.read_text(encoding="utf-8").splitlines()
    told = [(matter.id, said) for matter in MATTERS.values() for said in matter.said]
    told += [(other, said) for matter in MATTERS.values() for said, other in matter.near]
    told += [(answer.id, said) for answer in ANSWERS.values() for said in answer.said]
    return [Example.model_validate(json.loads(line)) for line in lines] + [
        Example(text=said, matter=matter) for matter, said in told
    ]


@cache
def model() -> Model:
    return Model(read_examples())


def weighed(found: Found, text: str) -> Found:
    """What the words say, with the model's opinion where they leave it open or where it holds something else."""
    if not found.matters or len(text) < _SHORT:
        return found
    if len(found.matters) == 1 and not found.ask:
        return _doubted(found, model().opinion(text))
    return _decided(found, model().opinion(text), text) if found.is_vague or found.ask == WHICH else found


def _doubted(found: Found, opinion: Opinion) -> Found:
    [matter] = found.matters
    likeliest = opinion.likeliest
    is_other = likeliest != matter.id and (likeliest in MATTERS or likeliest == NONE)
    if not is_other or opinion.scores[likeliest] - opinion.scores.get(matter.id, -1.0) <= _QUITE_DIFFERENT:
        return found
    return Found((matter, MATTERS[likeliest]) if likeliest in MATTERS else (matter,), WHICH)


def _decided(found: Found, opinion: Opinion, text: str) -> Found:
    """What is left open leads to no day, to an answer, or to a question that offers the likeliest first."""
    likeliest = opinion.likeliest
    if likeliest == OPEN or opinion.scores[likeliest] < _LIKELY or opinion.ahead < _AHEAD:
        return found
    if likeliest in MATTERS:
        first = MATTERS[likeliest]
        return replace(found, matters=(first, *(m for m in found.matters if m is not first)), ask=found.ask or WHICH)
    if likeliest in ANSWERS:
        return Found(answer=ANSWERS[likeliest])
    return found if _LIMIT.search(text) else Found()


def _unnumbered(text: str) -> str:
    return _NUMBERS.sub("0", wanted(text))
