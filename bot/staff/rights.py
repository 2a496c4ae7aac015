"""Who sees which place."""

from sqlalchemy.orm import Session

from actions.errors import NotAllowed
from bot.staff.models import Staff
from knowledge import places
from knowledge.places import Level, Place


def places_of(session: Session, staff: Staff) -> list[str] | None:
    """The places this account sees; None: everywhere."""
    top = session.get(Place, staff.place_id)
    if top is not None and top.level is Level.nation:
        return None
    return places.below(session, staff.place_id)


def check_place(session: Session, staff: Staff, place: str | None) -> None:
    """Raises NotAllowed for what lies outside. Without a place it is everybody's, so that nothing is nobody's."""
    seen = places_of(session, staff)
    if place is not None and seen is not None and place not in seen:
        raise NotAllowed("这不在您负责的地方。")
