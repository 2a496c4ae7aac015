"""Decisions looked up: a village's latest, those that somebody's words are about, what waits for whom."""

import re
from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from actions.decisions.models import Decision, DecisionStep, Meeting, MeetingState
from actions.decisions.status import ENDED, State
from actions.errors import NotFound

# A proposal is shown to everybody once a legal worker has looked: before, it may name somebody it must not.
_PUBLIC: ColumnElement[bool] = or_(Decision.cleared_at.is_not(None), Decision.state == State.noticed)
_MOST_READ = 500
_LEAST_LIKE = 2  # pairs of characters in common
_FILLERS = re.compile(
    r"[\s，。？！,.?!“”\"]|那条|这条|那个|这个|什么|怎么样|怎么|咋样|到哪|一步|村里|我们|咱们|了没|没有|请问"
    r"|决定|决议|批了|进度"
)


def latest(session: Session, place: str, limit: int = 10) -> list[Decision]:
    """What everybody may read, the newest first."""
    own = select(Decision).where(Decision.place_id == place, _PUBLIC)
    return list(session.scalars(own.order_by(Decision.moved_at.desc(), Decision.id.desc()).limit(limit)))


def search(session: Session, place: str, words: str) -> list[Decision]:
    """Of what everybody may read: by number, else by words in common with the title, the likest first."""
    if number := re.search(r"(?:决\s*[-—－]?\s*)?(\d{2})\s*[-—－]\s*(\d{1,4})", words[:200]):
        own = and_(Decision.place_id == place, Decision.ordinal == int(number[2]), _PUBLIC)
        return [d for d in session.scalars(select(Decision).where(own)) if d.year % 100 == int(number[1])]
    asked = _pairs(words[:200])
    scored = [(len(asked & _pairs(d.title)), d) for d in latest(session, place, _MOST_READ)]
    found = [pair for pair in scored if pair[0] >= min(_LEAST_LIKE, max(1, len(asked)))]
    return [decision for _, decision in sorted(found, key=lambda pair: -pair[0])][:5]


def _pairs(text: str) -> set[str]:
    plain = _FILLERS.sub("", text)
    return {plain[i : i + 2] for i in range(len(plain) - 1)}


def by_slug(session: Session, place: str, slug: str) -> Decision:
    """26-014, as an address has it. Raises NotFound, also for what isn't shown to everybody yet."""
    parts = re.fullmatch(r"(\d{2})-(\d{1,6})", slug[:12], re.ASCII)
    own = and_(Decision.place_id == place, Decision.ordinal == int(parts[2]), _PUBLIC) if parts else None
    found = [d for d in session.scalars(select(Decision).where(own)) if d.slug == slug] if own is not None else []
    if not found:
        raise NotFound("没有找到这个决定，请核对编号。")
    return found[0]


def of_places(session: Session, places: Iterable[str] | None) -> list[Decision]:
    """For staff: all of these places (None: everywhere), those that go on first, then the newest."""
    asked = select(Decision).order_by(Decision.moved_at.desc(), Decision.id.desc()).limit(_MOST_READ)
    if places is not None:
        asked = asked.where(Decision.place_id.in_(list(places)))
    return sorted(session.scalars(asked), key=lambda d: d.state in ENDED)


def steps_waiting(session: Session, places: Iterable[str] | None) -> list[DecisionStep]:
    """What a second person is to confirm, the oldest first."""
    asked = (
        select(DecisionStep)
        .join(Decision)
        .where(DecisionStep.confirmed_at.is_(None), DecisionStep.refused_at.is_(None), Decision.state != State.annulled)
    )
    if places is not None:
        asked = asked.where(Decision.place_id.in_(list(places)))
    return list(session.scalars(asked.order_by(DecisionStep.id)))


def meetings(session: Session, places: Iterable[str] | None, *states: MeetingState) -> list[Meeting]:
    asked = select(Meeting).where(Meeting.state.in_(states)).order_by(Meeting.held_at).limit(_MOST_READ)
    if places is not None:
        asked = asked.where(Meeting.place_id.in_(list(places)))
    return list(session.scalars(asked))
