"""Which team, which grid worker."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.offices.models import GridWorker, RoutingRule, Team
from knowledge.places import Level, Place, above

# What a committee doesn't publish though it must is looked into above it (村民委员会组织法 36): a category of cases
# that the form of disclosure gives, and no message is sorted into.
DISCLOSURE = "村务公开"
# A resident asks their grid worker to come; given by the form, too.
VISIT = "网格走访"


def team_for(session: Session, *, category: str, place: str | None, text: str) -> Team | None:
    here = above(session, place)
    shut = _villages(session) if category == DISCLOSURE else set()
    for rule in session.scalars(select(RoutingRule).order_by(RoutingRule.position, RoutingRule.id)):
        if (
            (not rule.category or rule.category == category)
            and (not rule.place_id or rule.place_id in here)
            and (not rule.keyword or rule.keyword in text)
            and rule.team.place_id not in shut
        ):
            return rule.team
    found = session.scalars(select(Team).where(Team.is_fallback).order_by(Team.id))
    fallbacks = [team for team in found if team.place_id not in shut]
    near = [t for p in here for t in fallbacks if t.place_id == p]
    return next(iter(near or fallbacks), None)


def _villages(session: Session) -> set[str]:
    return set(session.scalars(select(Place.id).where(Place.level == Level.village)))


def grid_workers(session: Session, place: str | None) -> list[GridWorker]:
    return (
        list(session.scalars(select(GridWorker).where(GridWorker.place_id == place).order_by(GridWorker.area)))
        if place
        else []
    )
