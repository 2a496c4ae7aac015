"""What a search asks of vectors, and where those of a snapshot lie."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Among:
    """What of a snapshot may be found: `rows` (n,) bool, and the places that they follow from."""

    rows: np.ndarray
    places: frozenset[str]


@dataclass(frozen=True)
class Part:
    """One kind of vectors of a snapshot: `name` is `chunks` or `questions`, `folder` where its files lie, which is
    another while it is written; `count`: how many rows have a vector.
    """

    folder: Path
    snapshot: str
    name: str
    count: int


class Vectors(Protocol):
    """Normalised rows, loaded or on a server. Thread-safe; raises VectorsAway where a server doesn't answer."""

    def near(self, vector: np.ndarray, width: int, among: Among | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Cosines and rows of the `width` nearest, best first; fewer where there are fewer."""

    def cosines(self, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Of these rows, each of which has a vector."""


class Engine(Protocol):
    """Keeps the vectors of the snapshots of one folder."""

    name: str  # as a snapshot tells whose its vectors are

    @property
    def is_away(self) -> bool:
        """As far as the last question to it showed."""

    def look(self) -> None:
        """Raises VectorsAway where it can't be built with now."""

    def write(self, part: Part, vectors: np.ndarray, *, held: np.ndarray, places: Iterable[Collection[str]]) -> None:
        """`vectors` (n, 384) float16, read a block at a time; `held` (n,) bool: which rows have one; `places`: of each
        row. Raises VectorsAway.
        """

    def read(self, part: Part) -> Vectors:
        """Raises RuntimeError or OSError where what was written can't be read; a server isn't asked yet."""

    def trouble(self, part: Part) -> str | None:
        """Why a part must be built anew; None where it is whole. Raises VectorsAway."""

    def keep(self, snapshots: Collection[str]) -> None:
        """Whatever else it holds for this folder's snapshots is removed."""
