"""Topics looked up and listed."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.cases.models import Case
from actions.errors import NotFound
from actions.persons import threads_of
from actions.topics.counting import tally
from actions.topics.models import Ballot, Opinion, Topic, TopicFollow
from actions.topics.status import OWED, PUBLIC, TopicState

_NUMBER = re.compile(r"(?:议\s*[-—]?\s*(?P<year>\d{2})\s*[-—]\s*|[yY]|议题?\s*)(?P<ordinal>\d{1,6})")


def open_topics(session: Session, place: str, now: datetime) -> list[Topic]:
    """On which something can be said now; what closes first stands first."""
    own = (Topic.place_id == place, Topic.state == TopicState.open, Topic.closes_at > now)
    return list(session.scalars(select(Topic).where(*own).order_by(Topic.closes_at, Topic.id)))


def of_conversation(session: Session, conversation_id: str) -> list[Topic]:
    """Those that its resident follows or raised, here or in conversations joined to this one; the newest first."""
    threads = threads_of(session, conversation_id)
    followed = select(TopicFollow.topic_id).where(TopicFollow.conversation_id.in_(threads))
    own = Topic.id.in_(followed) | Topic.conversation_id.in_(threads)
    return list(session.scalars(select(Topic).where(own).order_by(Topic.id.desc())))


def by_number(session: Session, place: str, said: str) -> Topic | None:
    """议-26-014, y14 or 议题14; None for what is no number, and for a year that isn't the topic's."""
    match = _NUMBER.search(said.strip())
    if match is None:
        return None
    own = (Topic.place_id == place, Topic.ordinal == int(match["ordinal"]))
    topic = session.scalar(select(Topic).where(*own))
    if topic is not None and match["year"] and not topic.number.startswith(f"议-{match['year']}-"):
        return None
    return topic


def public(session: Session, place: str, ordinal: int) -> Topic:
    """Raises NotFound for what isn't for everybody."""
    topic = session.scalar(select(Topic).where(Topic.place_id == place, Topic.ordinal == ordinal))
    if topic is None or topic.state not in PUBLIC:
        raise NotFound("没有这个议题，或者它还没有开始征求意见。")
    return topic


def shown(session: Session, place: str, *, most: int = 100) -> list[Topic]:
    """What everybody may see: open ones first, then what is owed, then the newest."""
    rows = session.scalars(
        select(Topic).where(Topic.place_id == place, Topic.state.in_(PUBLIC)).order_by(Topic.id.desc()).limit(most)
    )
    order = {TopicState.open: 0, **dict.fromkeys(OWED, 1)}
    return sorted(rows, key=lambda topic: (order.get(topic.state, 2), -topic.id))


def of_villages(session: Session, places: Sequence[str]) -> list[Topic]:
    """For staff: all, the newest first."""
    return list(session.scalars(select(Topic).where(Topic.place_id.in_(places)).order_by(Topic.id.desc()).limit(500)))


def refusals(session: Session, place: str, now: datetime) -> int:
    """How many weren't taken up within a year; public."""
    own = (Topic.place_id == place, Topic.state == TopicState.refused, Topic.updated_at > now - timedelta(days=365))
    return session.scalar(select(func.count()).select_from(Topic).where(*own)) or 0


def running(session: Session, topic: Topic) -> str:
    """How many have chosen so far, in steps; "" where that would tell too much."""
    if topic.circle_size is not None and topic.circle_size < tally.LEAST_CIRCLE:
        return ""
    own = (Ballot.topic_id == topic.id, Ballot.is_verified)
    voters = session.scalar(select(func.count()).select_from(Ballot).where(*own)) or 0
    return tally.running(voters, options=len(topic.options))


def waiting_opinions(session: Session, topic: Topic) -> list[Opinion]:
    """Not yet looked at, one of each kind of copies."""
    own = (Opinion.topic_id == topic.id, Opinion.state == "waiting", Opinion.same_as_id.is_(None))
    return list(session.scalars(select(Opinion).where(*own).order_by(Opinion.id)))


def tasks_of(session: Session, topic: Topic) -> list[tuple[dict[str, object], Case | None]]:
    """What was agreed, each with the case that carries it out."""
    return [(task, session.get(Case, task["case_id"]) if task.get("case_id") else None) for task in topic.tasks]
