"""Who sees which place."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from actions.errors import NotAllowed, NotFound
from bot.staff.models import Role, Staff
from knowledge import places
from knowledge.places import Level, Place

_HOMES = (("inbox", "/staff/inbox"), ("village", "/staff/village"), ("doorstep", "/staff/doorstep"))


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


def check_second(session: Session, staff: Staff, place: str, writer_id: int | None) -> None:
    """Whoever writes doesn't confirm (村民委员会组织法 37: no member of the committee sits on the 监督委员会). A
    supervisor confirms only for a village that nobody oversees. Raises NotAllowed.
    """
    check_place(session, staff, place)
    if not staff.can("oversee"):
        raise NotAllowed("这一步要由村务监督委员会的人确认。")
    if staff.id == writer_id:
        raise NotAllowed("自己写的不能自己确认，请换一个人。")
    if staff.role is not Role.overseer and overseers(session, place):
        raise NotAllowed("这个村有监督委员，请他们确认。")


def village(session: Session, place: str) -> Place:
    """Raises NotFound for what is no village."""
    row = session.get(Place, place)
    if row is None or row.level is not Level.village:
        raise NotFound("没有找到这个村。")
    return row


def home_of(staff: Staff) -> str:
    """The page that somebody begins their day on."""
    return next((path for permission, path in _HOMES if staff.can(permission)), "/staff/account")


def overseers(session: Session, place: str) -> list[Staff]:
    """Who sits on the village's 村务监督委员会 and has an account."""
    own = select(Staff).where(Staff.is_active, Staff.role == Role.overseer, Staff.place_id == place)
    return list(session.scalars(own.order_by(Staff.id)))


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
