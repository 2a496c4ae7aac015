"""What people say on a topic: short, without replies, shown after somebody looked."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases.moves import Actor
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.roster.slips import participant_of
from actions.storable import row_of, storable
from actions.topics import following
from actions.topics.counting import tally
from actions.topics.lists import lists, must_be_on, name_of
from actions.topics.models import Opinion, Topic
from actions.topics.statements import writing
from actions.topics.status import TopicState
from actions.topics.steps.moves import add_event, get, is_done
from knowledge.clock import SHANGHAI

MOST_TEXT, A_DAY = 300, 3
SHOWN_FROM = 5  # fewer would tell whose they are
SURGE = 100  # unverified ones in an hour, told to the overseer
_BY_STAFF = ("grid", "clerk")  # who writes down what others say
# What people add or leave out without saying anything else.
_FILLERS = re.compile(r"[的了吧啊呀呢嘛哦哈么呗]")


def add(
    session: Session,
    *,
    topic_id: int,
    asker: str,
    text: str,
    stance: str,
    source: str,
    key: str,
    now: datetime,
) -> Opinion:
    """The opinion of this wish, once a `key`; it waits until somebody looked at it. Commits.

    Raises InvalidInput, NotAllowed.
    """
    if found := session.scalar(select(Opinion).where(Opinion.key == key)):
        return found
    topic = get(session, topic_id)
    _must_be_open(topic, now)
    text = storable(text).strip()
    if writing.is_of(topic):
        text, stance = writing.checked(session, topic, text, normalised(text)), writing.STANCE
    else:
        text = _checked(text, stance)
    _must_have_room(session, topic, asker, source, now)
    who = participant_of(session, asker=asker, place=topic.place_id, now=now)
    opinion = Opinion(
        topic_id=topic.id,
        key=storable(key, 140),
        asker=storable(asker, 64),
        stance=stance,
        text=text,
        normal=normalised(text),
        is_verified=who is not None or source in _BY_STAFF,
        source=source,
        at=now,
    )
    _join_copies(session, opinion)
    return _kept(session, opinion)


def _kept(session: Session, opinion: Opinion) -> Opinion:
    """Of one wish that arrives twice at once, the first."""
    key = opinion.key
    try:
        session.add(opinion)
        if opinion.source == "chat" and opinion.asker:
            following.follow(session, opinion.topic_id, opinion.asker, why="opinion")
        session.commit()
    except IntegrityError:
        session.rollback()
        if (found := session.scalar(select(Opinion).where(Opinion.key == key))) is None:
            raise
        return found
    return opinion


def _checked(text: str, stance: str) -> str:
    if len(text) < 2:
        raise InvalidInput("请写一句您的意见。")
    if len(text) > MOST_TEXT:
        raise InvalidInput(f"意见最多{MOST_TEXT}个字，请写短一点，或者分两条写。")
    must_be_on(lists().stances, stance, "请选一样：理由、担心、办法、问题。")
    return text


def _must_be_open(topic: Topic, now: datetime) -> None:
    if topic.state is not TopicState.open or topic.closes_at is None or now > topic.closes_at:
        raise NotAllowed("这件事现在不在征求意见。")


def _must_have_room(session: Session, topic: Topic, asker: str, source: str, now: datetime) -> None:
    """Three a day of one asker; whoever writes down what others say has no such limit."""
    if source in _BY_STAFF:
        return
    midnight = datetime.combine(now.astimezone(SHANGHAI).date(), time(0), SHANGHAI)
    own = (Opinion.topic_id == topic.id, Opinion.asker == asker, Opinion.at >= midnight)
    if (session.scalar(select(func.count()).select_from(Opinion).where(*own)) or 0) >= A_DAY:
        raise InvalidInput(f"一件事一天最多说{A_DAY}条，您今天说满了，明天还可以接着说。")


def normalised(text: str) -> str:
    """Without width, case, marks and fillers, so that copies of one text meet.

    Two texts meet exactly when this is the same; the meaning isn't compared.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    letters = "".join(c for c in folded if unicodedata.category(c)[0] in "LN")
    return (_FILLERS.sub("", letters) or letters or folded)[:MOST_TEXT]


def _join_copies(session: Session, opinion: Opinion) -> None:
    """The first of them stands for all; a copy with a slip lifts it among the verified ones."""
    same = (
        Opinion.topic_id == opinion.topic_id,
        Opinion.normal == opinion.normal,
        Opinion.same_as_id.is_(None),
        Opinion.state != "void",
    )
    first = session.scalar(select(Opinion).where(*same).order_by(Opinion.id).limit(1))
    if first is None:
        return
    opinion.same_as_id, opinion.state = first.id, first.state
    first.is_verified = first.is_verified or opinion.is_verified


def show(session: Session, opinion_id: int, *, actor: Actor, now: datetime) -> None:
    """Commits."""
    opinion = _waiting(session, opinion_id)
    if opinion is None:
        return
    _set(session, opinion, "shown", "", actor, now)
    session.commit()


def hide(session: Session, opinion_id: int, reason: str, *, actor: Actor, key: str, now: datetime) -> None:
    """Not shown, for a reason of the list; its author is told, how many there are is public. Commits."""
    must_be_on(lists().hidden, reason, "请选一个不展示的原因。")
    opinion = _waiting(session, opinion_id)
    if opinion is None or is_done(session, key):
        return
    topic = get(session, opinion.topic_id)
    _set(session, opinion, "hidden", reason, actor, now)
    why = name_of(lists().hidden, reason)
    add_event(session, topic, "一条意见不展示", key=key, actor=actor, note=why, now=now)
    if opinion.asker and not opinion.asker.startswith("page:") and opinion.source == "chat":
        say = f"您对“{topic.title}”说的一条意见没有贴出来，原因：{why}。换个说法可以再说一次，不影响您选。"
        asker = opinion.asker
        add_event(session, topic, "告诉说的人", key=f"{key}-told", actor=actor, now=now, say=say, only_to=asker)
    session.commit()


def _waiting(session: Session, opinion_id: int) -> Opinion | None:
    """None where somebody looked already. Raises NotFound, NotAllowed once the result is out."""
    opinion = row_of(session, Opinion, opinion_id)
    if opinion is None or opinion.same_as_id is not None:
        raise NotFound("没有这条意见，可能说的人自己删了。")
    if get(session, opinion.topic_id).result_at is not None:
        raise NotAllowed("结果已经公布，意见不再改。")
    return opinion if opinion.state == "waiting" else None


def _set(session: Session, opinion: Opinion, state: str, why: str, actor: Actor, now: datetime) -> None:
    copies = select(Opinion).where(Opinion.same_as_id == opinion.id)
    for one in (opinion, *session.scalars(copies)):
        one.state, one.hidden_why, one.looked_by = state, why, actor.id
        one.shown_at = now if state == "shown" else None


@dataclass(frozen=True)
class Told:
    """An opinion as everybody reads it: the day, never the hour. `copies`: how many said nearly the same."""

    id: int
    stance: str
    text: str
    day: date
    copies: str
    is_verified: bool
    adoption: str
    adoption_why: str


def shown(session: Session, topic: Topic, *, reader: str, now: datetime) -> list[Told]:
    """In an order of each reader's own, so that no opinion stands first for everybody; nothing below five, unless the
    result is out, which answers each.
    """
    own = (Opinion.topic_id == topic.id, Opinion.state == "shown", Opinion.same_as_id.is_(None))
    rows = list(session.scalars(select(Opinion).where(*own)))
    if (len(rows) < SHOWN_FROM and topic.result_at is None) or topic.state is TopicState.suspended:
        return []
    seed = f"{reader} {now.astimezone(SHANGHAI):%Y%m%d}"
    rows.sort(key=lambda row: hashlib.sha256(f"{seed} {row.id}".encode()).digest())
    return [_told(session, row) for row in rows]


def _told(session: Session, row: Opinion) -> Told:
    copies = select(func.count()).select_from(Opinion).where(Opinion.same_as_id == row.id)
    return Told(
        id=row.id,
        stance=row.stance,
        text=row.text,
        day=row.at.astimezone(SHANGHAI).date(),
        copies=tally.copies(1 + (session.scalar(copies) or 0)),
        is_verified=row.is_verified,
        adoption=row.adoption,
        adoption_why=row.adoption_why,
    )


def hidden_count(session: Session, topic: Topic) -> int:
    own = (Opinion.topic_id == topic.id, Opinion.state == "hidden")
    return session.scalar(select(func.count()).select_from(Opinion).where(*own)) or 0


def surge(session: Session, topic: Topic, *, since: datetime) -> int:
    """Unverified opinions since then, where they are many; else 0."""
    own = (Opinion.topic_id == topic.id, Opinion.is_verified.is_(False), Opinion.at >= since)
    count = session.scalar(select(func.count()).select_from(Opinion).where(*own)) or 0
    return count if count >= SURGE else 0
