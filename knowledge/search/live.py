"""The index now live, reloaded when it changes."""

import threading
from pathlib import Path

from knowledge.errors import SnapshotUnavailable
from knowledge.search import index, segments, snapshot


class LiveIndex:
    """The live snapshot with what was published since.

    Asked at each search; looking costs one small file read and one `stat`.
    """

    def __init__(self, snapshots: Path) -> None:
        self._root = snapshots
        self._loaded: index.Index | None = None
        self._lock = threading.Lock()

    def __call__(self) -> index.Index:
        current = snapshot.current_id(self._root)
        loaded = self._loaded
        if loaded is not None and loaded.id == current and segments.mark(self._root / current) == loaded.delta_mark:
            return loaded
        # One of several searches loads; the others go on with what there is.
        if self._lock.acquire(blocking=loaded is None):
            try:
                self._loaded = (
                    snapshot.refreshed(self._loaded, self._root)
                    if self._loaded is not None and self._loaded.id == current
                    else snapshot.load(self._root)
                )
            except SnapshotUnavailable:
                if self._loaded is None:
                    raise
            finally:
                self._lock.release()
        return self._loaded or snapshot.load(self._root)
