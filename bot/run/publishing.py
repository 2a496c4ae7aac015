"""What falls due goes live."""

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from bot.settings import ROOT, Settings
from knowledge import origin, publication
from knowledge.clock import today
from knowledge.documents import versions
from knowledge.encoder.answer_classifier import LiveClassifier
from knowledge.encoder.cache import VectorCache
from knowledge.encoder.embedding import LocalEmbedder
from knowledge.encoder.exported import load_embedder
from knowledge.encoder.queries import KeptQueries
from knowledge.errors import VectorsAway
from knowledge.search import building, references, snapshot
from knowledge.search.live import LiveIndex
from knowledge.search.searcher import Searcher
from knowledge.search.vectors.engines import engine_of

log = logging.getLogger("linli.worker")

# what failed fails again at once as a rule: golden questions of a build, a full disk, a version that can't be read
_AGAIN_AFTER_S = 600
_LOOK_AFTER_S = 3_600  # whether the live snapshot is whole and of this database
_VECTORS_AFTER_S = 60  # whether a server still has its vectors: a few counts


@dataclass(frozen=True)
class _Tools:
    embedder: LocalEmbedder
    cache: VectorCache
    searcher: Searcher  # for golden questions: their vectors are kept


class Publications:
    """Has what is due go live and makes it searchable. The model is loaded when a text is in review, and kept."""

    def __init__(
        self, settings: Settings, sessions: Callable[[], Session], *, is_clock_sure: Callable[[], bool] = lambda: True
    ) -> None:
        self._settings, self._sessions, self._is_clock_sure = settings, sessions, is_clock_sure
        self._made: _Tools | None = None
        self._seen: tuple[str | None, datetime] | None = None  # snapshot, and when everything was in it
        self._expired_on: date | None = None
        self._failed: dict[int, float] = {}  # versions, and when to try them again: the others don't wait for them

    def step(self) -> int:
        """Number of versions that went live, were held or became searchable; 0 after two queries when there is
        nothing to do.
        """
        day = today()
        self._expire(day)
        return self._publish(day) + self._index(day)

    def _expire(self, day: date) -> None:
        if self._expired_on == day or not self._is_clock_sure():
            return
        with self._sessions() as session:
            count = versions.expire(session, today=day, now=datetime.now(UTC))
            session.commit()
        self._expired_on = day
        if count:
            log.info("%s versions expired", count)

    def _publish(self, day: date) -> int:
        if snapshot.current_id(self._settings.snapshots) is None:
            return 0
        with self._sessions() as session:
            if not publication.is_due(session, day):
                return 0
        tools = self._tools()
        self._failed = {version: again for version, again in self._failed.items() if again > time.monotonic()}
        done = publication.publish_due(
            self._sessions,
            searcher=tools.searcher,
            embedder=tools.embedder,
            today=day,
            now=lambda: datetime.now(UTC),
            skip=self._failed,
        )
        self._failed |= {version: time.monotonic() + _AGAIN_AFTER_S for version in done.failed}
        return len(done.published) + len(done.held)

    def _index(self, day: date) -> int:
        root = self._settings.snapshots
        live, now = snapshot.current_id(root), datetime.now(UTC)
        since = self._seen[1] if self._seen and self._seen[0] == live else None
        with self._sessions() as session:
            waiting = building.pending(session, root=root, today=day, since=since, within=live)
            if not waiting:
                self._seen = (live, now)
                if self._made is None and building.is_publication_near(session):
                    # loading takes up to half a minute on a busy machine, and publication promises ten seconds
                    self._tools()
                return 0
            tools = self._tools()
            started = time.monotonic()
            done = building.update_delta(session, root=root, embedder=tools.embedder, cache=tools.cache, today=day)
            took = time.monotonic() - started
            log.info("published: %s of %s pending versions searchable after %.1f s", done, len(waiting), took)
            return done

    def _tools(self) -> _Tools:
        if self._made is None:
            embedder = load_embedder(
                self._settings.cache,
                model=self._settings.model,
                learned=self._settings.learned,
                threads=self._settings.encoder_threads,
            )
            cache = VectorCache(self._settings.cache / "vectors.sqlite")
            root = self._settings.snapshots
            engine = engine_of(self._settings.search, root)
            live = LiveIndex(root, engine=engine, fits=origin.checking(self._sessions, root))
            classifier = LiveClassifier(self._settings.answer_classifier)
            searcher = Searcher(embedder=KeptQueries(embedder, cache), live=live, classifier=classifier)
            self._made = _Tools(embedder, cache, searcher)
        return self._made

    def close(self) -> None:
        if self._made is not None:
            self._made.cache.close()
            self._made = None


class Rebuild:
    """`linli kb build` as a child when a new snapshot is due: publications go on meanwhile, and its memory is given
    back.
    """

    def __init__(self, settings: Settings, sessions: Callable[[], Session]) -> None:
        self._settings, self._sessions = settings, sessions
        self._engine = engine_of(settings.search, settings.snapshots)
        self._looked_at: tuple[str | None, float] = None, 0.0
        self._child: subprocess.Popen[bytes] | None = None
        self._not_before = self._vectors_again_at = 0.0

    def poll(self) -> None:
        if self._child is not None:
            code = self._child.poll()
            if code is None:
                return
            self._child, self._not_before = None, time.monotonic() + (_AGAIN_AFTER_S if code else 0)
        if time.monotonic() < self._not_before or not self.is_due():
            return
        with snapshot.locked(self._settings.snapshots, "build", wait=False) as is_free:
            if not is_free:
                return  # somebody builds: `linli kb build`, or a child that outlived a killed worker
        log.info("building a new snapshot")
        self._child = subprocess.Popen([sys.executable, "-m", "bot.cli", "kb", "build"], cwd=ROOT)

    def is_due(self) -> bool:
        root = self._settings.snapshots
        with self._sessions() as session:
            if building.needs_rebuild(root, moves=references.digest(session), engine=self._engine):
                return True
        live = snapshot.current_id(root)
        if live is None:
            return True  # gone altogether: nobody is there who would run `linli setup`
        if self._looked_at[0] == live and time.monotonic() < self._looked_at[1]:
            return self._has_lost_vectors()
        with self._sessions() as session:
            wrong = origin.trouble(session, root, engine=self._engine)
        self._looked_at = live, time.monotonic() + _LOOK_AFTER_S
        if wrong:
            snapshot.report_damage(root / live, wrong)
        return wrong is not None or self._has_lost_vectors()

    def _has_lost_vectors(self) -> bool:
        """The snapshot is no worse for it: words are searched meanwhile."""
        if time.monotonic() < self._vectors_again_at:
            return False
        self._vectors_again_at = time.monotonic() + _VECTORS_AFTER_S
        try:
            lost = snapshot.lost(self._settings.snapshots, engine=self._engine)
        except VectorsAway as error:
            log.warning("%s", error)
            return False
        if lost:
            log.error("the vectors are built anew: %s", lost)
        return lost is not None

    def stop(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            self._child.wait()
