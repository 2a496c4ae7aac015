"""A turn as it would go, of which nothing is kept: what a resident would be told for some words, with a draft as if it
were published, on another day.

The words go the way of every message: through Rasa, which calls our actions. What is supposed travels with them as
metadata, and the actions that find it there get sessions that take back whatever they write.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self

from actions.replies import Reply

_KEY = "supposed"


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
