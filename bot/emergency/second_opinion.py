"""A learned second opinion on danger, beside the rules: hints and understatement that no word of theirs names.

Trained at set-up over `sentences.jsonl`, messages that people wrote who hadn't read the rules. The rules stay first:
they need no model and answer even where this one is missing.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import yaml
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.emergency.guidance import GUIDANCE, Emergency, EmergencyKind
from bot.emergency.recognising import recognise
from knowledge.encoder.embedding import Embedder
from knowledge.normalise import normalise

SENTENCES = Path(__file__).with_name("sentences.jsonl")
EVERYDAY = Path(__file__).parents[1] / "data" / "nlu"
NONE = "none"
ALARM_FROM = 0.5  # P(some danger); from there on the likeliest kind is told
_FEWEST = 4  # characters: 没有, 不是, 前天 are answers to a form
_FIGURES = (
    "13812345678",
    "15900001111",
    "261124-001-05 1234",
    "110101199003071234",
    "3组",
    "50000块",
    "3月8号",
    "2026年9月1日",
)
_DENSE_SCALE, _C = 4.0, 20.0
_MOST_CHARACTERS = 300


@dataclass(frozen=True)
class Sentence:
    """`label`: an EmergencyKind, or `none` for a near miss."""

    text: str
    label: str


def read_sentences(path: Path = SENTENCES) -> list[Sentence]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Sentence(row["text"], row["label"]) for row in rows]


def read_everyday(folder: Path = EVERYDAY) -> list[Sentence]:
    """What people say to the bot in all its dialogues: numbers, a yes, a place, a complaint, where the rules see no
    danger either. Without these everything that is like no sentence of ours would ring the alarm.
    """
    found = []
    for path in sorted(folder.glob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            told = [
                re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line[2:]) for line in entry.get("examples", "").splitlines()
            ]
            found += [Sentence(text, NONE) for text in told if text and recognise(text) is None]
    return [*found, *(Sentence(text, NONE) for text in _FIGURES)]


def troubles(phrasings: Sequence[str]) -> list[Sentence]:
    """Every sixth of the ways in which people tell our answers their troubles, where the rules see no danger: most of
    what is told is bad and over, and an alarm would shock.
    """
    return [Sentence(text, NONE) for text in sorted(phrasings)[::6] if recognise(text) is None]


class SecondOpinion:
    def __init__(self, characters: TfidfVectorizer, model: LogisticRegression) -> None:
        self._characters, self._model = characters, model

    def likely(self, texts: Sequence[str], embedder: Embedder) -> list[tuple[float, str]]:
        """For each text: P(danger), and the likeliest kind if there is one."""
        said = [normalise(text)[:_MOST_CHARACTERS] for text in texts]
        chances = self._model.predict_proba(_features(self._characters, said, embedder.encode_queries(said)))
        kinds = list(self._model.classes_)
        at = kinds.index(NONE)
        found = []
        for row in chances:
            rest = [(float(p), kind) for place, (p, kind) in enumerate(zip(row, kinds, strict=True)) if place != at]
            found.append((1 - float(row[at]), max(rest)[1]))
        return found

    def of(self, text: str, embedder: Embedder) -> Emergency | None:
        """Danger now, or None."""
        if sum("\u4e00" <= c <= "\u9fff" for c in text) < _FEWEST:
            return None
        [(chance, kind)] = self.likely([text], embedder)
        if chance < ALARM_FROM:
            return None
        return Emergency(EmergencyKind(kind), False, GUIDANCE[EmergencyKind(kind)])

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        joblib.dump((self._characters, self._model), path)

    @classmethod
    def load(cls, path: Path) -> "SecondOpinion":
        return cls(*joblib.load(path))


def train(sentences: Sequence[Sentence], *, embedder: Embedder) -> SecondOpinion:
    texts = [normalise(s.text)[:_MOST_CHARACTERS] for s in sentences]
    characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
    characters.fit(texts)
    model = LogisticRegression(C=_C, max_iter=400)
    model.fit(_features(characters, texts, embedder.encode_queries(texts)), [s.label for s in sentences])
    return SecondOpinion(characters, model)


def _features(characters: TfidfVectorizer, texts: Sequence[str], vectors: np.ndarray) -> csr_matrix:
    return hstack([characters.transform(texts), csr_matrix(vectors * _DENSE_SCALE)]).tocsr()
