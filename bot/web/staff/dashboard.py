"""Figures, grid, export."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from actions.cases.figures import cases_within, figures
from actions.cases.models import Case
from actions.cases.status import STAFF_LABELS
from bot.staff import rights
from bot.web.downloads import table_response
from bot.web.staff.desk import Seat, seat
from bot.web.staff.office import first_steps
from bot.web.staff.typed import words
from knowledge.clock import SHANGHAI
from knowledge.places import Place

_YEAR = timedelta(days=366)
_COLUMNS = (
    "编号",
    "地方",
    "类别",
    "状态",
    "登记日期",
    "时限",
    "答复日期",
    "办结日期",
    "重办次数",
    "满意度",
    "绿色通道",
)

router = APIRouter(prefix="/staff/dashboard")
DashboardSeat = Annotated[Seat, seat("dashboard")]


@router.get("", response_class=HTMLResponse)
def dashboard(at: DashboardSeat) -> Response:
    seen = rights.places_of(at.session, at.staff)
    found = figures(at.session, seen, now=datetime.now(UTC))
    return at.page(
        "dashboard.html",
        steps=first_steps.steps(at),
        totals=found.totals,
        chart=asdict(found.chart),
        grid=found.grid,
        warnings=found.warnings,
    )


@router.get("/cases.{kind}")
def export(at: DashboardSeat, kind: str) -> Response:
    at.record("导出统计", detail=words(kind, 10))
    at.session.commit()
    return table_response(_table(at), "事项", kind)


def _table(at: Seat) -> list[list[object]]:
    """A year's cases of the places this account sees, under their columns."""
    names = {p.id: p.name for p in at.session.scalars(select(Place))}
    seen = rights.places_of(at.session, at.staff)
    cases = cases_within(at.session, seen, since=datetime.now(UTC) - _YEAR)
    return [list(_COLUMNS), *(_row(case, names) for case in cases)]


def _row(case: Case, names: dict[str, str]) -> list[object]:
    return [
        case.number,
        names.get(case.place_id or "", ""),
        case.category,
        STAFF_LABELS[case.status],
        *(_day(moment) for moment in (case.filed_at, case.due_at, case.answered_at, case.closed_at)),
        case.times_reopened,
        case.satisfaction or "",
        "、".join(case.green),
    ]


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d}" if moment else ""
