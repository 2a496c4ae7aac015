"""A village with a roster, for tests of what it talks over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from actions.cases.moves import Actor
from actions.offices.models import Team
from actions.roster.models import (
    Basis,
    Household,
    HouseholdKind,
    Participant,
    ParticipantThread,
    VillageProfile,
)
from actions.topics import clock, raising
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Topic
from actions.topics.steps import screening
from actions.topics.steps.screening import Wording
from knowledge.places import Level, Place

PLACE = "lijiagou"
NOW = datetime(2026, 12, 1, 4, tzinfo=UTC)
CLERK, OVERSEER, LAWYER = Actor("staff", "文书小李", 11), Actor("staff", "监委老王", 12), Actor("staff", "法律小张", 13)
LAMP = "咱村口那段路晚上太黑，能不能装个灯"
ENDS = ("东头", "西头", "学校门口", "都行")


@dataclass
class Village:
    session: Session
    keys: TopicKeys

    def raised(self, text: str = LAMP, *, conversation: str | None = "c-raiser", key: str = "k") -> Topic:
        return raising.raise_topic(
            self.session, place=PLACE, text=text, conversation_id=conversation, by="resident", key=key, now=NOW
        )

    def opened(self, *, method: str = "single", basis: str = "person", boxes: int = 0, size: int | None = 200) -> Topic:
        topic = self.raised()
        wording = Wording(
            title="村口路段装路灯，装在哪一头",
            matter="facility",
            method=method,
            basis=basis,
            options=ENDS if method in ("single", "approval") else (),
            days=10,
            boxes=boxes,
            circle_size=size,
        )
        do: dict[str, Callable[..., object]] = {"take": screening.take_up, "ask": screening.propose_opening}
        screening.edit(self.session, topic.id, wording, actor=CLERK, key="edit", now=NOW)
        for key, step in do.items():
            step(self.session, topic.id, actor=CLERK, key=key, now=NOW)
        return screening.open_topic(self.session, topic.id, actor=OVERSEER, key="open", now=NOW, keys=self.keys)

    def tick(self, *, days: float) -> None:
        clock.tick(self.session, NOW + timedelta(days=days), keys=self.keys)
        self.session.expire_all()

    def slip(self, asker: str, *, code: str | None = None, no: int = 1) -> Participant:
        """Somebody who used their slip here, alone in a house of their own unless `code` names one."""
        code = code or f"h-{asker}"[:12]
        home = self.session.query(Household).filter_by(place_id=PLACE, code=code).one_or_none()
        if home is None:
            kind, today = HouseholdKind.registered, date(2026, 1, 5)
            home = Household(place_id=PLACE, group_name="一组", code=code, kind=kind, adults=3, confirmed_on=today)
            self.session.add(home)
            self.session.flush()
        who = Participant(place_id=PLACE, household_id=home.id, basis=Basis.person, person_no=no)
        who.verified_at, who.ends_on = NOW, date(2027, 11, 30)
        self.session.add(who)
        self.session.flush()
        thread = ParticipantThread(asker=asker, place_id=PLACE, participant_id=who.id, bound_at=NOW)
        self.session.add(thread)
        self.session.commit()
        return who


def village(session: Session, folder: Path) -> Village:
    session.add(Place(id=PLACE, name="李家沟村", level=Level.village))
    session.add(Team(id=7, name="柳河镇城建所", place_id=PLACE, is_fallback=True))
    session.add(VillageProfile(place_id=PLACE, adults=812, households=213, confirmed_on=date(2026, 1, 5)))
    session.commit()
    return Village(session, TopicKeys(folder / "topic-keys"))
