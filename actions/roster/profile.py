"""The numbers a village's meetings are reckoned by."""

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.roster.models import Committee, VillageProfile

CONFIRMED_FOR = timedelta(days=365)


def profile_of(session: Session, place: str) -> VillageProfile:
    """As stored; where nothing was stored yet, an unsaved one of which no number is known."""
    return session.get(VillageProfile, place) or VillageProfile(
        place_id=place,
        committee=Committee.village,
        has_collective=True,
        charter_hands_on="",
        has_party_step=True,
        online_basis="",
        meets_at="",
    )


def unconfirmed(session: Session, places: Collection[str], today: date) -> list[str]:
    """The villages whose numbers nobody has looked at for a year, or ever."""
    fresh = VillageProfile.confirmed_on > today - CONFIRMED_FOR
    known = set(session.scalars(select(VillageProfile.place_id).where(VillageProfile.place_id.in_(places), fresh)))
    return [place for place in places if place not in known]
