"""Train the query side: LoRA on the encoder and a linear adapter, articles as they are.

    python -m knowledge.encoder.training --database var/linli.sqlite --extra statute_questions_train.jsonl --out
    knowledge/learned/query.npz

Two losses: softmax over every chunk in force (temperature 0.02), and the same over chunks and the bank's questions
together, where whatever answers the question is right and the question itself is masked, because search scores a source
by the best of its own vector and its questions'. Passages keep their vectors, so nothing is re-embedded. Questions set
aside (a quarter of the bank) are never trained on.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from torch import nn

from knowledge.documents.models import BankQuestion, Chunk, Document, DocumentVersion, VersionStatus
from knowledge.encoder.cache import VectorCache
from knowledge.encoder.embedding import encoder_of, load, prepare_model
from knowledge.encoder.lora import PARTS
from knowledge.normalise import content_hash

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_RANK, _ALPHA, _TEMPERATURE, _SMOOTHING = 16, 32, 0.02, 0.05
_BANK_SHARE = 0.4  # of the second loss; with 0.5 and 5 epochs bank hit@3 rose from .646 to .682 at the same dev figures
_MASKED = -1e9


class LowRank(nn.Module):
    """y = Wx + b + scale * B(A(dropout(x))), W frozen."""

    def __init__(self, frozen: nn.Linear) -> None:
        super().__init__()
        self.frozen = frozen
        self.a = nn.Parameter(torch.randn(_RANK, frozen.in_features) / math.sqrt(frozen.in_features))
        self.b = nn.Parameter(torch.zeros(frozen.out_features, _RANK))
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        update: torch.Tensor = self.dropout(x) @ self.a.T @ self.b.T * (_ALPHA / _RANK)
        return update.add(self.frozen(x))


@dataclass(frozen=True)
class Example:
    question: str
    chunks: tuple[int, ...]  # rows of the chunk matrix


def read_examples(
    session: Session, day: date, extra: Path | None, extra_weight: int
) -> tuple[list[str], list[Example]]:
    """Content hashes of all chunks in force on `day`, and the training questions with the rows that answer them."""
    rows = session.execute(
        select(Chunk.content_hash, Chunk.ref, Document.id, Document.title)
        .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
        .join(Document)
        .where(DocumentVersion.status == VersionStatus.published, DocumentVersion.in_force_from <= day)
        .where((DocumentVersion.in_force_to.is_(None)) | (DocumentVersion.in_force_to >= day))
        .order_by(Chunk.id)
    ).all()
    by_target: dict[tuple[str, str | None], int] = {(r.id, r.ref): i for i, r in enumerate(rows)}
    by_title = {(r.title, r.ref): i for i, r in enumerate(rows)}
    examples = []
    for question in session.scalars(select(BankQuestion).where(BankQuestion.set_aside.is_(False))):
        found = tuple(by_target[t.document_id, t.ref] for t in question.targets if (t.document_id, t.ref) in by_target)
        if found:
            examples.append(Example(question.text, found))
    if extra:
        for line in extra.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found = tuple(by_title[g["law"], g["article"]] for g in row["gold"] if (g["law"], g["article"]) in by_title)
            examples += [Example(row["question"], found)] * (extra_weight if found else 0)
    return [r.content_hash for r in rows], examples


def train(
    model_path: str,
    vectors: np.ndarray,
    bank: dict[str, np.ndarray],
    examples: Sequence[Example],
    *,
    epochs: int,
    batch: int = 16,
    seed: int = 7,
    minutes: float | None = None,
) -> dict[str, np.ndarray]:
    """The arrays of `knowledge.encoder.lora`.

    `bank`: passage vectors of questions, by text. With `minutes`, stops after the epoch that passes that time.
    """
    random.seed(seed)
    torch.manual_seed(seed)
    model = load(model_path)
    layers = _wrapped(encoder_of(model))
    adapter = nn.Parameter(torch.zeros(vectors.shape[1], vectors.shape[1]))
    answers = Answers.of(vectors, bank, examples)
    optimiser = torch.optim.AdamW(
        [{"params": _parameters(layers), "lr": 3e-4}, {"params": [adapter], "lr": 5e-4}], weight_decay=0.01
    )
    schedule = _schedule(optimiser, steps=epochs * math.ceil(len(examples) / batch))
    model.train()
    started = time.monotonic()
    for epoch in range(epochs):
        total = 0.0
        for chosen in _batches(examples, batch):
            some = [examples[i] for i in chosen]
            loss = answers.loss(_queries(model, adapter, some), some)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(_parameters(layers), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item() * len(some)
        spent = time.monotonic() - started
        print(f"epoch {epoch + 1}/{epochs}: loss {total / len(examples):.3f}, {spent / 60:.1f} min", flush=True)
        if minutes and spent > 60 * minutes:
            break
    return _arrays(layers, adapter)


def _wrapped(encoder: Any) -> dict[str, LowRank]:
    """The encoder is frozen and its parts replaced by trainable ones; these, by `<layer>.<part>`."""
    encoder.requires_grad_(False)
    layers: dict[str, LowRank] = {}
    for number, layer in enumerate(encoder.encoder.layer):
        for part, name in PARTS.items():
            parent, _, leaf = name.rpartition(".")
            wrapped = LowRank(layer.get_submodule(name))
            setattr(layer.get_submodule(parent) if parent else layer, leaf, wrapped)
            layers[f"{number}.{part}"] = wrapped
    return layers


def _parameters(layers: dict[str, LowRank]) -> list[nn.Parameter]:
    return [p for layer in layers.values() for p in (layer.a, layer.b)]


def _schedule(optimiser: torch.optim.Optimizer, *, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """Up over the first twentieth, then straight down to nothing."""
    return torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min(1.0, (s + 1) / (0.05 * steps)) * max(0.0, 1 - s / steps)
    )


def _queries(model: "SentenceTransformer", adapter: nn.Parameter, examples: Sequence[Example]) -> torch.Tensor:
    features = model.tokenize(["query: " + example.question[:160] for example in examples])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        raw = model.forward(features)["sentence_embedding"]
    query = nn.functional.normalize(raw.float(), dim=1)
    return nn.functional.normalize(query + query @ adapter.T, dim=1)


@dataclass(frozen=True)
class Answers:
    """What a question may find: all chunks and, behind them, the bank's questions.

    `everything` (chunks + questions, dim); `rows`: the row of a bank question, by text; `siblings`: the rows of the
    questions that a chunk answers.
    """

    everything: torch.Tensor
    chunks: int
    rows: dict[str, int]
    siblings: dict[int, set[int]]

    @classmethod
    def of(cls, vectors: np.ndarray, bank: dict[str, np.ndarray], examples: Sequence[Example]) -> "Answers":
        rows = {text: len(vectors) + number for number, text in enumerate(bank)}
        siblings: dict[int, set[int]] = {}
        for example in examples:
            for chunk in example.chunks if example.question in rows else ():
                siblings.setdefault(chunk, set()).add(rows[example.question])
        everything = torch.from_numpy(np.concatenate([vectors, *(v[None] for v in bank.values())]))
        return cls(everything, len(vectors), rows, siblings)

    def loss(self, query: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
        """Of these examples, whose vectors are `query`; both losses of the module's first words."""
        wanted, wrong, own = self._targets(examples)
        logits = query @ self.everything.T / _TEMPERATURE
        scores = nn.functional.log_softmax(logits[:, : self.chunks], dim=1)
        # Smoothing is spread over the 50 nearest only: over 26,000 chunks it would pull on texts that nobody
        # confuses.
        near = scores.topk(50, dim=1).values.mean(1)
        loss = -(1 - _BANK_SHARE) * ((wanted * scores).sum(1) + _SMOOTHING * near).mean()
        logits = logits + own
        return loss + _BANK_SHARE * (logits.logsumexp(1) - (logits + wrong).logsumexp(1)).mean()

    def _targets(self, examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The chunks wanted, as weights; what masks whatever is wrong; what masks the question itself."""
        wanted = torch.zeros(len(examples), self.chunks)
        wrong = torch.full((len(examples), len(self.everything)), _MASKED)
        own = torch.zeros_like(wrong)
        for row, example in enumerate(examples):
            chunks, itself = list(example.chunks), self.rows.get(example.question)
            wanted[row, chunks] = (1 - _SMOOTHING) / len(chunks)
            wrong[row, chunks + sorted(self.siblings.get(chunks[0], set()) - {itself})] = 0.0
            if itself is not None:
                own[row, itself] = _MASKED
        return wanted, wrong, own


def _arrays(layers: dict[str, LowRank], adapter: nn.Parameter) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {
        f"{name}.{side}": getattr(layer, side).detach().numpy().astype(np.float16)
        for name, layer in layers.items()
        for side in "ab"
    }
    scale = np.asarray(_ALPHA / _RANK, np.float32)
    return {**arrays, "adapter": adapter.detach().numpy().astype(np.float16), "scale": scale}


def _batches(examples: Sequence[Example], batch: int) -> list[list[int]]:
    """Shuffled, but alike in length within a batch, so that little is padded."""
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].question) + random.uniform(-6, 6))
    batches = [order[i : i + batch] for i in range(0, len(order), batch)]
    random.shuffle(batches)
    return batches


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the query side on the question bank.")
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "linli")
    parser.add_argument("--extra", type=Path, help="further questions as JSON lines: question, gold: [{law, article}]")
    parser.add_argument("--extra-weight", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    with Session(create_engine(f"sqlite:///{args.database}")) as session:
        hashes, examples = read_examples(session, date.today(), args.extra, args.extra_weight)
    path = prepare_model(args.cache)
    cache = VectorCache(args.cache / "vectors.sqlite")
    known = cache.get(Path(path).name, hashes)
    missing = [h for h in hashes if h not in known]
    if missing:
        raise SystemExit(f"{len(missing)} chunks have no vector yet; run `linli kb build` first")
    texts = {content_hash(e.question): e.question for e in examples}
    bank = {texts[h]: row for h, row in cache.get(Path(path).name, texts).items()}
    print(f"{len(examples)} questions, {len(hashes)} chunks, {len(bank)} bank vectors", flush=True)
    vectors = np.stack([known[h] for h in hashes])
    arrays = train(path, vectors, bank, examples, epochs=args.epochs, batch=args.batch, minutes=args.minutes)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    # numpy's types take each keyword for its own `allow_pickle`
    np.savez_compressed(args.out, **cast("dict[str, Any]", arrays))


if __name__ == "__main__":
    main()
