"""Which village a page of village affairs is about."""

from bot.staff import rights
from bot.web.staff.desk import Seat
from knowledge.places import Place, villages_in


def villages_of(at: Seat) -> list[Place]:
    """The villages that this seat sees, in the order of their ids."""
    return villages_in(at.session, at.staff.place_id)


def village_asked(at: Seat, asked: str) -> Place:
    """The village that a page or form names, else the first one seen. Raises NotAllowed, NotFound."""
    if asked:
        rights.check_place(at.session, at.staff, asked)
    return rights.village(at.session, asked or next((v.id for v in villages_of(at)), ""))
