"""Who sees which place."""

from sqlalchemy import Select, select
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


def colleagues(session: Session, place: str | None, *, but: int | None = None) -> list[Staff]:
    """Who may see what is of this place, by name; what is of none is everybody's. `but`: who asks."""
    found = [staff for staff in session.scalars(_at_work(but)) if staff.can("cases") and staff.can("inbox")]
    if place is None:
        return found
    parents, seen = _parents(session), _nations(session)
    here: str | None = place
    while here and here not in seen:
        seen.add(here)
        here = parents.get(here)
    return [staff for staff in found if staff.place_id in seen]


def circle(session: Session, staff: Staff) -> list[Staff]:
    """Colleagues who see some place that this one sees, by name; of each conversation it is asked again who may."""
    found = colleagues(session, None, but=staff.id)
    seen = places_of(session, staff)
    if seen is None:
        return found
    over = {colleague.id for colleague in colleagues(session, staff.place_id, but=staff.id)}
    return [colleague for colleague in found if colleague.id in over or colleague.place_id in seen]


def _at_work(but: int | None) -> Select[Staff]:
    return select(Staff).where(Staff.is_active, Staff.id != (but or 0)).order_by(Staff.name, Staff.id)


def _parents(session: Session) -> dict[str, str | None]:
    return {row.id: row.parent_id for row in session.execute(select(Place.id, Place.parent_id))}


def _nations(session: Session) -> set[str]:
    return set(session.scalars(select(Place.id).where(Place.level == Level.nation)))
