"""The numbers a village's meetings are reckoned by."""

from sqlalchemy.orm import Session

from actions.roster.models import Committee, VillageProfile


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
