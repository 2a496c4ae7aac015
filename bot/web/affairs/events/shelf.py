"""农家书屋's list from a table: looked at first, every bad line named, taken only as a whole."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import UploadFile

from actions.bookings.openings import one_at_a_time
from actions.errors import Conflict, InvalidInput
from actions.imports import shelf, tables
from actions.imports.tables import Line, Lines, Outcome
from actions.shelf import listing
from bot.web.affairs.events.board import HOME
from bot.web.affairs.where import village_asked, villages_of
from bot.web.downloads import file_response
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.places import Place

AT = f"{HOME}/shelf"
router = APIRouter(prefix=AT)


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("write")], place: str = "", done: str = "") -> Response:
    return _page(at, village_asked(at, place), done=bool(done))


@router.get("/empty.csv")
def template(at: Annotated[Seat, seat("write")]) -> Response:
    return file_response((",".join(shelf.COLUMNS) + "\r\n").encode("utf-8-sig"), "书屋.csv", "text/csv")


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
    rows, bad = tables.named(lines, shelf.COLUMNS, needed=shelf.NEEDED)
    if not rows and not bad:
        raise InvalidInput("表头下面一行也没有。")
    found = shelf.take(at.session, rows, place=village.id, now=datetime.now(UTC))
    report = sorted([*found, *bad], key=lambda line: line.number)
    if is_import and all(line.outcome is not Outcome.bad for line in report):
        at.record("导入书屋和器材", village.id, detail=f"{len(report)} 行")
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
    done: bool = False,
    status: int = 200,
) -> HTMLResponse:
    return at.page(
        "village/events/shelf.html",
        status=422 if problem else status,
        problem=problem,
        done=done,
        village=village,
        villages=villages_of(at),
        table=table,
        report=report,
        bad=[line for line in report or [] if line.outcome is Outcome.bad],
        outcomes=tables.OUTCOME_LABELS,
        columns=shelf.COLUMNS,
        items=listing.items(at.session, village.id),
        count=listing.count(at.session, village.id),
        kinds=listing.KINDS,
        most=tables.MOST_BYTES,
    )
