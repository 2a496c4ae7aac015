"""The topic of a message: a linear classifier over its query vector and character pairs, trained on our own bank and corpus.

It routes cases later, so every message gets one; 其他 stands for what fits nowhere.
"""

from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.embedding import Embedder
from knowledge.models import BankQuestion
from knowledge.normalise import normalise

_DENSE_SCALE = 3.0  # tf-idf rows have length 1 too; the vector says more than the characters


class TopicClassifier:
    def __init__(self, characters: TfidfVectorizer, model: LinearSVC) -> None:
        self._characters = characters
        self._model = model

    def predict(self, texts: Sequence[str], vectors: np.ndarray) -> list[str]:
        return [str(t) for t in self._model.predict(_features(self._characters, texts, vectors))]

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        joblib.dump((self._characters, self._model), path)

    @classmethod
    def load(cls, path: Path) -> "TopicClassifier":
        return cls(*joblib.load(path))


def train(session: Session, embedder: Embedder) -> TopicClassifier:
    """From all bank questions that carry a topic, those set aside left out."""
    rows = session.execute(select(BankQuestion.text, BankQuestion.topic).where(BankQuestion.topic.is_not(None), BankQuestion.set_aside.is_(False))).all()
    texts = [r[0] for r in rows]
    vectors = embedder.encode_queries(texts)
    characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True, preprocessor=normalise)
    characters.fit(texts)
    model = LinearSVC(C=0.3, class_weight="balanced")
    model.fit(_features(characters, texts, vectors), [r[1] for r in rows])
    return TopicClassifier(characters, model)


def _features(characters: TfidfVectorizer, texts: Sequence[str], vectors: np.ndarray) -> csr_matrix:
    return hstack([characters.transform(texts), csr_matrix(vectors * _DENSE_SCALE)]).tocsr()
