"""The worker's hand on what goes live: publish what is due, make it searchable, mark what has expired. Its model is loaded with the first need."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from bot.app import LiveIndex, today
from bot.settings import Settings
from knowledge import index, indexing, publication, review
from knowledge.embedding import Embedder, SentenceEmbedder, VectorCache, prepare_model
from knowledge.evaluation.queries import KeptQueries
from knowledge.search import Searcher

log = logging.getLogger("linli.publication")

_EVERY_S = 2.0  # a text is to be found within ten seconds of the press: looking, golden questions and embedding share them


@dataclass(frozen=True)
class _Tools:
    embedder: Embedder
    cache: VectorCache
    searcher: Searcher


class Publisher:
    def __init__(self, settings: Settings, sessions: Callable[[], Session]) -> None:
        self._settings, self._sessions = settings, sessions
        self._made: _Tools | None = None
        self._expired_on: date | None = None

    def run(self, ended: threading.Event) -> None:
        """Round after round, beside the worker's others: a build of hours doesn't keep a text waiting."""
        while not ended.is_set():
            try:
                self.round(today())
            except Exception:
                log.exception("publication")  # one failed round must not end the worker; the next tries again
            ended.wait(_EVERY_S)

    def round(self, day: date) -> None:
        with self._sessions() as session:
            if self._expired_on != day:
                if count := review.expire(session, today=day, now=datetime.now(UTC)):
                    log.info("%s versions expired", count)
                session.commit()
                self._expired_on = day
            is_due, is_pending = publication.is_due(session, day), bool(indexing.pending(session, root=self._settings.snapshots, today=day))
        if is_due and index.current_id(self._settings.snapshots) is not None:
            publication.publish_due(self._sessions, searcher=self._tools.searcher, embedder=self._tools.embedder, today=day, now=lambda: datetime.now(UTC))
            is_pending = True
        while is_pending:
            with self._sessions() as session:
                is_pending = bool(indexing.update_delta(session, root=self._settings.snapshots, embedder=self._tools.embedder, cache=self._tools.cache, today=day))

    @property
    def _tools(self) -> _Tools:
        if self._made is None:
            embedder = SentenceEmbedder(prepare_model(self._settings.cache, model=self._settings.model), learned=self._settings.learned, threads=self._settings.encoder_threads)
            cache = VectorCache(self._settings.cache / "vectors.sqlite")
            self._made = _Tools(embedder, cache, Searcher(embedder=KeptQueries(embedder, cache), live=LiveIndex(self._settings)))
        return self._made

    def close(self) -> None:
        if self._made is not None:
            self._made.cache.close()
            self._made = None
