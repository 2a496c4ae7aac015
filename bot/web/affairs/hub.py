"""村里事: what waits for the one who looks, late things first, and a door to each subject."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from bot.web.affairs.registry import SUBJECTS
from bot.web.affairs.where import village_asked as village_asked
from bot.web.affairs.where import villages_of as villages_of
from bot.web.staff.desk import Seat, seat

router = APIRouter(prefix="/staff/village")


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")]) -> Response:
    subjects = [subject for subject in SUBJECTS if at.staff.can(subject.needs)]
    waiting = [todo for subject in subjects for todo in subject.waiting(at)]
    waiting.sort(key=lambda todo: not todo.is_late)
    return at.page("village/hub.html", subjects=subjects, waiting=waiting, villages=villages_of(at))
