"""What actions are given for words that are only tried: sessions that keep nothing, the draft, the day."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import Lock

from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.frame.base import Services
from bot.rehearsing.supposed import Supposed
from knowledge.documents.models import DocumentVersion
from knowledge.search import building
from knowledge.search.passages import Draft

_MOST_DRAFTS = 8  # in memory: a rule of thirty clauses takes a second to embed, and is tried many times


class UnkeptSession(Session):
    """Sees what it writes, and takes it back when it ends."""

    def commit(self) -> None:
        self.flush()


def unkept(sessions: sessionmaker[Session]) -> Callable[[], Session]:
    """Sessions of the same database that keep nothing."""
    return sessionmaker(sessions.kw["bind"], class_=UnkeptSession, expire_on_commit=False)


class Rehearsals:
    """Gives actions what they need to act without a trace."""

    def __init__(self, services: Services, sessions: sessionmaker[Session]) -> None:
        """services: those of real turns."""
        self._services, self._sessions = services, sessions
        self.unkept = unkept(sessions)
        self._drafts: OrderedDict[tuple[int, int], Draft] = OrderedDict()
        self._turn = Lock()

    def services(self, supposed: Supposed) -> Services:
        draft = self._draft(supposed.version) if supposed.version is not None else None
        return replace(
            self._services,
            sessions=self.unkept,
            searcher=self._services.searcher.supposing(draft),
            today=lambda: supposed.day,
            is_tried=True,
        )

    def _draft(self, number: int) -> Draft | None:
        """None where the version is gone meanwhile."""
        with self._sessions() as session:
            version = session.get(DocumentVersion, number)
            if version is None:
                return None
            key = (version.id, version.revision)
            with self._turn:
                if key not in self._drafts:
                    embedder = self._services.searcher.embedder
                    self._drafts[key] = building.draft_overlay(session, version, embedder=embedder)
                self._drafts.move_to_end(key)
                while len(self._drafts) > _MOST_DRAFTS:
                    self._drafts.popitem(last=False)
                return self._drafts[key]
