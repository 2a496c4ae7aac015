"""A village with a topic, a decision or accounts, and somebody who talks to the actions as Rasa would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from actions.cases.moves import Actor
from actions.dialogue.frame.base import CustomAction, Said, Turn
from actions.dialogue.frame.case_buttons import pressed
from actions.offices.models import Team
from actions.replies import Reply
from actions.roster.models import VillageProfile
from actions.topics import raising
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Topic
from actions.topics.steps import screening
from actions.topics.steps.screening import Wording
from knowledge.clock import SHANGHAI
from knowledge.places import Level, Place
from tests.actions.dialogue.test_base import given, user

PLACE = "lijiagou"
CLERK, OVERSEER = Actor("staff", "文书小李", 11), Actor("staff", "监委老王", 12)
ENDS = ("东头", "西头", "学校门口")
LAMP = "咱村口那段路晚上太黑，能不能装个灯"


def furnish(session: Session) -> None:
    session.add(Place(id="liuhe", name="柳河镇", level=Level.township))
    session.flush()
    session.add(Place(id=PLACE, name="李家沟村", level=Level.village, parent_id="liuhe"))
    session.add(Team(id=7, name="柳河镇城建所", place_id=PLACE, is_fallback=True))
    numbers = {"adults": 812, "households": 213, "representatives": 31, "meeting_members": 36}
    today = datetime.now(UTC).astimezone(SHANGHAI).date()
    session.add(VillageProfile(place_id=PLACE, confirmed_on=today, **numbers))
    session.commit()


def opened(
    session: Session,
    keys: TopicKeys,
    *,
    title: str = "村口路段装路灯，装在哪一头",
    method: str = "approval",
    options: tuple[str, ...] = ENDS,
    raised_by: str = "c-other",
) -> Topic:
    """For ten days from now."""
    now = datetime.now(UTC)
    topic = raising.raise_topic(
        session, place=PLACE, text=title, conversation_id=raised_by, by="resident", key=f"k-{title}", now=now
    )
    wording = Wording(
        title=title,
        matter="facility",
        method=method,
        basis="person",
        options=options if method in ("single", "approval") else (),
        days=10,
        boxes=0,
        circle_size=200,
    )
    screening.edit(session, topic.id, wording, actor=CLERK, key=f"edit-{topic.id}", now=now)
    screening.take_up(session, topic.id, actor=CLERK, key=f"take-{topic.id}", now=now)
    screening.propose_opening(session, topic.id, actor=CLERK, key=f"ask-{topic.id}", now=now)
    return screening.open_topic(session, topic.id, actor=OVERSEER, key=f"open-{topic.id}", now=now, keys=keys)


@dataclass
class Resident:
    """Says one message after another; slots are kept, as Rasa keeps them."""

    sessions: sessionmaker[Session]
    id: str = "c-me"
    place: str | None = PLACE
    slots: dict[str, Any] = field(default_factory=dict)
    events: list[Mapping[str, Any]] = field(default_factory=list)
    at: int = 0

    def say(self, text: str, action: type[CustomAction] | None = None, *, intent: str = "nlu_fallback") -> list[Reply]:
        """What is said by what was awaited, or by a button; else by this action."""
        self.at += 1
        self.events.append(user(self.at, text, float(self.at * 10)))
        turn = Turn(
            self.id,
            text,
            intent=intent,
            sure=0.9,
            message=self.at,
            place=self.place,
            slots=dict(self.slots),
            events=tuple(self.events),
        )
        services = given(self.sessions)
        said: Said | None = pressed(services, turn)
        if said is None:
            assert action is not None, f"nothing takes {text}"
            said = action(services).do(turn)
        for event in said.events:
            if event.get("event") == "slot":
                self.slots[event["name"]] = event["value"]
        return list(said.replies)

    def press(self, replies: list[Reply], title: str) -> list[Reply]:
        """The button with this title."""
        button = next(b for reply in replies for b in reply.buttons if b.title == title)
        return self.say(button.says)


def keys_in(folder: Path) -> TopicKeys:
    return TopicKeys(folder / "topic-keys")
