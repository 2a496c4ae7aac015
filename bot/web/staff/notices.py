"""找我的: where colleagues have named one, or given one a case."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from actions.cases.models import Case
from bot.staff import notices
from bot.web.staff.desk import Form, Seat, form, seat

router = APIRouter(prefix="/staff/notices")


@router.get("", response_class=HTMLResponse)
def listing(at: Annotated[Seat, seat("inbox")]) -> Response:
    found = notices.latest(at.session, at.staff.id)
    numbers = select(Case.id, Case.number).where(Case.id.in_([n.case_id for n in found if n.case_id]))
    return at.page("notices.html", notices=found, numbers={row.id: row.number for row in at.session.execute(numbers)})


@router.post("/seen")
def seen(at: Annotated[Form, form("inbox")]) -> Response:
    notices.see(at.session, at.staff.id, now=datetime.now(UTC))
    at.session.commit()
    return at.back("/staff/notices")
