"""FAISS and BM25 over chunks and bank questions: the derived part that can always be built again.

A snapshot is a folder `<id>/` with `chunks.faiss`, `questions.faiss`, `bm25/`, `rows.npz` and `meta.json`. `current` names the
live one and is replaced atomically; the one before is kept for rollback.
"""

import json
import logging
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import bm25s
import faiss
import numpy as np

from knowledge.errors import SnapshotUnavailable
from knowledge.normalise import normalise

logging.getLogger("bm25s").setLevel(logging.ERROR)  # it sets itself to DEBUG when imported

_EXACT_UP_TO = 50_000  # flat search of 100 k took 17 ms, IVF 13 ms at 1 M with recall@10 .998 of exact (docs/performance.md)
_MISSING = -1


@dataclass(frozen=True)
class Candidates:
    """Scores of one question over the union of what each part found; rows in no order.

    `chunk_ids` (n,) int64; `dense`, `bank`, `lexical` (n,) float32: cosine to the chunk, best cosine to a bank question that
    points to it (0 where none was near), and BM25 scaled so that the question's best is 1.
    """

    chunk_ids: np.ndarray
    dense: np.ndarray
    bank: np.ndarray
    lexical: np.ndarray


def character_pairs(text: str) -> list[str]:
    """Pairs of neighbouring characters, the unit that measured best for BM25 over Chinese statutes (lab.md section 3)."""
    kept = "".join(c for c in normalise(text) if c.isalnum())
    return [kept[i : i + 2] for i in range(len(kept) - 1)] or [kept]


def _vector_index(vectors: np.ndarray) -> faiss.Index:
    dim = vectors.shape[1]
    if len(vectors) <= _EXACT_UP_TO:
        index: faiss.Index = faiss.IndexFlatIP(dim)
    else:
        cells = int(4 * np.sqrt(len(vectors)))
        index = faiss.index_factory(dim, f"IVF{cells},SQfp16", faiss.METRIC_INNER_PRODUCT)
        index.train(vectors[np.random.default_rng(0).permutation(len(vectors))[: 40 * cells]])
        index.nprobe = 64
        index.make_direct_map()
    index.add(vectors)
    return index


class Index:
    """A loaded snapshot. Reading is thread-safe; nothing here changes after loading."""

    def __init__(self, *, id: str, chunk_ids: np.ndarray, vectors: faiss.Index, has_vector: np.ndarray, lexical: bm25s.BM25, questions: faiss.Index, question_rows: np.ndarray) -> None:
        self.id = id
        self.chunk_ids = chunk_ids
        self._vectors = vectors
        self._has_vector = has_vector
        self._lexical = lexical
        self._questions = questions
        self._question_rows = question_rows  # (questions, 3): rows of the chunks that a question points to, -1 padded

    def __len__(self) -> int:
        return len(self.chunk_ids)

    @property
    def embedded_share(self) -> float:
        return float(self._has_vector.mean()) if len(self) else 0.0

    def nearest(self, vector: np.ndarray, k: int) -> np.ndarray:
        """Rows of the `k` chunks nearest by cosine, best first."""
        return np.asarray(self._vectors.search(vector[None], k)[1][0])

    def search(self, query: str, vector: np.ndarray, *, width: int = 150) -> Candidates:
        """`vector` (384,) float32, normalised. About `width` candidates from each part."""
        width = min(width, len(self))
        near, rows = self._vectors.search(vector[None], width)
        dense = {int(r): float(s) for r, s in zip(rows[0], near[0], strict=True) if r >= 0}
        bank: dict[int, float] = {}
        if self._questions.ntotal:
            scores, found = self._questions.search(vector[None], min(width, self._questions.ntotal))
            for score, question in zip(scores[0], found[0], strict=True):
                for rank, row in enumerate(self._question_rows[question]):
                    if row != _MISSING:
                        # The further articles of a question answer it a little less than the first.
                        bank[int(row)] = max(bank.get(int(row), 0.0), float(score) - 0.005 * rank)
        tokens = [t for t in character_pairs(query)[:300] if t and t in self._lexical.vocab_dict]
        lexical: dict[int, float] = {}
        if tokens:
            weights = self._lexical.get_scores(tokens)
            top = np.argpartition(-weights, width - 1)[:width]
            best = float(weights[top].max()) or 1.0
            lexical = {int(r): float(weights[r]) / best for r in top if weights[r] > 0}
            weights /= best
        union = sorted(dense.keys() | bank.keys() | lexical.keys())
        missing = [r for r in union if r not in dense and self._has_vector[r]]
        if missing:
            for row, rebuilt in zip(missing, self._vectors.reconstruct_batch(np.array(missing)), strict=True):
                dense[row] = float(rebuilt @ vector)
        floor = min(dense.values(), default=0.0)
        return Candidates(
            chunk_ids=self.chunk_ids[union],
            dense=np.array([dense[r] if self._has_vector[r] else floor for r in union], np.float32),
            bank=np.array([bank.get(r, 0.0) for r in union], np.float32),
            lexical=np.array([float(weights[r]) if tokens else 0.0 for r in union], np.float32),
        )


def build(root: Path, *, chunk_ids: np.ndarray, texts: list[str], vectors: np.ndarray, has_vector: np.ndarray, question_vectors: np.ndarray, question_rows: np.ndarray, meta: dict[str, object]) -> str:
    """Write a snapshot beside the live one and return its id; it isn't live until `publish`.

    `vectors` (n, 384) float32 with zero rows where `has_vector` is False: those are found by BM25 alone.
    """
    snapshot = f"{int(time.time())}-{os.getpid()}"
    folder = root / f".{snapshot}.building"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    faiss.write_index(_vector_index(vectors), str(folder / "chunks.faiss"))
    faiss.write_index(_vector_index(question_vectors), str(folder / "questions.faiss"))
    lexical = bm25s.BM25()
    lexical.index([character_pairs(t) for t in texts], show_progress=False)
    lexical.save(str(folder / "bm25"))
    np.savez(folder / "rows.npz", chunk_ids=chunk_ids, has_vector=has_vector, question_rows=question_rows)
    (folder / "meta.json").write_text(json.dumps({**meta, "chunks": len(chunk_ids), "embedded": int(has_vector.sum()), "questions": len(question_rows)}, ensure_ascii=False), encoding="utf-8")
    folder.rename(root / snapshot)
    return snapshot


def publish(root: Path, snapshot: str) -> None:
    """Make it live by one atomic replace; everything but the live and the former snapshot is removed."""
    former = current_id(root)
    pointer = root / f".current.{os.getpid()}"
    pointer.write_text(snapshot)
    os.replace(pointer, root / "current")
    for folder in root.iterdir():
        if folder.is_dir() and folder.name not in (snapshot, former):
            shutil.rmtree(folder, ignore_errors=True)


def current_id(root: Path) -> str | None:
    try:
        return (root / "current").read_text().strip()
    except FileNotFoundError:
        return None


def load(root: Path, snapshot: str | None = None) -> Index:
    """The live snapshot, or the one named. Raises SnapshotUnavailable."""
    snapshot = snapshot or current_id(root)
    if snapshot is None:
        raise SnapshotUnavailable("no snapshot has been built yet; run `linli kb build`")
    folder = root / snapshot
    try:
        with np.load(folder / "rows.npz") as rows:
            return Index(
                id=snapshot,
                chunk_ids=rows["chunk_ids"],
                vectors=faiss.read_index(str(folder / "chunks.faiss")),
                has_vector=rows["has_vector"],
                lexical=bm25s.BM25.load(str(folder / "bm25"), load_vocab=True),
                questions=faiss.read_index(str(folder / "questions.faiss")),
                question_rows=rows["question_rows"],
            )
    except (OSError, RuntimeError, KeyError) as error:
        raise SnapshotUnavailable(f"the snapshot {snapshot} can't be read: {error}") from error


def meta(root: Path) -> dict[str, object]:
    snapshot = current_id(root)
    return json.loads((root / snapshot / "meta.json").read_text(encoding="utf-8")) if snapshot else {}
