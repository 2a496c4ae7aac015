"""The worker's part in publication: the few texts published since the snapshot at once, a new snapshot in a process of its own."""

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from bot.app import today
from bot.settings import ROOT, Settings
from knowledge import index, indexing
from knowledge.embedding import SentenceEmbedder, VectorCache, prepare_model

log = logging.getLogger("linli.worker")

_AGAIN_AFTER_S = 600  # a build that failed fails again at once as a rule: its golden questions, a full disk


class Publications:
    """Makes what was published searchable. The passage side of the model is loaded when a text is in review, and kept."""

    def __init__(self, settings: Settings, sessions: Callable[[], Session]) -> None:
        self._settings, self._sessions = settings, sessions
        self._embedder: SentenceEmbedder | None = None
        self._cache: VectorCache | None = None
        self._seen: tuple[str | None, datetime] | None = None  # snapshot, and when everything was in it

    def step(self) -> int:
        """Number of versions that became searchable; 0 after one query when nothing is pending."""
        root = self._settings.snapshots
        snapshot, now = index.current_id(root), datetime.now(UTC)
        since = self._seen[1] if self._seen and self._seen[0] == snapshot else None
        with self._sessions() as session:
            waiting = indexing.pending(session, root=root, today=today(), since=since, snapshot=snapshot)
            if not waiting:
                self._seen = (snapshot, now)
                if self._embedder is None and indexing.is_publication_near(session):
                    self._model()  # loading takes up to half a minute on a busy machine, and publication promises ten seconds
                return 0
            embedder, cache = self._model()
            started, done = time.monotonic(), indexing.update_delta(session, root=root, embedder=embedder, cache=cache, today=today())
            log.info("published: %s of %s pending versions searchable after %.1f s", done, len(waiting), time.monotonic() - started)
            return done

    def _model(self) -> tuple[SentenceEmbedder, VectorCache]:
        if self._embedder is None or self._cache is None:
            # Without what was learned: that is on the query side only, and one model is held instead of two.
            self._embedder = SentenceEmbedder(prepare_model(self._settings.cache, model=self._settings.model), threads=self._settings.encoder_threads)
            self._cache = VectorCache(self._settings.cache / "vectors.sqlite")
        return self._embedder, self._cache


class Rebuild:
    """`linli kb build` as a child when a new snapshot is due: publications go on meanwhile, and its memory is given back."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._child: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0

    def poll(self) -> None:
        if self._child is not None:
            code = self._child.poll()
            if code is None:
                return
            self._child, self._not_before = None, time.monotonic() + (_AGAIN_AFTER_S if code else 0)
        if time.monotonic() < self._not_before or not indexing.needs_rebuild(self._settings.snapshots):
            return
        with index.locked(self._settings.snapshots, "build", wait=False) as is_free:
            if not is_free:
                return  # somebody builds: `linli kb build`, or a child that outlived a killed worker
        log.info("building a new snapshot")
        self._child = subprocess.Popen([sys.executable, "-m", "bot.cli", "kb", "build"], cwd=ROOT)

    def stop(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            self._child.wait()
