from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings.models import Opening
from actions.events import publishing
from actions.events.publishing import Wanted
from actions.roster.models import VillageProfile
from knowledge.places import Level, Place

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # a Tuesday, ten in the morning at Shanghai


@pytest.fixture
def village(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    with sessions() as session:
        session.add(Place(id="liuhe", name="柳河镇", level=Level.township))
        session.flush()
        session.add(Place(id="lijiagou", name="李家沟村", level=Level.village, parent_id="liuhe"))
        session.add(VillageProfile(place_id="lijiagou"))
        session.commit()
    return sessions


def wanted(kind: str = "film", *, days: float = 4, hours: float = 2, capacity: int = 3, **more: str) -> Wanted:
    starts = NOW + timedelta(days=days)
    said = {"title": "露天电影《地道战》", "about": "", "lead": "", "address": "村部广场", "note": "自己带凳子", **more}
    return Wanted(kind=kind, starts_at=starts, ends_at=starts + timedelta(hours=hours), capacity=capacity, **said)


@pytest.fixture
def held(village: sessionmaker[Session]) -> Callable[..., int]:
    """An event's number, by what `wanted` takes."""

    def announce(kind: str = "film", **how: object) -> int:
        with village() as session:
            key = f"k{len(session.scalars(select(Opening)).all())}"
            said = wanted(kind, **how)  # type: ignore[arg-type]
            [event] = publishing.announce(session, "lijiagou", said, key=key, now=NOW)
            session.commit()
            return event.id

    return announce
