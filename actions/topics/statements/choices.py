"""同意, 不同意 or 跳过, one statement at a time.

One voice (`Ballot`) a person holds all of their answers, so keys, seal, void and deletion are those of every other.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.errors import InvalidInput, NotAllowed
from actions.topics import ballots, following
from actions.topics.counting import voices
from actions.topics.counting.keys import KeyGone, TopicKeys
from actions.topics.counting.voices import Voice
from actions.topics.models import Ballot, Opinion, Topic

AGREE, PASS, DISAGREE = 1, 0, -1
LABELS = {AGREE: "同意", DISAGREE: "不同意", PASS: "说不好，跳过"}
_NO_KEY = "这件事现在收不了，请找村委会。"


def packed(answers: Mapping[int, int]) -> list[int]:
    """A statement's id and what was said of it, as one number each, in the order of the ids."""
    return [3 * statement + said + 1 for statement, said in sorted(answers.items())]


def unpacked(choice: Iterable[int]) -> dict[int, int]:
    return {number // 3: number % 3 - 1 for number in choice}


def shown(session: Session, topic: Topic) -> list[Opinion]:
    own = (Opinion.topic_id == topic.id, Opinion.state == "shown", Opinion.same_as_id.is_(None))
    return list(session.scalars(select(Opinion).where(*own).order_by(Opinion.id)))


@dataclass(frozen=True)
class Progress:
    """`next`: what comes now, None where all was answered; `last`: the one before it."""

    next: Opinion | None
    last: Opinion | None
    done: int
    of: int


def answer(
    session: Session,
    *,
    topic_id: int,
    statement: int,
    said: int,
    asker: str,
    source: str,
    now: datetime,
    keys: TopicKeys,
) -> Ballot:
    """In place of what they said of it before; the last word counts until the close. Commits.

    Raises InvalidInput, NotAllowed, NotFound.
    """
    topic = ballots.held_open(session, topic_id, now)
    if topic.method != "statements":
        raise NotAllowed("这件事不是一句一句表态的。")
    if said not in LABELS or statement not in {row.id for row in shown(session, topic)}:
        raise InvalidInput("没有这一句，可能说的人收回去了，请看下一句。")
    voice = _voice(session, topic, asker, keys, now)
    answers = {**_held(session, topic, voice), statement: said}
    stored = ballots.store(session, topic, voice, packed(answers), source, now)
    if source == "chat":
        following.follow(session, topic.id, asker, why="voice")
    session.commit()
    return stored


def lift(session: Session, topic: Topic, *, asker: str, now: datetime, keys: TopicKeys) -> None:
    """A slip was used: what the same person answered without it counts from now on. Commits."""
    topic = ballots.held_open(session, topic.id, now)
    voice = _voice(session, topic, asker, keys, now)
    if voice.is_verified and (answers := _held(session, topic, voice)):
        ballots.store(session, topic, voice, packed(answers), "chat", now)
    session.commit()


def _voice(session: Session, topic: Topic, asker: str, keys: TopicKeys, now: datetime) -> Voice:
    try:
        return voices.voice_of(session, topic, asker=asker, keys=keys, now=now)
    except KeyGone as error:
        raise NotAllowed(_NO_KEY) from error


def _held(session: Session, topic: Topic, voice: Voice) -> dict[int, int]:
    """What this person answered, with a slip and before they used it; locked, so that of two taps none is lost."""
    own = (Ballot.topic_id == topic.id, Ballot.voter_key.in_([voice.key, *voice.others]))
    rows = select(Ballot).where(*own).order_by(Ballot.is_verified).with_for_update()
    answers: dict[int, int] = {}
    for row in session.scalars(rows.execution_options(populate_existing=True)):
        answers.update(unpacked(row.choice))
    return answers


def progress(
    session: Session, topic: Topic, *, asker: str, now: datetime, keys: TopicKeys, skip: Iterable[int] = ()
) -> Progress:
    """In an order of each one's own, so that no statement comes last for everybody. Raises NotAllowed."""
    rows = shown(session, topic)
    rows.sort(key=lambda row: hashlib.sha256(f"{asker} {row.id}".encode()).digest())
    answers = set(_held(session, topic, _voice(session, topic, asker, keys, now))) | set(skip)
    left = [row for row in rows if row.id not in answers]
    done = [row for row in rows if row.id in answers]
    return Progress(left[0] if left else None, done[-1] if done else None, len(done), len(rows))
