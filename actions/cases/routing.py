"""分流: which unit takes a case. Rules are rows that staff edit; the first that fits decides, and what none takes goes
to the fallback unit, where a person looks.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.cases.models import GridWorker, RoutingRule, Team
from knowledge.models import Place


def above(session: Session, place: str | None) -> list[str]:
    """The place and all it lies in, nearest first."""
    found: list[str] = []
    while place and place not in found:
        row = session.get(Place, place)
        if row is None:
            break
        found.append(row.id)
        place = row.parent_id
    return found


def below(session: Session, place: str) -> list[str]:
    """The place and all that lies in it."""
    rows = session.execute(select(Place.id, Place.parent_id)).all()
    found = [place]
    for known in found:
        found += [row.id for row in rows if row.parent_id == known and row.id not in found]
    return found


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
    return (near or fallbacks or [None])[0]


def grid_workers(session: Session, place: str | None) -> list[GridWorker]:
    return (
        list(session.scalars(select(GridWorker).where(GridWorker.place_id == place).order_by(GridWorker.area)))
        if place
        else []
    )
