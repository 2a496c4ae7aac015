"""A turn as it would go, of which nothing is kept: what a resident would be told for some words, with a draft as if it
were published, on another day.

The words go the way of every message: through Rasa, which calls our actions. What is supposed travels with them as
metadata, and the actions that find it there get sessions that take back whatever they write.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from threading import Lock
from typing import Any, Self

from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.frame.base import Services
from actions.replies import Reply
from knowledge.documents.models import DocumentVersion
from knowledge.search import building
from knowledge.search.passages import Draft

_MOST_DRAFTS = 8  # in memory: a rule of thirty clauses takes a second to embed, and is tried many times
_KEY = "supposed"


class UnkeptSession(Session):
    """Sees what it writes, and takes it back when it ends."""

    def commit(self) -> None:
        self.flush()


def unkept(sessions: sessionmaker[Session]) -> Callable[[], Session]:
    """Sessions of the same database that keep nothing."""
    return sessionmaker(sessions.kw["bind"], class_=UnkeptSession, expire_on_commit=False)


@dataclass(frozen=True)
class Supposed:
    """`day`: as if it were this one; `version`: as if this version in work were published; None: only what is."""

    day: date
    version: int | None = None

    def metadata(self) -> dict[str, Any]:
        """As it travels beside a message."""
        return {_KEY: {**asdict(self), "day": self.day.isoformat()}}

    @classmethod
    def of(cls, call: Mapping[str, Any]) -> Self | None:
        """What Rasa's call of an action supposes; None for a resident's message."""
        said = (call.get("tracker") or {}).get("latest_message") or {}
        held = (said.get("metadata") or {}).get(_KEY)
        return cls(date.fromisoformat(held["day"]), held["version"]) if held else None


@dataclass(frozen=True)
class Rehearsed:
    """`intent`: as the dialogue part heard it, `sure` of it 0...1."""

    replies: tuple[Reply, ...]
    intent: str
    sure: float


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
