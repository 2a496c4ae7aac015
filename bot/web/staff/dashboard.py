"""Figures, grid, export."""

import csv
import io
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from sqlalchemy import select

from actions.cases.figures import cases_within, figures
from actions.cases.models import Case
from actions.cases.status import STAFF_LABELS
from actions.errors import NotFound
from bot.staff import rights
from bot.web.downloads import file_response
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
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

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
    table = _table(at)
    at.record("导出统计", detail=words(kind, 10))
    at.session.commit()
    if kind == "csv":
        return file_response(_as_csv(table), "事项.csv", "text/csv")
    if kind == "xlsx":
        return file_response(_as_xlsx(table), "事项.xlsx", _XLSX)
    raise NotFound


def _table(at: Seat) -> list[list[object]]:
    """A year's cases of the places this account sees, under their columns, as a spreadsheet may hold them."""
    names = {p.id: p.name for p in at.session.scalars(select(Place))}
    seen = rights.places_of(at.session, at.staff)
    cases = cases_within(at.session, seen, since=datetime.now(UTC) - _YEAR)
    rows: list[list[object]] = [list(_COLUMNS), *(_row(case, names) for case in cases)]
    return [[safe_cell(cell) for cell in row] for row in rows]


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


def _as_csv(table: list[list[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(table)
    return out.getvalue().encode("utf-8-sig")


def _as_xlsx(table: list[list[object]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in table:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def safe_cell(value: object) -> object:
    """A cell that a spreadsheet would run as a formula becomes text (OWASP, CSV injection)."""
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)  # no spreadsheet takes them
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n") else text
