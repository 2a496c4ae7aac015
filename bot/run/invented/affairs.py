"""A month of village affairs that never happened, made by the services themselves; and taken out again.

It happens in one village that nobody has begun to use. What is invented is told apart by its mark: `is_demo`, an
account number below 0, a key that begins with `demo-`, or a house whose number begins with `YS-`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from actions.bookings.models import Appointment, Opening
from actions.checkup.models import Checkup
from actions.decisions.models import Decision, DecisionFile, Meeting
from actions.demands.models import Demand
from actions.deputies.models import Deputy
from actions.disclosure.models import Disclosure, Duty
from actions.events.models import EventSuggestion
from actions.hearings.models import Hearing
from actions.helpers.models import Helper
from actions.history.models import Story
from actions.points.models import PointClaim, PointItem, PointRule, PointScheme, PointSheet
from actions.projects.models import Project
from actions.roster.models import Household, SlipTry, VillageProfile
from actions.shelf.models import ShelfItem
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Ballot, BallotVoid, PaperCount, Topic, TopicCounter
from bot.run.invented import decisions, people, posted, topics
from bot.run.invented.village import CLERK, CODE, MARK, NOBODY, free_village, settle
from knowledge.tables import changed


def fill(session: Session, keys: TopicKeys, *, now: datetime) -> dict[str, Any]:
    """In which village, and how many of what; {} where every village is in use. Commits."""
    place = free_village(session)
    if place is None or session.scalar(select(Topic.id).where(Topic.is_demo).limit(1)):
        return {}
    stage = settle(session, place, keys, now)
    rules = decisions.decide(stage)
    made = {
        "village": place.name,
        "topics": topics.talk(stage),
        "posted": posted.make_public(stage),
        "projects": posted.build(stage, decision_id=None),
        "events": people.meet(stage),
        "helpers": people.help_each_other(stage),
        "points": people.earn(stage, decision_id=rules.id),
    }
    people.the_rest(stage)
    stage.look_at_numbers(0)
    return made


def remove(session: Session, keys: TopicKeys) -> int:
    """How many topics went, and all that was invented beside them. The caller commits."""
    invented = select(Topic).where(Topic.is_demo)
    gone = list(session.scalars(invented))
    places = {topic.place_id for topic in gone}
    for topic in gone:
        keys.destroy(topic.key_file)
    _topics(session, [topic.id for topic in gone])
    _decisions(session)
    _people(session)
    _points(session)
    for place in places:
        _of_place(session, place)
    session.expire_all()
    return len(gone)


def _topics(session: Session, ids: list[int]) -> None:
    """Triggers keep sealed voices from being touched, so the seal of what never happened goes first."""
    session.execute(update(Topic).where(Topic.id.in_(ids)).values(sealed_at=None, tallied_at=None, result_at=None))
    for table in (BallotVoid, Ballot, PaperCount):
        session.execute(delete(table).where(table.topic_id.in_(ids)))
    session.execute(delete(Topic).where(Topic.id.in_(ids)))


def _decisions(session: Session) -> None:
    session.execute(delete(Checkup).where(Checkup.is_demo))
    session.execute(delete(Meeting).where(Meeting.is_demo))
    session.execute(delete(Decision).where(Decision.is_demo))
    session.execute(delete(DecisionFile).where(DecisionFile.by_id.in_(NOBODY)))
    session.execute(delete(Project).where(Project.by_id.in_(NOBODY)))


def _people(session: Session) -> None:
    events = select(Opening.id).where(Opening.is_demo)
    session.execute(delete(Appointment).where(Appointment.opening_id.in_(events)))
    session.execute(delete(Opening).where(Opening.is_demo, Opening.kind != ""))
    session.execute(delete(Helper).where(Helper.consent_by == CLERK.name))
    for table in (Deputy, Hearing):
        session.execute(delete(table).where(table.by_id.in_(NOBODY)))
    for kept in (Story, Demand):
        session.execute(delete(kept).where(kept.key.startswith("demo-")))


def _points(session: Session) -> None:
    """Houses take their claims with them; a scheme goes unless somebody has tried it with a house of their own."""
    session.execute(delete(Household).where(Household.code.startswith(CODE)))
    tried = select(PointRule.scheme_id).join(PointClaim, PointClaim.rule_id == PointRule.id)
    session.execute(delete(PointScheme).where(PointScheme.by_id.in_(NOBODY), PointScheme.id.not_in(tried)))


def _of_place(session: Session, place: str) -> None:
    """What bears no mark of its own goes with what does, where nobody has used it since."""
    session.execute(delete(SlipTry).where(or_(SlipTry.key.startswith("a:page:demo-"), SlipTry.key == f"p:{place}")))
    session.execute(
        delete(ShelfItem).where(ShelfItem.place_id == place, ShelfItem.number.startswith(people.SHELF_MARK))
    )
    nobodys = or_(Disclosure.by_id.is_(None), Disclosure.by_id.in_(NOBODY))
    session.execute(delete(Disclosure).where(Disclosure.place_id == place, nobodys))
    if session.scalar(select(Disclosure.id).where(Disclosure.place_id == place).limit(1)) is None:
        session.execute(delete(Duty).where(Duty.place_id == place))
    if session.scalar(select(PointScheme.id).where(PointScheme.place_id == place).limit(1)) is None:
        session.execute(delete(PointItem).where(PointItem.place_id == place))
        session.execute(delete(PointSheet).where(PointSheet.place_id == place))
    if session.scalar(select(Topic.id).where(Topic.place_id == place).limit(1)) is None:
        session.execute(delete(TopicCounter).where(TopicCounter.place_id == place))
    profile = VillageProfile.meets_at.endswith(MARK)
    if changed(session, delete(VillageProfile).where(VillageProfile.place_id == place, profile)):
        session.execute(delete(EventSuggestion).where(EventSuggestion.place_id == place))
