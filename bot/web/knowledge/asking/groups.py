"""Questions of residents by their meaning, without what could tell who asked."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np

from actions.feedback import UnansweredQuestion
from knowledge.anonymity.detector import mask
from knowledge.encoder.embedding import Embedder

# Cosine of query vectors. Of 208 questions of our corpus over 60 sources, pairs that have one answer had a median of
# .60, other pairs .11 (99th percentile .53); passage vectors hardly tell them apart (.93 and .90).
_NEAR = 0.6
_LIKE = 0.53  # to be proposed to somebody who looks at it
_AT_ONCE = 32  # residents wait for the same encoder
_REMEMBERED = 5_000
_MOST_SAMPLES, _MOST_PROPOSED = 12, 8


@dataclass(frozen=True)
class Group:
    label: str
    rows: tuple[UnansweredQuestion, ...]
    asks: tuple[tuple[str, int], ...]  # masked, how often, most often first
    places: tuple[tuple[str | None, int], ...]
    reasons: tuple[tuple[str, int], ...]

    @property
    def ids(self) -> str:
        return ",".join(str(r.id) for r in self.rows)

    @property
    def samples(self) -> str:
        """One row for each way of asking at each place, the latest; what is asked again."""
        latest = {(r.question, r.place_id, r.reason): r.id for r in reversed(self.rows)}
        return ",".join(str(number) for number in list(latest.values())[-_MOST_SAMPLES:])


class Vectors:
    """Of masked questions, in memory alone: what a resident said is gone with the conversation."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, np.ndarray] = {}
        self._turn = Lock()  # one page forgets nothing that another is about to read

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        with self._turn:
            missing = [t for t in dict.fromkeys(texts) if t not in self._known]
            if len(self._known) + len(missing) > _REMEMBERED:
                self._known.clear()
                missing = list(dict.fromkeys(texts))
            for at in range(0, len(missing), _AT_ONCE):
                some = missing[at : at + _AT_ONCE]
                self._known |= dict(zip(some, self._embedder.encode_queries(some), strict=True))
            return np.stack([self._known[t] for t in texts])


@lru_cache(maxsize=_REMEMBERED)
def masked(text: str) -> str:
    """Kept, in memory alone: finding names takes 15 to 25 ms a text, and the list has six hundred each time."""
    return " ".join(mask(text).split())[:300]


def proposed(asks: Sequence[str], held: Sequence[str], vectors: Callable[[Sequence[str]], np.ndarray]) -> list[str]:
    """Of `asks`, those that lie near to one of `held` and aren't among them, nearest first."""
    fresh = [ask for ask in dict.fromkeys(asks) if ask and ask not in held]
    if not fresh or not held:
        return []
    near = (vectors(fresh) @ vectors(list(held)).T).max(axis=1)
    order = [i for i in np.argsort(-near, kind="stable") if near[i] >= _LIKE]
    return [fresh[i] for i in order[:_MOST_PROPOSED]]


def grouped(rows: Sequence[UnansweredQuestion], vectors: Callable[[Sequence[str]], np.ndarray]) -> list[Group]:
    """By meaning, most wanted first. Each row joins the group whose middle is nearest, if that is near enough."""
    texts = [masked(r.question) or "（空）" for r in rows]
    counts = Counter(texts)
    distinct = list(counts)
    if not distinct:
        return []
    found = vectors(distinct)
    members: list[list[int]] = []
    middles = np.zeros((0, found.shape[1]), np.float32)
    for i in sorted(range(len(distinct)), key=lambda i: -counts[distinct[i]]):
        near = middles @ found[i]
        if len(near) and float(near.max()) >= _NEAR:
            at = int(near.argmax())
            members[at].append(i)
            middle = found[members[at]].mean(axis=0)
            middles[at] = middle / np.linalg.norm(middle)
        else:
            members.append([i])
            middles = np.vstack([middles, found[i]])
    groups = []
    for some, middle in zip(members, middles, strict=True):
        asks = {distinct[i] for i in some}
        held = tuple(r for r, t in zip(rows, texts, strict=True) if t in asks)
        label = distinct[max(some, key=lambda i: (counts[distinct[i]], float(found[i] @ middle)))]
        often = tuple(sorted(((distinct[i], counts[distinct[i]]) for i in some), key=lambda a: -a[1]))
        groups.append(
            Group(
                label[:60],
                held,
                often,
                tuple(Counter(r.place_id for r in held).most_common(4)),
                tuple(Counter(r.reason for r in held).most_common()),
            )
        )
    return sorted(groups, key=lambda g: (-len(g.rows), -max(r.id for r in g.rows)))
