"""What the pages of 找人 share: which helpers a seat sees, who may change them."""

from actions.errors import NotAllowed
from actions.helpers import roster
from actions.helpers.models import Helper
from bot.staff import rights
from bot.web.staff.desk import Seat
from bot.web.staff.typed import number_or_404
from knowledge.places import Place, above, below

AT = "/staff/village/people"


def may_work(at: Seat) -> bool:
    """Who passes a resident's words on and writes down what a helper said: the clerk, a legal worker."""
    return at.staff.can("write") or at.staff.can("clear")


def check_work(at: Seat) -> None:
    """Raises NotAllowed."""
    if not may_work(at):
        raise NotAllowed("这一步由村文书或者法律工作者来做。")


def check_write(at: Seat) -> None:
    """Raises NotAllowed."""
    if not at.staff.can("write"):
        raise NotAllowed("名册由村文书来改。")


def held(at: Seat, helper_id: str | int) -> Helper:
    """Raises NotFound, NotAllowed."""
    number = helper_id if isinstance(helper_id, int) else number_or_404(helper_id)
    helper = roster.get(at.session, number)
    rights.check_place(at.session, at.staff, helper.place_id)
    return helper


def reaches(at: Seat, village: Place) -> list[Place]:
    """Where somebody may serve who is entered here: the village, and what it lies in as far as one's own goes."""
    seen = rights.places_of(at.session, at.staff)
    rows = (at.session.get(Place, place) for place in above(at.session, village.id))
    return [row for row in rows if row is not None and (seen is None or row.id in seen)]


def places_of(at: Seat) -> list[str]:
    """All that this seat sees, as ids."""
    return below(at.session, at.staff.place_id)
