"""村里事: what waits for the one who looks, late things first, and a door to each subject."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from bot.staff import rights
from bot.web.affairs.registry import SUBJECTS
from bot.web.staff.desk import Seat, seat
from knowledge.places import Place, villages_in

router = APIRouter(prefix="/staff/village")


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")]) -> Response:
    subjects = [subject for subject in SUBJECTS if at.staff.can(subject.needs)]
    waiting = [todo for subject in subjects for todo in subject.waiting(at)]
    waiting.sort(key=lambda todo: not todo.is_late)
    return at.page("village/hub.html", subjects=subjects, waiting=waiting, villages=villages_of(at))


def villages_of(at: Seat) -> list[Place]:
    """The villages that this seat sees, in the order of their ids."""
    return villages_in(at.session, at.staff.place_id)


def village_asked(at: Seat, asked: str) -> Place:
    """The village that a page or form names, else the first one seen. Raises NotAllowed, NotFound."""
    if asked:
        rights.check_place(at.session, at.staff, asked)
    return rights.village(at.session, asked or next((v.id for v in villages_of(at)), ""))
