"""The page of settings: teams, rules, limits, calendar, canned replies, grid workers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.calendar.models import CalendarDay
from actions.calendar.workdays import UNIT_LABELS
from actions.cases.units import CALLED_UNIT, called_unit_limit
from actions.errors import ActionError, InvalidInput
from actions.imports import tables
from actions.offices.models import GridWorker, HandoffRule, RoutingRule, Team, TimeLimit
from actions.offices.routing import DISCLOSURE
from actions.rulings.rulings import BEFORE
from bot.conversations.models import CannedReply
from bot.web.staff import setting_changes
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.imports import carry_out
from bot.web.staff.setting_changes import rules_in_order
from knowledge.documents.topics import TOPICS

_MOST_PASTED = 200_000
_DEEDS = {"delete", "up", "down", "import"}
_FIGURES = ("id", "team", "position", "amount", "green_amount", "is_workday")

router = APIRouter(prefix="/staff/settings")


@dataclass(frozen=True)
class Pasted:
    """A table of grid workers as it was pasted; sentences about its bad lines, and how many are right."""

    table: str = ""
    lines: list[str] | None = None
    ready: int = 0


@router.get("", response_class=HTMLResponse)
def settings(at: Annotated[Seat, seat("settings")], rule: str = "", team: str = "", limit: str = "") -> Response:
    """`rule`, `team`, `limit`: the row whose form is filled in for editing."""
    return _settings(at, rule=rule, team=team, limit=limit)


@router.post("/{what}")
def change(at: Annotated[Form, form("settings")], what: str) -> Response:
    try:
        if what == "grid-import":
            pasted = _read_grid(at)
            if pasted.lines or at.text("do") != "import":
                at.session.rollback()
                return _settings(at, pasted=pasted)
        else:
            setting_changes.carry_out(at, what)
        at.record("改设置", what, detail=_row_of(at))
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _settings(at, problem=error.message_zh)
    return at.back("/staff/settings")


def _settings(
    at: Seat,
    *,
    problem: str | None = None,
    pasted: Pasted | None = None,
    rule: str = "",
    team: str = "",
    limit: str = "",
) -> HTMLResponse:
    session, pasted = at.session, pasted or Pasted()
    limits = _limits(session)
    return at.page(
        "settings.html",
        status=422 if problem else 200,
        problem=problem,
        lines=pasted.lines,
        ready=pasted.ready,
        table=pasted.table,
        teams=at.teams(),
        limits=limits,
        limit=next((one for one in limits if one.category == limit), None),
        topics=(*TOPICS, DISCLOSURE),
        units=UNIT_LABELS,
        called=CALLED_UNIT,
        handoffs=list(session.scalars(select(HandoffRule).order_by(HandoffRule.id))),
        rules=rules_in_order(session),
        rule=session.get(RoutingRule, _number(rule)),
        team=session.get(Team, _number(team)),
        replies=list(session.scalars(select(CannedReply).order_by(CannedReply.position, CannedReply.id))),
        grid=list(session.scalars(select(GridWorker).order_by(GridWorker.place_id, GridWorker.area))),
        days=list(session.scalars(select(CalendarDay).order_by(CalendarDay.day))),
    )


def _limits(session: Session) -> list[TimeLimit]:
    """With that of a called unit, also where its row is missing."""
    limits = list(
        session.scalars(select(TimeLimit).where(~TimeLimit.category.startswith(BEFORE)).order_by(TimeLimit.category))
    )
    if all(limit.category != CALLED_UNIT for limit in limits):
        limits.append(called_unit_limit(session))
    return limits


def _read_grid(at: Form) -> Pasted:
    """Grid workers pasted under the settings, taken into the session."""
    table = at.text("table", _MOST_PASTED)
    try:
        report = carry_out(at.session, at.staff, "grid", tables.read_text(table), now=datetime.now(UTC))
    except InvalidInput as error:
        return Pasted(table, [error.message_zh])
    bad = [str(line) for line in report if line.outcome is tables.Outcome.bad]
    return Pasted(table, bad, len(report) - len(bad))


def _row_of(at: Form) -> str:
    """The deed, its row and its figures, never words: names and telephones would stay in the audit for good."""
    found = [at.text("do", 6)] if at.text("do", 6) in _DEEDS else []
    found += [f"{name}={number}" for name in _FIGURES if (number := at.number(name)) is not None]
    return " ".join(found)


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else 0
