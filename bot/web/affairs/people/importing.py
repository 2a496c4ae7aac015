"""Helpers from a table: looked at first, every bad line named, taken only as a whole."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import UploadFile

from actions.bookings.openings import one_at_a_time
from actions.errors import Conflict, InvalidInput
from actions.helpers import kinds, roster
from actions.imports import helpers, tables
from actions.imports.tables import Line, Lines, Outcome
from bot.web.affairs.people.desk import AT
from bot.web.affairs.where import village_asked, villages_of
from bot.web.downloads import file_response
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.places import Place

router = APIRouter(prefix=AT)


@router.get("/import", response_class=HTMLResponse)
def start(at: Annotated[Seat, seat("write")], place: str = "") -> Response:
    return _page(at, village_asked(at, place))


@router.get("/import.csv")
def template(at: Annotated[Seat, seat("write")]) -> Response:
    return file_response((",".join(helpers.COLUMNS) + "\r\n").encode("utf-8-sig"), "帮手.csv", "text/csv")


@router.post("/import", response_class=HTMLResponse)
def take(at: Annotated[Form, form("write")]) -> Response:
    village, table = village_asked(at, at.text("place", 40)), ""
    is_import = at.text("do", 10) == "import"
    try:
        lines = _given(at)
        table = tables.as_csv(lines)
        report = _look_or_import(at, village, lines, is_import=is_import)
    except (InvalidInput, Conflict) as error:
        at.session.rollback()
        return _page(at, village, table=table, problem=error.message_zh)
    if is_import and all(line.outcome is not Outcome.bad for line in report):
        return at.back(f"{AT}?place={village.id}&done=import")
    return _page(at, village, table=table, report=report, status=422 if is_import else 200)


def _given(at: Form) -> Lines:
    """Raises InvalidInput."""
    file, pasted = at.sent.get("file"), at.sent.get("table")
    if isinstance(file, UploadFile) and file.size:
        return tables.read_bytes(file.file.read(tables.MOST_BYTES + 1))
    if isinstance(pasted, str) and pasted.strip():
        return tables.read_text(pasted)
    raise InvalidInput("请选一个文件，或者把表格贴进来。")


def _look_or_import(at: Form, village: Place, lines: Lines, *, is_import: bool) -> list[Line]:
    """The same steps for both, so what the look says is what the import does; only a clean import is committed."""
    if is_import:
        one_at_a_time(at.session)
    rows, bad = tables.named(lines, helpers.COLUMNS, needed=helpers.NEEDED)
    if not rows and not bad:
        raise InvalidInput("表头下面一行也没有。")
    found = helpers.take(at.session, rows, place=village.id, now=datetime.now(UTC))
    report = sorted([*found, *bad], key=lambda line: line.number)
    if is_import and all(line.outcome is not Outcome.bad for line in report):
        at.record("导入帮手名册", village.id, detail=f"{len(report)} 行")
        at.session.commit()
    else:
        at.session.rollback()
    return report


def _page(
    at: Seat,
    village: Place,
    *,
    table: str = "",
    report: list[Line] | None = None,
    problem: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    return at.page(
        "village/people/import.html",
        status=422 if problem else status,
        problem=problem,
        village=village,
        villages=villages_of(at),
        table=table,
        report=report,
        bad=[line for line in report or [] if line.outcome is Outcome.bad],
        outcomes=tables.OUTCOME_LABELS,
        columns=helpers.COLUMNS,
        needed=helpers.NEEDED,
        kinds=kinds,
        shown=roster.SHOWABLE,
        most=tables.MOST_BYTES,
    )
