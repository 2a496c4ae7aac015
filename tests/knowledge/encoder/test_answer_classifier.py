"""The classifier of answers: what it learns, what it says of what it doesn't know, and that search does without it."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session, sessionmaker

from knowledge.documents.models import BankQuestion, BankTarget, Document, Kind
from knowledge.encoder import answer_classifier
from knowledge.encoder.answer_classifier import AnswerClassifier, LiveClassifier, train, ways_of_asking
from knowledge.encoder.cache import VectorCache
from knowledge.encoder.embedding import DIM, Progress
from knowledge.places import Level, Place
from knowledge.search import fit
from knowledge.search.fit import Weighed
from tests.fakes import PairEmbedder

WAYS = [
    ("欠条丢了还能要钱吗", "answer-qiantiao"),
    ("借条不见了钱咋要", "answer-qiantiao"),
    ("只有转账没有欠条", "answer-qiantiao"),
    ("狗咬了人主人要赔吗", "answer-gou"),
    ("被邻居的狗咬了", "answer-gou"),
    ("打狂犬疫苗的钱谁出", "answer-gou"),
    ("离婚孩子归谁", "answer-lihun"),
    ("离了婚娃跟谁过", "answer-lihun"),
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorCache]:
    opened = VectorCache(tmp_path_factory.mktemp("cache") / "vectors.sqlite")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def taught(cache: VectorCache) -> AnswerClassifier:
    trained = train(WAYS, embedder=PairEmbedder(), cache=cache)
    assert trained is not None
    return trained


def likeliest(classifier: AnswerClassifier, text: str) -> str:
    chances = classifier.chances(text, PairEmbedder().encode_queries([text])[0])
    assert np.isclose(np.exp(chances).sum(), 1)
    return list(classifier.ids)[int(np.argmax(chances))]


@pytest.mark.parametrize(
    ("text", "answer"),
    [("俺的欠条丢了", "answer-qiantiao"), ("他家狗咬我一口", "answer-gou"), ("离婚了娃归谁", "answer-lihun")],
)
def test_it_tells_which_answer_is_asked_for(taught: AnswerClassifier, text: str, answer: str) -> None:
    assert likeliest(taught, text) == answer


@pytest.mark.parametrize("text", ["", "xyz", "？！", "魑魅魍魉"])
def test_words_that_nobody_asked_with_are_no_error(taught: AnswerClassifier, text: str) -> None:
    assert np.isfinite(taught.chances(text, np.zeros(384, np.float32))).all()


def test_one_character_asks_for_nothing(taught: AnswerClassifier) -> None:
    assert np.ptp(taught.chances("啊", PairEmbedder().encode_queries(["啊"])[0])) == 0


class _Turned:
    """Its queries are its passages turned by half the space; it counts them."""

    name = "turned"

    def __init__(self) -> None:
        self.queries = 0

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> np.ndarray:
        return PairEmbedder().encode_passages(texts)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        self.queries += len(texts)
        return np.roll(self.encode_passages(texts), DIM // 2, axis=1)


def test_of_many_ways_only_some_are_encoded_as_queries(cache: VectorCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_classifier, "_ENCODED", 6)
    embedder = _Turned()
    trained = train(WAYS, embedder=embedder, cache=cache)
    assert trained is not None
    assert embedder.queries == 6
    for text, answer in WAYS:
        chances = trained.chances(text, embedder.encode_queries([text])[0])
        assert list(trained.ids)[int(np.argmax(chances))] == answer


def test_of_one_answer_there_is_nothing_to_learn(cache: VectorCache) -> None:
    assert train(WAYS[:3], embedder=PairEmbedder(), cache=cache) is None
    assert train([], embedder=PairEmbedder(), cache=cache) is None


def test_it_is_the_same_from_its_file_and_a_newer_one_is_seen(taught: AnswerClassifier, tmp_path: Path) -> None:
    path = tmp_path / "answers.npz"
    live = LiveClassifier(path)
    assert live() is None
    taught.save(path)
    found = live()
    assert found is not None
    assert live() is found
    vector = PairEmbedder().encode_queries(["狗咬人"])[0]
    assert np.array_equal(found.chances("狗咬人", vector), taught.chances("狗咬人", vector))
    taught.save(path)
    os.utime(path, (1, 1))
    assert live() is not found
    path.write_bytes(b"no archive")
    assert live() is None


def test_questions_set_aside_and_other_kinds_teach_nothing(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        session.add(Place(id="nation", name="全国", level=Level.nation))
        session.flush()
        for number, (kind, is_set_aside) in enumerate(
            [(Kind.answer, False), (Kind.answer, True), (Kind.statute, False)]
        ):
            document = Document(id=f"doc-{number}", kind=kind, title="题", place_id="nation", topic=None)
            question = BankQuestion(id=f"q{number}", text=f"问{number}", source="test", set_aside=is_set_aside)
            question.targets = [BankTarget(rank=0, document_id=document.id)]
            session.add_all([document, question])
        session.flush()
        assert ways_of_asking(session) == [("问0", "doc-0")]


def weighed(document: str, likely: float | None) -> Weighed:
    return Weighed(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0, document, None, "answer", likely=likely)


def test_of_two_that_are_alike_else_the_likelier_comes_first_and_an_unknown_one_keeps_its_place() -> None:
    first, second = fit.logits([weighed("a", -4.0), weighed("b", -0.1)])
    assert second > first
    known, unknown = fit.logits([weighed("a", -0.1), weighed("b", None)])
    assert np.isclose(known, unknown)
    assert np.allclose(*fit.logits([weighed("a", None), weighed("b", None)]))
