"""A learned second opinion on which matter is meant: a linear model over character groups, learned in a moment from
`phrases.jsonl`, `tales.jsonl` and from what matters.yml says of each matter.

The words of matter_words.yml come first. Where it holds something else to be likelier, one question is asked; what they
leave open it decides only where it is far ahead. A wrong span is worse than a question too many.
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from actions.tools.learned.examples import NONE, OPEN, Example, phrases, said, tales
from actions.tools.matter_words import READ, WHICH, Found, asks_for_a_limit, names_a_limit, wanted
from actions.tools.matters import ANSWERS, MATTERS
from knowledge.kept_models import kept

_LEARNING = threading.Lock()  # who asks while it is learned waits, and doesn't learn it again
_NUMBERS = re.compile(r"[0-9０-９一二三四五六七八九十]+")
_BARE, _TELLS = 20, re.compile(r"[了过没0-9]|不服|收到|下来")
_SHORT = 12  # an answer to a question of ours has too few characters for a second opinion
_C, _TALES = 4.0, 4.0  # _TALES: weight of a tale against a phrase, which is shorter and more of one kind
# By how much the likeliest must be ahead. Chosen by leaving out a sixth of the tales at a time (docs/nlu.md); what is
# told wrongly counts most.
_AHEAD, _IN_SPITE_OF_A_QUESTION, _QUITE_DIFFERENT, _UNHEARD = 0.5, 0.9, 2.0, 0.9
_NO_LIMIT, _LIKELIER = 0.2, 0.1
_NEVER = -1.0  # the score of what the model never saw
# One article, one span, one day: which of the two is told makes no difference to anybody.
_ALIKE = {"labour_arbitration", "labour_wages_after_leaving"}


@dataclass(frozen=True)
class Opinion:
    """Scores by id; likeliest: the id with the highest; ahead: by how much."""

    scores: dict[str, float]
    likeliest: str
    ahead: float


class Model:
    def __init__(self, short: Sequence[Example], long: Sequence[Example]) -> None:
        self._characters = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True, preprocessor=_unnumbered
        )
        examples = [*short, *long]
        rows = self._characters.fit_transform([example.told for example in examples])
        self._matters = LinearSVC(C=_C, tol=1e-2, max_iter=3000, class_weight="balanced", random_state=0).fit(
            rows,
            [example.matter for example in examples],
            sample_weight=[1.0] * len(short) + [_TALES] * len(long),
        )
        self._matters.coef_ = np.asfortranarray(self._matters.coef_)  # or scipy copies all of it for each message

    def opinion(self, text: str) -> Opinion:
        scores = np.ravel(self._matters.decision_function(self._characters.transform([text[:READ]])))
        second, first = np.argsort(scores)[-2:]
        names = [str(name) for name in self._matters.classes_]
        told = {name: float(score) for name, score in zip(names, scores, strict=True)}
        return Opinion(told, names[first], float(scores[first] - scores[second]))


def model() -> Model:
    with _LEARNING:
        return _learned()


@cache
def _learned() -> Model:
    return kept("matters", lambda: Model([*phrases(), *said()], tales()), made_of=[Path(__file__).parents[1]])


def weighed(found: Found, text: str) -> Found:
    """What the words say, with the model's opinion where they leave it open or where it holds something else."""
    if len(text) < _SHORT:
        return found
    opinion = model().opinion(text)
    if len(found.matters) == 1 and not found.ask:
        return _doubted(found, opinion, text)
    if found.matters:
        return _decided(found, opinion, text)
    if found.answer and opinion.likeliest == NONE and opinion.ahead > _UNHEARD:
        return Found()
    is_unheard = opinion.likeliest in MATTERS and opinion.ahead > _UNHEARD and asks_for_a_limit(text)
    return _told(opinion) if is_unheard else found


def _told(opinion: Opinion) -> Found:
    return Found((MATTERS[opinion.likeliest],))


def _doubted(found: Found, opinion: Opinion, text: str) -> Found:
    """The one matter that the words say stays where the model holds no other to be likelier."""
    [matter] = found.matters
    if len(text) <= _BARE and names_a_limit(text) and not _TELLS.search(text):
        return found  # 我想算一下土地承包仲裁的期限: called by its name, and there is no tale to doubt it by
    likeliest = opinion.likeliest
    ahead = opinion.scores[likeliest] - opinion.scores.get(matter.id, _NEVER)
    if likeliest == matter.id or (likeliest not in MATTERS and likeliest not in (NONE, OPEN) and ahead < _AHEAD):
        return found
    if {matter.id, likeliest} <= _ALIKE or (likeliest in MATTERS and ahead > _QUITE_DIFFERENT):
        return _told(opinion)
    if _is_no_limit(likeliest, ahead, text):
        return Found()
    return Found((matter, MATTERS[likeliest]) if likeliest in MATTERS else (matter,), WHICH)


def _decided(found: Found, opinion: Opinion, text: str) -> Found:
    """What is left open leads to the matter of which the model is sure, to no day, to an answer, or to a question that
    offers the likeliest first.
    """
    likeliest = opinion.likeliest
    is_own_question = not found.is_vague and found.ask != WHICH  # the words wanted to know one thing
    if likeliest in MATTERS and opinion.ahead > (_IN_SPITE_OF_A_QUESTION if is_own_question else _AHEAD):
        return _told(opinion)
    if _is_no_limit(likeliest, opinion.ahead, text):
        return Found()
    if is_own_question or likeliest == OPEN or opinion.ahead < _LIKELIER:
        return found
    if likeliest in MATTERS:
        first = MATTERS[likeliest]
        return replace(found, matters=(first, *(m for m in found.matters if m is not first)), ask=found.ask or WHICH)
    if likeliest in ANSWERS:
        return Found(answer=ANSWERS[likeliest])
    return found if asks_for_a_limit(text) else Found()


def _is_no_limit(likeliest: str, ahead: float, text: str) -> bool:
    """Who says 期限 or 最晚 asks for one, unless the model is far ahead."""
    return likeliest == NONE and ahead > (_UNHEARD if names_a_limit(text) else _NO_LIMIT)


def _unnumbered(text: str) -> str:
    return _NUMBERS.sub("0", wanted(text))
