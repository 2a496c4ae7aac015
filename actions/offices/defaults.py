"""What a new database starts with: units, routing rules and time limits from a YAML file.

Rows that exist are staff's and stay.
"""

from pathlib import Path

import yaml
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.offices.models import RoutingRule, Team, TimeLimit


def import_offices(session: Session, path: Path) -> None:
    """Only into empty tables; the caller commits."""
    if session.scalar(select(func.count()).select_from(Team)):
        return
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    teams = {
        t["name"]: Team(
            name=t["name"], place_id=t["place"], phone=t.get("phone"), is_fallback=t.get("is_fallback", False)
        )
        for t in found["teams"]
    }
    session.add_all(teams.values())
    session.flush()
    session.add_all(
        RoutingRule(
            position=r["position"],
            category=r.get("category"),
            place_id=r.get("place"),
            keyword=r.get("keyword"),
            team_id=teams[r["team"]].id,
        )
        for r in found["rules"]
    )
    session.add_all(TimeLimit(**limit) for limit in found["limits"])
