"""The seal of a closed topic: SHA-256 over its voices, printed on the result, counted anew every night."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.topics.models import Ballot, BallotVoid, PaperCount, Topic, TopicEvent


@dataclass(frozen=True)
class Tally:
    """`paper`, `by_grid`: how many of `voters` came on paper or were written down at the door; `voided`: voices that
    paper or their owners took out; `unverified` stands apart and is in no other number.
    """

    options: tuple[int, ...]
    voters: int
    paper: int
    spoilt: int
    by_grid: int
    voided: int
    unverified: tuple[int, ...]
    unverified_voters: int

    def as_json(self) -> dict[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def sealed_text(ballots: Iterable[Ballot]) -> str:
    """Receipt, choice and whether a slip was used, sorted: the order of the rows says nothing, and whoever holds a
    receipt finds it.
    """
    return "\n".join(sorted(f"{b.receipt} {','.join(map(str, b.choice))} {int(b.is_verified)}" for b in ballots))


def seal_of(ballots: Iterable[Ballot]) -> str:
    return hashlib.sha256(sealed_text(ballots).encode()).hexdigest()


def ballots_of(session: Session, topic: Topic) -> list[Ballot]:
    own = select(Ballot).where(Ballot.topic_id == topic.id).execution_options(populate_existing=True)
    return list(session.scalars(own.order_by(Ballot.id)))


def standing(session: Session, topic: Topic) -> list[Ballot]:
    """Voices with a slip that count: neither paper nor their owners took them out."""
    void = set(session.scalars(select(BallotVoid.ballot_id).where(BallotVoid.topic_id == topic.id)))
    return [ballot for ballot in ballots_of(session, topic) if ballot.is_verified and ballot.id not in void]


def count(session: Session, topic: Topic) -> Tally:
    """From the rows: voices that count, and boxes that two people counted."""
    void = set(session.scalars(select(BallotVoid.ballot_id).where(BallotVoid.topic_id == topic.id)))
    ballots = ballots_of(session, topic)
    valid = [ballot for ballot in ballots if ballot.id not in void]
    counted = [ballot for ballot in valid if ballot.is_verified]
    loose = [ballot for ballot in valid if not ballot.is_verified]
    boxes = list(
        session.scalars(
            select(PaperCount)
            .where(PaperCount.topic_id == topic.id, PaperCount.confirmed_by.is_not(None))
            .execution_options(populate_existing=True)
        )
    )
    size = len(topic.options)
    options = [sum(n in ballot.choice for ballot in counted) + sum(box.counts[n] for box in boxes) for n in range(size)]
    paper = sum(box.papers for box in boxes)
    return Tally(
        options=tuple(options),
        voters=len(counted) + paper,
        paper=paper,
        spoilt=sum(box.spoilt for box in boxes),
        by_grid=sum(ballot.source == "grid" for ballot in counted),
        voided=len(ballots) - len(valid),
        unverified=tuple(sum(n in ballot.choice for ballot in loose) for n in range(size)),
        unverified_voters=len(loose),
    )


def fault_of(session: Session, topic: Topic) -> str:
    """What doesn't fit any more, in words for staff; "" where all does. The seal stands in the topic and in the event
    of its close; the tally must come out of the rows again.
    """
    if not topic.sealed_at:
        noted = session.scalar(select(TopicEvent.id).where(TopicEvent.key == closing_key(topic)))
        return "封存的记号被去掉了" if noted else ""
    seal = seal_of(ballots_of(session, topic))
    noted_seal = session.scalar(select(TopicEvent.note).where(TopicEvent.key == closing_key(topic)))
    if seal != topic.seal or seal != noted_seal:
        return "封存之后，有人动过投票记录"
    if topic.tallied_at and topic.tally != count(session, topic).as_json():
        return "重新数一遍，和当时的票数不一样"
    return ""


def closing_key(topic: Topic) -> str:
    """Of the event of this close; a topic that was suspended and asked anew has another key file."""
    return f"topic-{topic.id}-closed-{topic.key_file}"
