"""Which of our answers, guides, policies and stories a message asks for, learned from the ways of asking of all of
them.

Two opinions are multiplied. By words: how likely an answer's ways of asking would bring forth these characters and
pairs of characters (multinomial naive Bayes over tf-idf, Lidstone smoothing). By meaning: a linear softmax over the
vector of the message. The search asks it about its best hits (`knowledge/search/fit.py`); an answer that was published
after it was trained is unknown to it, and then it says nothing of that one.
"""

import logging
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge import characters
from knowledge.documents.models import BankQuestion, BankTarget, Document, Kind
from knowledge.encoder.cache import VectorCache, embed_cached
from knowledge.encoder.embedding import Embedder
from knowledge.normalise import normalise
from knowledge.whole_files import replaced

log = logging.getLogger("linli.answers")

_SMOOTHING = 0.001  # of a tf-idf weight of about .2: chosen over the ways of asking set aside, as are _PASSES and _RATE
_PASSES, _BATCH, _RATE, _SCALE_RATE = 3, 512, 2e-3, 1e-2
_LABELS_GIVE = 0.05  # label smoothing
_SCALE = 3.0  # log of the softmax's scale to begin with
_MOST_CHARACTERS = 300
_FEWEST_LETTERS = 2
_FEWEST = 2  # answers; of one there is nothing to choose
# Ways of asking that are encoded as queries; where there are more, the vectors of the others are told from the passages
# that the index needs anyway: 10 minutes less at a first start, and of 1,500 ways set aside as many are found first
# (.728) and among three (.867) as with all 60,058 encoded twice.
_ENCODED, _RIDGE = 8_000, 0.1
# Of these each document is one answer; a statute or a village's rules are a hundred.
KINDS = (Kind.answer, Kind.service_guide, Kind.policy, Kind.regulation, Kind.case_story)


@dataclass(frozen=True)
class _Words:
    """For each character or pair the answers whose ways of asking hold it.

    `codes` (v,) uint64, sorted; `idf` (v,); `start` (v + 1,) into `rows` and `weights`: log(1 + weight / smoothing);
    `mass` (n,): log of all weights of an answer, smoothed.
    """

    codes: np.ndarray
    idf: np.ndarray
    start: np.ndarray
    rows: np.ndarray
    weights: np.ndarray
    mass: np.ndarray

    def chances(self, text: str) -> np.ndarray:
        """(n,) log-likelihood of the message, but for what is the same for all answers."""
        codes, counts = _counted(text)
        at = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        known = self.codes[at] == codes
        at, counts = at[known], counts[known]
        said = (1 + np.log(counts)) * self.idf[at]
        said = said / max(float(np.sqrt((said**2).sum())), 1e-9)
        found = -float(said.sum()) * self.mass
        lengths = self.start[at + 1] - self.start[at]
        parts = np.repeat(self.start[at] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        np.add.at(found, self.rows[parts], np.repeat(said, lengths) * self.weights[parts])
        return found


@dataclass(frozen=True)
class Chances:
    """log P of each document that the classifier knows: `values` (n,), `rows` a document's place there. A search asks
    after a dozen of 2,500.
    """

    rows: Mapping[str, int]
    names: Sequence[str]
    values: np.ndarray

    def of(self, document: str) -> float | None:
        row = self.rows.get(document)
        return None if row is None else float(self.values[row])

    def likely(self, least: float) -> dict[str, float]:
        """P of those whose log P is above `least`."""
        near = np.flatnonzero(self.values > least).tolist()
        return {self.names[row]: float(np.exp(self.values[row])) for row in near}


UNKNOWN = Chances({}, (), np.empty(0))


class AnswerClassifier:
    """`ids` (n,): documents; `head` (n, 384), `bias` (n,): of the softmax."""

    def __init__(self, ids: Sequence[str], words: _Words, head: np.ndarray, bias: np.ndarray) -> None:
        self.ids = {document: row for row, document in enumerate(ids)}
        self._names = tuple(self.ids)
        self._words, self._head, self._bias = words, head, bias

    def chances(self, text: str, vector: np.ndarray) -> np.ndarray:
        """(n,) log P of each answer, by the message as normalised and its vector (384,) as a query; of a message of one
        character (啊) it knows nothing, all are as likely.
        """
        if len(characters.letters(text)) < _FEWEST_LETTERS:
            return np.full(len(self.ids), -float(np.log(len(self.ids))))
        by_words = _log_softmax(self._words.chances(text[:_MOST_CHARACTERS]))
        return _log_softmax(by_words + _log_softmax(self._head @ vector + self._bias))

    def by_document(self, text: str, vector: np.ndarray) -> Chances:
        return Chances(self.ids, self._names, self.chances(text, vector))

    def save(self, path: Path) -> None:
        held = {f"words_{name}": array for name, array in vars(self._words).items()}
        with replaced(path) as fresh:
            np.savez(fresh, ids=np.array(list(self.ids), "U80"), head=self._head, bias=self._bias, **held)

    @classmethod
    def load(cls, path: Path) -> "AnswerClassifier":
        """Raises OSError or ValueError where there is none that can be read."""
        try:
            with np.load(path) as held:
                words = _Words(**{name: held[f"words_{name}"] for name in _Words.__dataclass_fields__})
                return cls([str(i) for i in held["ids"]], words, held["head"], held["bias"])
        except (KeyError, EOFError, BadZipFile, zlib.error) as error:
            raise ValueError(f"{path} can't be read: {error}") from error


class LiveClassifier:
    """The one that was trained last, read again when its file has changed; None where there is none. One `stat`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark: tuple[int, int] | None = None
        self._held: AnswerClassifier | None = None

    def __call__(self) -> AnswerClassifier | None:
        try:
            told = self._path.stat()
            mark = (told.st_ino, told.st_mtime_ns)
            if mark != self._mark:
                self._held, self._mark = AnswerClassifier.load(self._path), mark
        except FileNotFoundError:
            self._held = self._mark = None
        except (OSError, ValueError) as error:  # search does without it
            log.warning("the classifier of answers is unavailable: %s", error)
            self._held, self._mark = None, mark
        return self._held


def ways_of_asking(session: Session) -> list[tuple[str, str]]:
    """(text, document) of all questions that lead to a text of ours of these `KINDS`, those set aside left out, in a
    fixed order.
    """
    asked = (
        select(BankQuestion.text, BankTarget.document_id)
        .join(BankTarget, BankTarget.question_id == BankQuestion.id)
        .join(Document, Document.id == BankTarget.document_id)
        .where(BankQuestion.set_aside.is_(False), Document.kind.in_(KINDS))
        .order_by(BankTarget.document_id, BankQuestion.id)
    )
    return [(str(text), str(document)) for text, document in session.execute(asked)]


def train(ways: Sequence[tuple[str, str]], *, embedder: Embedder, cache: VectorCache) -> AnswerClassifier | None:
    """None for fewer than two answers. `cache`: where the ways of asking are kept as passages."""
    ids = sorted({document for _, document in ways})
    if len(ids) < _FEWEST:
        return None
    rows: Mapping[str, int] = {document: row for row, document in enumerate(ids)}
    labels = np.array([rows[document] for _, document in ways])
    texts = [normalise(text)[:_MOST_CHARACTERS] for text, _ in ways]
    head, bias = _head(_as_queries(ways, texts, embedder, cache), labels, len(ids))
    return AnswerClassifier(ids, _words(texts, labels, len(ids)), head, bias)


def _as_queries(
    ways: Sequence[tuple[str, str]], texts: Sequence[str], embedder: Embedder, cache: VectorCache
) -> np.ndarray:
    """(n, 384) vectors of the ways of asking as queries: of some encoded, of the others by the linear map from passages
    to queries that these some teach (cosine .92).
    """
    if len(texts) <= _ENCODED:
        return embedder.encode_queries(texts)
    some = np.linspace(0, len(texts) - 1, _ENCODED).astype(int)
    encoded = embedder.encode_queries([texts[row] for row in some])
    # As they stand: normalised they would miss the cache.
    passages = embed_cached([text for text, _ in ways], embedder=embedder, cache=cache)
    passages = np.hstack([passages, np.ones((len(passages), 1), np.float32)])
    known = passages[some]
    to_query = np.linalg.solve(known.T @ known + _RIDGE * np.eye(known.shape[1]), known.T @ encoded)
    found = (passages @ to_query).astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    found[some] = encoded
    return found


def _words(texts: Sequence[str], labels: np.ndarray, answers: int) -> _Words:
    """Each way of asking counts as much as any other: its weights have length 1."""
    found = [_counted(text) for text in texts]
    of_way = np.repeat(np.arange(len(texts)), [len(codes) for codes, _ in found])
    codes, of_code = np.unique(np.concatenate([codes for codes, _ in found]), return_inverse=True)
    frequency = np.bincount(of_code, minlength=len(codes))
    idf = np.log((len(texts) + 1) / (frequency + 1)) + 1
    said = (1 + np.log(np.concatenate([counts for _, counts in found]))) * idf[of_code]
    said /= np.sqrt(np.bincount(of_way, said**2, minlength=len(texts)))[of_way]
    keys, place = np.unique(of_code.astype(np.int64) * answers + labels[of_way], return_inverse=True)
    weights = np.bincount(place, said)
    rows = (keys % answers).astype(np.int32)
    mass = np.bincount(rows, weights, minlength=answers) + _SMOOTHING * len(codes)
    start = np.searchsorted(keys // answers, np.arange(len(codes) + 1))
    return _Words(codes, idf, start, rows, np.log1p(weights / _SMOOTHING).astype(np.float32), np.log(mass))


def _head(vectors: np.ndarray, labels: np.ndarray, answers: int) -> tuple[np.ndarray, np.ndarray]:
    """From the mean of each answer's vectors on, by Adam; the scale is folded into both."""
    import torch  # only to train: no process that answers loads it

    x, y = torch.from_numpy(np.asarray(vectors, np.float32)), torch.from_numpy(labels)
    means = torch.zeros(answers, x.shape[1]).index_add_(0, y, x)
    head = torch.nn.Parameter(torch.nn.functional.normalize(means))
    bias, scale = torch.nn.Parameter(torch.zeros(answers)), torch.nn.Parameter(torch.tensor(_SCALE))
    steps = torch.optim.Adam([{"params": [head], "lr": _RATE}, {"params": [bias, scale], "lr": _SCALE_RATE}])
    shuffled = torch.Generator().manual_seed(0)
    for _ in range(_PASSES):
        for some in torch.randperm(len(x), generator=shuffled).split(_BATCH):
            logits = scale.exp() * (x[some] @ head.T) + bias
            loss = torch.nn.functional.cross_entropy(logits, y[some], label_smoothing=_LABELS_GIVE)
            steps.zero_grad()
            loss.backward()
            steps.step()
    return (scale.exp() * head).detach().numpy(), bias.detach().numpy()


def _counted(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Its characters and pairs, each once, and how often each stands there."""
    return np.unique(np.concatenate(characters.codes(text)), return_counts=True)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    above = logits - logits.max()
    return np.asarray(above - np.log(np.exp(above).sum()))
