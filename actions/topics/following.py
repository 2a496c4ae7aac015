"""Who follows a topic, what they are told once, and what they say of how it was carried out."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from actions.errors import InvalidInput, NotAllowed
from actions.replies import Button
from actions.roster.slips import participant_of
from actions.storable import storable
from actions.topics.counting import voices
from actions.topics.models import Opinion, Topic, TopicCheck, TopicEvent, TopicFollow, TopicLeaving
from actions.topics.status import TopicState
from knowledge.tables import changed

_TAKEN_BACK = "（提的人删了原话）"
ANSWERS = {"yes": "落实了", "no": "没落实", "unsure": "不知道"}


def check_buttons(topic: Topic) -> tuple[Button, ...]:
    """落实了吗; each names the topic, so that a late tap answers the right one."""
    return tuple(Button(said, f"{topic.number} {said}") for said in ANSWERS.values())


def follow(session: Session, topic_id: int, conversation_id: str, *, why: str) -> None:
    """Said twice, it changes nothing; the caller commits. A browser's `page:…` is told nothing and follows nothing."""
    if conversation_id.startswith("page:"):
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(TopicFollow).values(topic_id=topic_id, conversation_id=conversation_id, why=why)
    session.execute(row.on_conflict_do_nothing())


def unfollow(session: Session, topic_id: int, conversation_id: str) -> None:
    """The caller commits."""
    own = (TopicFollow.topic_id == topic_id, TopicFollow.conversation_id == conversation_id)
    session.execute(delete(TopicFollow).where(*own))


def followers(session: Session, topic_id: int) -> list[str]:
    own = select(TopicFollow.conversation_id).where(TopicFollow.topic_id == topic_id)
    return list(session.scalars(own.order_by(TopicFollow.conversation_id)))


def untold(session: Session) -> Iterator[TopicEvent]:
    """What followers should hear and haven't, in its order."""
    rows = select(TopicEvent).where(TopicEvent.say.is_not(None), TopicEvent.told_at.is_(None)).order_by(TopicEvent.id)
    yield from session.scalars(rows).all()


def told(session: Session, event: TopicEvent, *, now: datetime) -> bool:
    """Whether it is ours to tell; of two workers one is. The caller commits with the messages."""
    mine = update(TopicEvent).where(TopicEvent.id == event.id, TopicEvent.told_at.is_(None)).values(told_at=now)
    return changed(session, mine) > 0


def audience(session: Session, event: TopicEvent) -> list[str]:
    """Conversations, each once."""
    return [event.only_to] if event.only_to else followers(session, event.topic_id)


def answer_check(session: Session, *, topic_id: int, asker: str, answer: str, now: datetime) -> str:
    """落实了 / 没落实 / 不知道, the last word counts until the clock has closed the round. What to say. Commits."""
    topic = session.get(Topic, topic_id)
    if topic is None or topic.state is not TopicState.fed_back:
        raise NotAllowed("这件事现在不在问落实得怎么样。")
    if answer not in ANSWERS:
        raise InvalidInput("请选一个：落实了、没落实、不知道。")
    if not _took_part(session, topic, asker, now):
        raise NotAllowed("先用参与码登记，或者在对话里关注这件事，再来回答，免得一个人答好多次。")
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(TopicCheck).values(topic_id=topic_id, round=topic.rounds, asker=storable(asker, 64), answer=answer)
    session.execute(row.on_conflict_do_update(index_elements=["topic_id", "round", "asker"], set_={"answer": answer}))
    session.commit()
    return "记下了，谢谢您。满三十天，没落实的多就接着办。"


def _took_part(session: Session, topic: Topic, asker: str, now: datetime) -> bool:
    own = session.get(TopicFollow, (topic.id, asker))
    return own is not None or participant_of(session, asker=asker, place=topic.place_id, now=now) is not None


def checks(session: Session, topic: Topic) -> dict[str, int]:
    """How many said what in this round."""
    rows = select(TopicCheck.answer, func.count()).where(
        TopicCheck.topic_id == topic.id, TopicCheck.round == topic.rounds
    )
    return {row[0]: row[1] for row in session.execute(rows.group_by(TopicCheck.answer))}


def forget(session: Session, asker: str, *, now: datetime) -> None:
    """What somebody said and follows goes at once, their voices with the worker's next round, which reads the keys
    (`clock.tick`); to be called before the roster forgets who speaks here. The caller commits.
    """
    session.execute(delete(TopicFollow).where(TopicFollow.conversation_id == asker))
    session.execute(delete(TopicCheck).where(TopicCheck.asker == asker))
    session.execute(delete(TopicEvent).where(TopicEvent.only_to == asker, TopicEvent.told_at.is_(None)))
    for topic in session.scalars(select(Topic).where(Topic.conversation_id == asker)).all():
        topic.conversation_id = None
        if topic.state is TopicState.raised:
            topic.text = topic.title = _TAKEN_BACK
        elif topic.result_at is None:
            topic.text = _TAKEN_BACK
    _forget_opinions(session, asker)
    keyed = select(Topic.id).where(Topic.key_file != "", Topic.result_at.is_(None), Topic.key_gone_at.is_(None))
    if session.scalar(keyed.limit(1)) is None:
        return  # nobody's voice is kept anywhere
    session.add(TopicLeaving(asker=storable(asker, 64), at=now))
    for who, is_last in voices.spoken_by(session, asker):
        if is_last:
            row = TopicLeaving(asker=storable(asker, 64), participant_id=who.id, household_id=who.household_id, at=now)
            session.add(row)


def _forget_opinions(session: Session, asker: str) -> None:
    """Of topics without a result the words go; of others only who said them: the adoption table stands in public."""
    ended = select(Topic.id).where(Topic.result_at.is_not(None))
    own = select(Opinion).where(Opinion.asker == asker)
    for opinion in session.scalars(own.where(Opinion.topic_id.not_in(ended))).all():
        pass_on(session, opinion)
        session.delete(opinion)
    session.flush()
    session.execute(update(Opinion).where(Opinion.asker == asker).values(asker=None))


def pass_on(session: Session, opinion: Opinion) -> None:
    """The next who said nearly the same stands for the others now."""
    copies = select(Opinion).where(Opinion.same_as_id == opinion.id, Opinion.state != "void").order_by(Opinion.id)
    rest = list(session.scalars(copies))
    if not rest:
        return
    heir = rest[0]
    heir.same_as_id, heir.state, heir.hidden_why = None, opinion.state, opinion.hidden_why
    heir.shown_at, heir.looked_by = opinion.shown_at, opinion.looked_by
    heir.adoption, heir.adoption_why = opinion.adoption, opinion.adoption_why
    for other in rest[1:]:
        other.same_as_id = heir.id
