"""Every move of a topic, and the rows that say so."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from actions.cases.moves import CLOCK, Actor
from actions.errors import Conflict, NotFound
from actions.replies import Button
from actions.storable import row_of, storable
from actions.topics.models import Topic, TopicEvent
from actions.topics.status import By, TopicState, move_between
from knowledge.tables import changed

SYSTEM = CLOCK


def get(session: Session, topic_id: int) -> Topic:
    topic = row_of(session, Topic, topic_id)
    if topic is None:
        raise NotFound("没有这个议题。")
    return topic


def is_done(session: Session, key: str) -> bool:
    """Whether this one wish was carried out before."""
    return session.scalar(select(TopicEvent.id).where(TopicEvent.key == key)) is not None


def add_event(
    session: Session,
    topic: Topic,
    what: str,
    *,
    key: str,
    actor: Actor,
    now: datetime,
    to: TopicState | None = None,
    note: str = "",
    say: str | None = None,
    buttons: Sequence[Button] = (),
    only_to: str | None = None,
) -> TopicEvent:
    event = TopicEvent(
        topic_id=topic.id,
        key=key,
        at=now,
        actor=actor.kind,
        actor_id=actor.id,
        actor_name=storable(actor.name, 60),
        what=storable(what, 60),
        state_to=to,
        note=storable(note),
        say=storable(say) if say is not None else None,
        buttons=[button.as_json() for button in buttons],
        only_to=only_to,
    )
    session.add(event)
    topic.updated_at = now
    return event


def move(
    session: Session,
    topic: Topic,
    to: TopicState,
    *,
    by: By,
    actor: Actor,
    key: str,
    now: datetime,
    what: str = "",
    note: str = "",
    say: str | None = None,
    buttons: Sequence[Button] = (),
    only_to: str | None = None,
    values: dict[str, Any] | None = None,
) -> None:
    """The state is the lock: of two who press at once one is told to look again. The caller commits.

    `values`: further columns, written by the same statement. Raises NotAllowed, Conflict.
    """
    start = topic.state
    allowed = move_between(start, to, by)
    same = (Topic.id == topic.id, Topic.state == start)
    if not changed(session, update(Topic).where(*same).values(state=to, updated_at=now, **(values or {}))):
        session.rollback()
        raise Conflict
    session.refresh(topic)
    add_event(
        session,
        topic,
        what or allowed.label,
        key=key,
        actor=actor,
        to=to,
        note=note,
        say=say,
        buttons=buttons,
        only_to=only_to,
        now=now,
    )
