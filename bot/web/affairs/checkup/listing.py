"""法治体检: a village's checkups, and a new one."""

from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.checkup import checking
from actions.checkup.status import LABELS
from actions.checkup.templates import for_matter, templates
from actions.errors import ActionError, NotAllowed, NotFound
from bot.web.affairs.decisions.desk import check_may, number_typed, who
from bot.web.affairs.where import village_asked, villages_of
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.places import Place

HOME = "/staff/village/checkup"
router = APIRouter(prefix=HOME)


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "") -> Response:
    return _page(at, village_asked(at, place))


@router.post("")
def start(at: Annotated[Form, form("village")]) -> Response:
    village = village_asked(at, at.text("place", 40))
    try:
        check_may(at, "write")
        checkup = checking.start(
            at.session,
            place=village.id,
            template=at.text("template", 40),
            subject=at.text("subject", 80),
            decision_id=number_typed(at, "decision"),
            who=who(at),
            key=f"form-{at.staff.id}-{at.text('nonce', 40) or token_urlsafe(9)}",
            now=datetime.now(UTC),
        )
        at.record("开一份法治体检", str(checkup.id))
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound | NotAllowed):
            raise
        return _page(at, village, problem=error.message_zh)
    return at.back(f"{HOME}/{checkup.id}?done=start")


def _page(at: Seat, village: Place, *, problem: str | None = None) -> HTMLResponse:
    decisions = checking.may_be_linked(at.session, village.id)
    return at.page(
        "village/checkup/list.html",
        status=422 if problem else 200,
        problem=problem,
        village=village,
        villages=villages_of(at),
        checkups=checking.of_places(at.session, [village.id]),
        templates=templates(),
        decisions=decisions,
        advised={d.id: [templates()[code].short for code in for_matter(d.matter)] for d in decisions},
        labels=LABELS,
        nonce=token_urlsafe(9),
        may_write=at.staff.can("write"),
        may_correct=at.staff.can("cases"),
    )
