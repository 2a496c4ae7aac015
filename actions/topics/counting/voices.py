"""Who somebody is in a topic: the person of a slip, else the conversation or browser that speaks.

The only place here that knows the roster.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.errors import InvalidInput
from actions.persons import threads_of
from actions.roster import codes, tries
from actions.roster.models import Household, Participant, ParticipantThread, Slip
from actions.roster.slips import participant_of
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Topic
from knowledge.clock import SHANGHAI


@dataclass(frozen=True)
class Voice:
    """`key` is where this voice is stored; `others`: where the same person may have spoken without a slip before."""

    key: str
    others: tuple[str, ...]
    is_verified: bool


def voice_of(session: Session, topic: Topic, *, asker: str, keys: TopicKeys, now: datetime) -> Voice:
    """Raises KeyGone."""
    loose = [keys.voter_key(topic.key_file, f"asker:{thread}") for thread in sorted(threads_of(session, asker))]
    who = participant_of(session, asker=asker, place=topic.place_id, now=now)
    if who is None:
        return Voice(loose[0], tuple(loose[1:]), is_verified=False)
    return Voice(_key(topic, who, keys), tuple(loose), is_verified=True)


def named(topic: Topic, *, participant_id: int | None, household_id: int | None) -> str:
    """Whose voice it is by the topic's basis: one a person, or one a household, whichever slip was used."""
    return f"household:{household_id}" if topic.basis == "household" else f"participant:{participant_id}"


def _key(topic: Topic, who: Participant, keys: TopicKeys) -> str:
    return keys.voter_key(topic.key_file, named(topic, participant_id=who.id, household_id=who.household_id))


def spoken_by(session: Session, asker: str) -> Iterator[tuple[Participant, bool]]:
    """Whose voice this conversation or browser gives, and whether they speak from nowhere else."""
    for thread in session.scalars(select(ParticipantThread).where(ParticipantThread.asker == asker)):
        own = ParticipantThread.participant_id == thread.participant_id
        others = session.scalar(select(ParticipantThread.asker).where(own, ParticipantThread.asker != asker).limit(1))
        if (who := session.get(Participant, thread.participant_id)) is not None:
            yield who, others is None


def by_slip(session: Session, *, place: str, code: str, staff_id: int, now: datetime) -> Participant:
    """Whose slip somebody shows at the door; it is neither used up nor bound to the one who types it. Wrong tries are
    counted as everybody's, so nobody guesses; the caller commits also on the error. Raises InvalidInput.
    """
    written = codes.read(code)
    is_guess = codes.is_well_formed(written)
    charged = tries.charge(session, asker=f"staff:{staff_id}", place=place, is_guess=is_guess, now=now)
    slip = session.get(Slip, codes.digest(place, written)) if is_guess else None
    if slip is None:
        tries.lock_if_full(session, charged, now)
        raise InvalidInput("这个码没有对上，请照纸条一个一个再看一遍。")
    tries.refund(session, charged)
    if slip.revoked_at is not None or slip.participant.revoked_at is not None:
        raise InvalidInput("这张纸条作废了，请用新的。")
    if now.astimezone(SHANGHAI).date() > slip.ends_on:
        raise InvalidInput("这张纸条过期了，请用今年的。")
    return slip.participant


def of_households(session: Session, topic: Topic, house_codes: Iterable[str], *, keys: TopicKeys) -> set[str]:
    """The voter keys of everybody in these households. Raises KeyGone."""
    own = (Household.place_id == topic.place_id, Household.code.in_(list(house_codes)))
    people = select(Participant).join(Household, Household.id == Participant.household_id).where(*own)
    return {_key(topic, who, keys) for who in session.scalars(people)}


def unknown_codes(session: Session, topic: Topic, house_codes: Iterable[str]) -> list[str]:
    """Those that no household of the village has, as they were written."""
    known = set(session.scalars(select(Household.code).where(Household.place_id == topic.place_id)))
    return [code for code in house_codes if code not in known]


def taken_back(session: Session, topic: Topic, *, keys: TopicKeys) -> set[str]:
    """The voter keys of slips that were voided with their voice (码被人用了, moved away), where nobody else has the
    same key. Raises KeyGone.
    """
    people = list(session.scalars(select(Participant).where(Participant.place_id == topic.place_id)))
    standing = {_key(topic, who, keys) for who in people if who.revoked_at is None}
    return {_key(topic, who, keys) for who in people if who.revoked_at is not None} - standing


def traits_of(session: Session, topic: Topic, *, keys: TopicKeys) -> dict[str, dict[str, str]]:
    """Voter key to what a breakdown may be made by: 组, and 性别 where it was told. Raises KeyGone."""
    people = session.scalars(select(Participant).where(Participant.place_id == topic.place_id))
    return {_key(topic, who, keys): _traits(topic, who) for who in people}


def _traits(topic: Topic, who: Participant) -> dict[str, str]:
    traits = {"组": who.household.group_name}
    if topic.basis == "person" and who.sex:
        traits["性别"] = {"female": "女", "male": "男"}[who.sex.value]
    return traits
