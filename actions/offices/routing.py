"""Which team, which grid worker."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.offices.models import GridWorker, RoutingRule, Team
from knowledge.places import above


def team_for(session: Session, *, category: str, place: str | None, text: str) -> Team | None:
    here = above(session, place)
    for rule in session.scalars(select(RoutingRule).order_by(RoutingRule.position, RoutingRule.id)):
        if (
            (not rule.category or rule.category == category)
            and (not rule.place_id or rule.place_id in here)
            and (not rule.keyword or rule.keyword in text)
        ):
            return rule.team
    fallbacks = list(session.scalars(select(Team).where(Team.is_fallback).order_by(Team.id)))
    near = [t for p in here for t in fallbacks if t.place_id == p]
    return next(iter(near or fallbacks), None)


def grid_workers(session: Session, place: str | None) -> list[GridWorker]:
    return (
        list(session.scalars(select(GridWorker).where(GridWorker.place_id == place).order_by(GridWorker.area)))
        if place
        else []
    )
