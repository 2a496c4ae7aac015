"""The index now live, reloaded when it changes."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from knowledge.errors import SnapshotUnavailable
from knowledge.search import segments, snapshot
from knowledge.search.index import Index
from knowledge.search.vectors.base import Engine
from knowledge.search.vectors.engines import FAISS

_AGAIN_AFTER_S = 10.0  # what couldn't be loaded: looking once more reads all of its files


class LiveIndex:
    """The live snapshot with what was published since.

    Asked at each search; looking costs one small file read and a `stat` a file. `fits`: whether an index was made from
    the database that it is searched for.
    """

    def __init__(
        self, snapshots: Path, *, engine: Engine = FAISS, fits: Callable[[Index], bool] = lambda _: True
    ) -> None:
        self._root, self._engine, self._fits = snapshots, engine, fits
        self._loaded: Index | None = None
        self._sizes: dict[Path, int] = {}
        self._for: str | None = None  # the live one when this was loaded, though it may be another that serves
        self._failed: tuple[str | None, float, SnapshotUnavailable] | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Index:
        current = snapshot.current_id(self._root)
        loaded = self._whole()
        if loaded is not None and self._for == current and segments.mark(self._root / loaded.id) == loaded.delta_mark:
            return loaded
        # One of several searches loads; the others go on with what there is.
        if self._lock.acquire(blocking=loaded is None):
            try:
                return self._load(current)
            finally:
                self._lock.release()
        assert loaded is not None
        return loaded

    def _whole(self) -> Index | None:
        """What is loaded, unless a file of it was cut short: it is mapped, and looking there would end the process."""
        if self._loaded is not None and any(not _has(path, size) for path, size in self._sizes.items()):
            snapshot.report_damage(self._root / self._loaded.id, "a file was cut short while it was used")
            self._loaded = None
        return self._loaded

    def _load(self, current: str | None) -> Index:
        """Raises SnapshotUnavailable where nothing was loaded before either."""
        loaded = self._whole()
        if loaded is not None and self._for == current:
            self._loaded = snapshot.refreshed(loaded, self._root)
            return self._loaded
        if self._failed and self._failed[0] == current and time.monotonic() < self._failed[1]:
            if loaded is None:
                raise self._failed[2]
            return loaded
        try:
            fresh = snapshot.load(self._root, engine=self._engine, fits=self._fits)
        except SnapshotUnavailable as error:
            self._failed = (current, time.monotonic() + _AGAIN_AFTER_S, error)
            if loaded is None:
                raise
            return loaded
        if fresh.id != current and loaded is not None and loaded.id in snapshot.kept_ids(self._root):
            fresh = loaded  # the new one is damaged, and this one served until now
        self._loaded, self._for, self._sizes = fresh, current, snapshot.sizes(self._root / fresh.id)
        return fresh


def _has(path: Path, size: int) -> bool:
    """A file that was taken away is still mapped, and stays whole."""
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return True
    except OSError:
        return False
