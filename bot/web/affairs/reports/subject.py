"""月报和报表: the month's sheet to print, what is overdue as a table, and what units owe for the county."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.reports import month, overdue
from bot.staff import rights
from bot.web.affairs.reports import archive
from bot.web.affairs.subject import Subject, Todo
from bot.web.affairs.where import village_asked, villages_of
from bot.web.downloads import table_response
from bot.web.staff.desk import Seat, seat
from knowledge.clock import SHANGHAI

HOME = "/staff/village/reports"
_pages = APIRouter(prefix=HOME)


def _rows(at: Seat, place: str, now: datetime) -> list[overdue.Row]:
    places = [village_asked(at, place).id] if place else [village.id for village in villages_of(at)]
    return overdue.of_township(at.session, places, now)


@_pages.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "") -> Response:
    now, villages = datetime.now(UTC), villages_of(at)
    this = month.month_of(now.astimezone(SHANGHAI).date())
    county = at.staff.can("dashboard")
    return at.page(
        "village/reports/home.html",
        villages=villages,
        place=place,
        rows=_rows(at, place, now),
        county=overdue.of_county(at.session, rights.places_of(at.session, at.staff), now) if county else None,
        months=(this, this.before),
    )


@_pages.get("/overdue.{kind}")
def export(at: Annotated[Seat, seat("village")], kind: str, place: str = "") -> Response:
    return _table(at, _rows(at, place, datetime.now(UTC)), "村里事到期没办", kind, place)


@_pages.get("/county.{kind}")
def for_county(at: Annotated[Seat, seat("dashboard")], kind: str) -> Response:
    seen = rights.places_of(at.session, at.staff)
    return _table(at, overdue.of_county(at.session, seen, datetime.now(UTC)), "复议纠错和联席到期没办", kind, "")


def _table(at: Seat, rows: list[overdue.Row], name: str, kind: str, place: str) -> Response:
    """Raises NotFound."""
    names = {village.id: village.name for village in villages_of(at)}
    answer = table_response([overdue.COLUMNS, *overdue.cells(rows, names)], name, kind)
    at.record(f"导出{name}", place, detail=f"{len(rows)}行 {kind}")
    at.session.commit()
    return answer


def waiting(at: Seat) -> list[Todo]:
    """Each line of it presses somewhere else already."""
    return []


_router = APIRouter()
_router.include_router(_pages)
_router.include_router(archive.router)

REPORTS = Subject(
    name="月报和报表",
    href=HOME,
    hint="一个月一张纸的村务月报，到期没办的清单；议题、决定的档案包在各自的页面上",
    needs="village",
    waiting=waiting,
    router=_router,
)
