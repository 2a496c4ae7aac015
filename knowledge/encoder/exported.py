"""The encoder run by ONNX Runtime: the same vectors as PyTorch's in half the time, and no PyTorch in the process."""

import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from knowledge.encoder import sealed
from knowledge.encoder.embedding import (
    BUNDLED,
    DIM,
    PASSAGE,
    QUERY,
    LastQueries,
    LocalEmbedder,
    Progress,
    SentenceEmbedder,
    adapted,
    bundled_name,
    prepare_model,
)
from knowledge.errors import ModelUnavailable
from knowledge.normalise import content_hash, file_hash

log = logging.getLogger("linli.encoder")

FORMAT = 1  # of an export; another one is written anew
# At once, and by one thread: the runtime keeps what a run needs for the next. PyTorch took it from malloc, where each
# of a server's forty threads kept its own.
_MOST_TOKENS = 2_048
_MANY = 4  # batches
_UNUSED_S = 30 * 86_400
_ABOUT, REFUSED = "about.json", "refused.txt"
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class About:
    """`pooling`: mean or cls."""

    name: str
    query_name: str
    pooling: str
    max_tokens: int

    def save(self, folder: Path) -> None:
        (folder / _ABOUT).write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> "About":
        return cls(**json.loads((folder / _ABOUT).read_text()))


class ExportedEmbedder:
    """`folder`: as `knowledge.encoder.exporting` writes it. The passage side is opened when it is first asked for."""

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        self._about, self._folder, self._threads = About.read(folder), folder, threads
        self.name, self.query_name = self._about.name, self._about.query_name
        self._words = np.load(folder / "words.npy", mmap_mode="r")
        self._places = np.load(folder / "places.npy")
        adapter = folder / "adapter.npy"
        self._adapter = np.load(adapter) if adapter.exists() else None
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(min(self._about.max_tokens, len(self._places)))
        self._query = self._opened("query")
        self._passage: onnxruntime.InferenceSession | None = None
        self._alone: dict[str, onnxruntime.InferenceSession] = {}  # by side: each run of it by one thread
        self._opening, self._running = threading.Lock(), threading.Lock()
        self._last = LastQueries(self._encode_queries)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self._last(texts)

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> np.ndarray:
        return self._encode("passage", [PASSAGE + t for t in texts], progress)

    def _encode_queries(self, texts: list[str]) -> np.ndarray:
        return adapted(self._encode("query", [QUERY + t for t in texts], None), self._adapter)

    def _encode(self, side: str, texts: list[str], progress: Progress | None) -> np.ndarray:
        out = np.empty((len(texts), DIM), np.float32)
        ids = [row.ids for row in self._tokenizer.encode_batch(texts)]
        batches = _batches(ids)
        for some, rows in zip(batches, self._runs(side, ids, batches), strict=True):
            out[some] = rows
            if progress:
                progress(len(some), len(texts))
        return out

    def _runs(self, side: str, ids: Sequence[Sequence[int]], batches: list[list[int]]) -> Iterator[np.ndarray]:
        """Rows of each batch, in their order. Of many batches each core runs its own: two threads at one batch wait for
        each other a third of the time. Whose threads are given leaves the other cores to others.
        """
        if self._threads is None and len(batches) >= _MANY:
            session = self._opened_alone(side)
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                yield from pool.map(lambda some: self._encoded(session, [ids[i] for i in some]), batches)
            return
        session = self._query if side == "query" else self._passages()
        for some in batches:
            with self._running:
                rows = self._encoded(session, [ids[i] for i in some])
            yield rows

    def _encoded(self, session: onnxruntime.InferenceSession, texts: Sequence[Sequence[int]]) -> np.ndarray:
        """texts: as ids, the longest first."""
        lengths = np.array([len(ids) for ids in texts])
        mask = (np.arange(lengths[0]) < lengths[:, None]).astype(np.int32)
        words = np.zeros((*mask.shape, DIM), np.float32)
        words[mask == 1] = self._words[np.concatenate([np.array(ids) for ids in texts])]
        words += self._places[: lengths[0]]
        hidden = session.run(["hidden"], {"words": words, "mask": mask})[0]
        if self._about.pooling == "cls":
            found = hidden[:, 0]
        else:
            found = (hidden * mask[..., None].astype(np.float32)).sum(axis=1)  # its length is taken away below
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))

    def _passages(self) -> onnxruntime.InferenceSession:
        with self._opening:
            if self._passage is None:
                self._passage = self._opened("passage") if self._graph("passage") == "passage" else self._query
            return self._passage

    def _graph(self, side: str) -> str:
        """The side whose graph encodes it: a model whose sides are alike has one."""
        return side if (self._folder / f"{side}.onnx").exists() else "query"

    def _opened_alone(self, side: str) -> onnxruntime.InferenceSession:
        with self._opening:
            if side not in self._alone:
                self._alone[side] = self._opened(self._graph(side), threads=1)
            return self._alone[side]

    def _opened(self, side: str, *, threads: int | None = None) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or self._threads or 0
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # others wait for the same cores
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(
            str(self._folder / f"{side}.onnx"), options, providers=["CPUExecutionProvider"]
        )


def _batches(ids: Sequence[Sequence[int]]) -> list[list[int]]:
    """Places of the texts, the longest first, so that next to nothing is padded."""
    order = sorted(range(len(ids)), key=lambda i: -len(ids[i]))
    found: list[list[int]] = []
    while order:
        found.append(order[: max(1, _MOST_TOKENS // len(ids[order[0]]))])
        del order[: len(found[-1])]
    return found


def load_embedder(
    cache: Path, *, model: str = BUNDLED, learned: Path | None = None, threads: int | None = None
) -> LocalEmbedder:
    """Both sides: the model as exported, which is done now where it wasn't; by PyTorch where it can't be.

    Raises ModelUnavailable.
    """
    folder = prepare_export(cache, model=model, learned=learned)
    if folder is not None:
        return ExportedEmbedder(folder, threads=threads)
    return SentenceEmbedder(prepare_model(cache, model=model), learned=learned, threads=threads)


def prepare_export(cache: Path, *, model: str = BUNDLED, learned: Path | None = None) -> Path | None:
    """The folder for `ExportedEmbedder`, written by a child where it is missing, damaged, or of another model; None
    where the model can't be exported.
    """
    name = bundled_name() if model == BUNDLED else f"{Path(model).name}-{_mark(model)}"
    target = cache / f"{name}.onnx{FORMAT}-{file_hash(learned)[:8] if learned else 'plain'}"
    with sealed.locked(cache, target.name):
        wrong = sealed.damage(target)
        if wrong:
            if target.exists():
                log.error("the exported model %s is written anew: %s", target, wrong)
            path = prepare_model(cache, model=model)
            sealed.replace(target, partial(_export, path, learned))
            _drop_unused(cache, name)
    if (target / REFUSED).exists():
        return None
    (target / _ABOUT).touch()
    return target


def _drop_unused(cache: Path, name: str) -> None:
    """What was learned before, unless another checkout still starts with it: 325 MB each."""
    for other in cache.glob(f"{name}.onnx*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - (other / _ABOUT).stat().st_mtime > _UNUSED_S:
                shutil.rmtree(other, ignore_errors=True)


def _mark(model: str) -> str:
    """Tells one model from another of the same name: a folder by its files, what a hub has by its full name."""
    folder = Path(model)
    files = sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []
    told = [(str(p.relative_to(folder)), p.stat().st_size, p.stat().st_mtime_ns) for p in files]
    return content_hash(repr((model, told)))[:8]


def _export(model: str, learned: Path | None, folder: Path) -> None:
    """In a child that ends, so that what PyTorch takes is given back. Raises ModelUnavailable."""
    more = [str(learned.resolve())] if learned else []
    command = [sys.executable, "-m", "knowledge.encoder.exporting", model, str(folder.resolve()), *more]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"code {done.returncode}"])[-1]
        raise ModelUnavailable(f"the embedding model {model} can't be exported: {last}")
    if (folder / REFUSED).exists():
        log.warning("the model %s runs in PyTorch, it can't be exported: %s", model, (folder / REFUSED).read_text())
