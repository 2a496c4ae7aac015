"""One person, one voice, changed until the close; what was chosen is told to nobody."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from actions.cases.moves import Actor
from actions.errors import InvalidInput, NotAllowed
from actions.roster.models import Participant
from actions.topics import following
from actions.topics.counting import voices
from actions.topics.counting.keys import KeyGone, TopicKeys
from actions.topics.counting.voices import Voice
from actions.topics.models import Ballot, Topic
from actions.topics.status import TopicState
from actions.topics.steps.moves import add_event, get, is_done
from knowledge.clock import SHANGHAI

CLOSED = "这件事已经截止，不能再选了。"


def cast(
    session: Session,
    *,
    topic_id: int,
    asker: str,
    choice: list[int],
    source: str,
    key: str,
    now: datetime,
    keys: TopicKeys,
) -> Ballot:
    """The voice of whoever speaks here, in place of what they chose before. Commits.

    `choice`: positions from 0. `key` names the wish; the last wish counts, so a second delivery of it changes nothing.
    Raises InvalidInput, NotAllowed.
    """
    del key  # the row is one a person: to store the same choice twice is to store it once
    topic = _with_options(session, topic_id, now)
    chosen = checked(topic, choice)
    try:
        voice = voices.voice_of(session, topic, asker=asker, keys=keys, now=now)
    except KeyGone as error:
        raise NotAllowed("这件事现在收不了票，请用纸条，或者找村委会。") from error
    stored = store(session, topic, voice, chosen, source, now)
    if source == "chat":
        following.follow(session, topic.id, asker, why="voice")
    session.commit()
    return stored


def held_open(session: Session, topic_id: int, now: datetime) -> Topic:
    """Held until the caller commits: on PostgreSQL the close waits for this voice, or this voice finds it closed;
    SQLite lets one write at a time. Raises NotAllowed, NotFound.
    """
    held = select(Topic).where(Topic.id == get(session, topic_id).id).with_for_update(read=True)
    topic = session.scalars(held.execution_options(populate_existing=True)).one()
    if topic.state is not TopicState.open or topic.closes_at is None or now > topic.closes_at:
        raise NotAllowed(CLOSED if topic.sealed_at or topic.closes_at else "这件事现在不在征求意见。")
    return topic


def _with_options(session: Session, topic_id: int, now: datetime) -> Topic:
    topic = held_open(session, topic_id, now)
    if not topic.options:
        said = "请一句一句表态。" if topic.method == "statements" else "这件事只听意见，没有要选的。"
        raise NotAllowed(said)
    return topic


def checked(topic: Topic, choice: Sequence[int]) -> list[int]:
    """Sorted, each once. Raises InvalidInput."""
    chosen = sorted(set(choice))
    if not chosen:
        raise InvalidInput("请至少选一项。")
    if any(not 0 <= n < len(topic.options) for n in chosen):
        raise InvalidInput(f"请从 1 到 {len(topic.options)} 里选。")
    if topic.method == "single" and len(chosen) > 1:
        raise InvalidInput("这件事只能选一项。")
    return chosen


def store(session: Session, topic: Topic, voice: Voice, chosen: list[int], source: str, now: datetime) -> Ballot:
    """In place of what this voice was, and of what the same person gave without a slip. The caller commits."""
    if voice.others:
        loose = (Ballot.topic_id == topic.id, Ballot.voter_key.in_(voice.others))
        session.execute(delete(Ballot).where(*loose, Ballot.is_verified.is_(False)))
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    day = now.astimezone(SHANGHAI).date()
    said = {"choice": chosen, "source": source, "day": day, "is_verified": voice.is_verified}
    row = insert(Ballot).values(topic_id=topic.id, voter_key=voice.key, receipt=secrets.token_hex(16), **said)
    session.execute(row.on_conflict_do_update(index_elements=["topic_id", "voter_key"], set_=said))
    own = (Ballot.topic_id == topic.id, Ballot.voter_key == voice.key)
    return session.scalars(select(Ballot).where(*own).execution_options(populate_existing=True)).one()


def of_asker(session: Session, topic: Topic, *, asker: str, keys: TopicKeys, now: datetime) -> Ballot | None:
    """One's own voice, for one's own eyes, until the close; None afterwards."""
    if topic.state is not TopicState.open:
        return None
    try:
        voice = voices.voice_of(session, topic, asker=asker, keys=keys, now=now)
    except KeyGone:
        return None
    own = select(Ballot).where(Ballot.topic_id == topic.id, Ballot.voter_key.in_([voice.key, *voice.others]))
    return session.scalar(own.order_by(Ballot.is_verified.desc()).limit(1))


def cast_for(
    session: Session,
    *,
    topic_id: int,
    participant: Participant,
    choice: list[int],
    actor: Actor,
    key: str,
    now: datetime,
    keys: TopicKeys,
) -> str:
    """代录: a grid worker writes down what somebody at the door says, whose slip they hold. The receipt. Commits.

    That it was done for a household of the village stands in the record, never what was said.
    """
    topic = _with_options(session, topic_id, now)
    if participant.place_id != topic.place_id or participant.revoked_at is not None:
        raise InvalidInput("这张纸条不是这个村的，或者作废了。")
    chosen = checked(topic, choice)
    try:
        name = voices.named(topic, participant_id=participant.id, household_id=participant.household_id)
        voice = Voice(keys.voter_key(topic.key_file, name), (), is_verified=True)
    except KeyGone as error:
        raise NotAllowed("这件事现在收不了票，请用纸条。") from error
    stored = store(session, topic, voice, chosen, "grid", now)
    if not is_done(session, key):
        add_event(session, topic, "上门代录一份", key=key, actor=actor, now=now)
    session.commit()
    return stored.receipt
