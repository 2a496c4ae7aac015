"""Boxes of paper ballots: counted by two, each household's online voices void (paper wins, as in Consul Democracy)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases.moves import Actor
from actions.errors import Conflict, InvalidInput, NotAllowed
from actions.topics.counting import sealing, voices
from actions.topics.counting.keys import KeyGone, TopicKeys
from actions.topics.models import BallotVoid, PaperCount, Topic
from actions.topics.status import TopicState
from actions.topics.steps.moves import add_event, get, is_done

WITHIN = timedelta(days=3)  # our setting
MOST_PAPERS = 5000


@dataclass(frozen=True)
class Box:
    """As a clerk types it. `counts` by option; `papers`: valid ones; `households`: codes ticked on the box's list."""

    number: int
    counts: tuple[int, ...]
    papers: int
    spoilt: int
    households: tuple[str, ...]


def write(session: Session, topic_id: int, box: Box, *, actor: Actor, key: str, now: datetime) -> PaperCount:
    """The first count of a box, or one that nobody confirmed yet anew. Commits. Raises InvalidInput, NotAllowed."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return _box(session, topic, box.number)
    _must_be_time(topic, now)
    _check(session, topic, box)
    row = session.scalar(
        select(PaperCount).where(PaperCount.topic_id == topic.id, PaperCount.box == box.number)
    ) or PaperCount(topic_id=topic.id, box=box.number)
    if row.confirmed_by is not None:
        raise NotAllowed("这一箱两个人都点过了，不能再改。")
    assert actor.id is not None
    row.counts, row.papers, row.spoilt = list(box.counts), box.papers, box.spoilt
    row.households, row.by, row.at = sorted(set(box.households)), actor.id, now
    session.add(row)
    add_event(session, topic, f"录入第{box.number}箱纸票", key=key, actor=actor, now=now)
    try:
        session.commit()
    except IntegrityError as error:
        session.rollback()
        raise Conflict from error
    return row


def _box(session: Session, topic: Topic, number: int) -> PaperCount:
    return session.scalars(select(PaperCount).where(PaperCount.topic_id == topic.id, PaperCount.box == number)).one()


def _must_be_time(topic: Topic, now: datetime) -> None:
    if topic.state is not TopicState.counting or topic.tallied_at is not None or topic.closes_at is None:
        raise NotAllowed("截止以后三天里才能录纸票；票数定下来以后不再补录，免得从差额看出是谁。")
    if now > topic.closes_at + WITHIN:
        raise NotAllowed("过了三天，票数已经定了，纸票不再补录。")


def _check(session: Session, topic: Topic, box: Box) -> None:
    if not 1 <= box.number <= topic.boxes:
        raise InvalidInput(f"这件事设了 {topic.boxes} 个票箱，没有第 {box.number} 箱。")
    numbers = (*box.counts, box.papers, box.spoilt)
    if len(box.counts) != len(topic.options) or any(not 0 <= n <= MOST_PAPERS for n in numbers):
        raise InvalidInput("每一项填几张，没有就填 0。")
    if topic.method == "single" and sum(box.counts) != box.papers:
        raise InvalidInput(f"各项加起来是 {sum(box.counts)} 张，和有效票 {box.papers} 张对不上，请再点一遍。")
    if any(n > box.papers for n in box.counts):
        raise InvalidInput("有一项比有效票还多，请再点一遍。")
    if topic.method == "approval" and sum(box.counts) < box.papers:
        raise InvalidInput("每张有效票至少勾了一项，各项加起来不会比有效票少，请再点一遍。")
    if len(set(box.households)) > box.papers + box.spoilt and topic.basis == "household":
        raise InvalidInput("勾的户比票还多，请对一对名单。")
    if unknown := voices.unknown_codes(session, topic, box.households):
        raise InvalidInput(f"名册里没有这几户：{'、'.join(unknown[:5])}。")


def confirm(
    session: Session, topic_id: int, number: int, *, actor: Actor, key: str, now: datetime, keys: TopicKeys
) -> None:
    """By the second who counted; the household's online voices are void from here on. Commits."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return
    _must_be_time(topic, now)
    row = session.scalar(select(PaperCount).where(PaperCount.topic_id == topic.id, PaperCount.box == number))
    if row is None:
        raise NotAllowed("这一箱还没有录。")
    if row.by == actor.id:
        raise NotAllowed("点票要两个人，自己录的不能自己确认。")
    if row.confirmed_by is not None:
        return
    row.confirmed_by, row.confirmed_at = actor.id, now
    _void(session, topic, row, keys)
    add_event(session, topic, f"第{number}箱两人点过", key=key, actor=actor, now=now)
    session.commit()


def _void(session: Session, topic: Topic, row: PaperCount, keys: TopicKeys) -> None:
    try:
        gone = voices.of_households(session, topic, row.households, keys=keys)
    except KeyGone as error:
        raise NotAllowed("这台机器上没有这件事的密钥，对不上哪几户在手机上选过。请联系管理员。") from error
    void_keys(session, topic, gone, why="paper")


def void_keys(session: Session, topic: Topic, gone: set[str], *, why: str) -> int:
    """How many voices no longer count. The caller commits."""
    known = set(session.scalars(select(BallotVoid.ballot_id).where(BallotVoid.topic_id == topic.id)))
    found = [b for b in sealing.ballots_of(session, topic) if b.voter_key in gone and b.id not in known]
    session.add_all(BallotVoid(ballot_id=ballot.id, topic_id=topic.id, why=why) for ballot in found)
    session.flush()
    return len(found)


def boxes_of(session: Session, topic: Topic) -> list[PaperCount]:
    return list(session.scalars(select(PaperCount).where(PaperCount.topic_id == topic.id).order_by(PaperCount.box)))


def is_complete(session: Session, topic: Topic) -> bool:
    """Every box was counted by two."""
    return sum(row.confirmed_by is not None for row in boxes_of(session, topic)) >= topic.boxes
