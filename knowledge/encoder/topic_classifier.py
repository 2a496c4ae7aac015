"""The topic of a message, learned from the bank."""

from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge import kept_models
from knowledge.documents import topics
from knowledge.documents.models import BankQuestion
from knowledge.encoder.cache import VectorCache, embed_cached
from knowledge.encoder.embedding import Embedder
from knowledge.normalise import normalise
from knowledge.whole_files import replaced

_DENSE_SCALE = 3.0  # tf-idf rows have length 1 too; the vector says more than the characters
# a message to an office against a legal question of the bank: there are eight times as many of those
_MESSAGE_WEIGHT = 30.0
_C = 0.05
_MOST_CHARACTERS = 300


class TopicClassifier:
    def __init__(self, characters: TfidfVectorizer, model: LinearSVC) -> None:
        self._characters = characters
        self._model = model
        model.coef_ = np.asfortranarray(model.coef_)  # or scipy copies all of it for each message

    def predict(self, texts: Sequence[str], embedder: Embedder) -> list[str]:
        """One topic a text. The embedder must hold the passage side."""
        said = [normalise(t)[:_MOST_CHARACTERS] for t in texts]
        return [str(t) for t in self._model.predict(_features(self._characters, said, embedder.encode_passages(said)))]

    def save(self, path: Path) -> None:
        with replaced(path) as fresh:
            joblib.dump((self._characters, self._model), fresh)

    @classmethod
    def load(cls, path: Path) -> "TopicClassifier":
        """Raises OSError or ValueError where there is none that can be read. Only this installation may write there:
        what is read is run (pickle).
        """
        characters, model = kept_models.read(path)
        return cls(characters, model)


def train(session: Session, *, embedder: Embedder, cache: VectorCache) -> TopicClassifier:
    """From the messages of `topics.yml` and all bank questions that carry a topic, those set aside left out."""
    messages = topics.messages()
    bank = session.execute(
        select(BankQuestion.text, BankQuestion.topic).where(
            BankQuestion.topic.is_not(None), BankQuestion.set_aside.is_(False)
        )
    ).all()
    # As they stand: normalised they would miss the cache.
    vectors = embed_cached([t for t, _ in messages] + [t for t, _ in bank], embedder=embedder, cache=cache)
    texts = [normalise(t) for t, _ in messages] + [normalise(t) for t, _ in bank]
    labels = [t for _, t in messages] + [str(t) for _, t in bank]
    weights = np.array([_MESSAGE_WEIGHT] * len(messages) + [1.0] * len(bank))
    characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
    characters.fit(texts)
    model = LinearSVC(C=_C, class_weight="balanced")
    model.fit(_features(characters, texts, vectors), labels, sample_weight=weights)
    return TopicClassifier(characters, model)


def _features(characters: TfidfVectorizer, texts: Sequence[str], vectors: np.ndarray) -> csr_matrix:
    return hstack([characters.transform(texts), csr_matrix(vectors * _DENSE_SCALE)]).tocsr()
