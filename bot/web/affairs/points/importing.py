"""积分 from a table: looked at first, taken only as a whole; then they wait for somebody else to confirm."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import UploadFile

from actions.bookings.openings import one_at_a_time
from actions.errors import ActionError, InvalidInput
from actions.imports import points, tables
from actions.imports.tables import Line, Outcome
from bot.web.affairs.points.page import AT, page_of, who
from bot.web.affairs.where import village_asked
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.places import Place

_SHOWN = 200

router = APIRouter(prefix=AT)


@router.get("/import", response_class=HTMLResponse)
def start(at: Annotated[Seat, seat("write")], place: str = "", done: str = "") -> Response:
    counted = done if done.isascii() and done.replace("-", "").isdigit() and len(done) < 12 else ""
    said = "登记了 {} 件新的，{} 件以前登记过。请另一个人在积分页上确认。".format(*(counted + "-0").split("-")[:2])
    return _page(at, village_asked(at, place), done=said if counted else "")


@router.post("/import", response_class=HTMLResponse)
def take(at: Annotated[Form, form("write")]) -> Response:
    village, table = village_asked(at, at.text("place", 40)), ""
    is_import = at.text("do", 10) == "import"
    try:
        given = _given(at)
        table = given if isinstance(given, str) else ""
        lines = tables.read_bytes(given) if isinstance(given, bytes) else tables.read_text(given)
        table = tables.as_csv(lines)
        report = _look_or_import(at, village, lines, is_import=is_import)
    except ActionError as error:
        at.session.rollback()
        return _page(at, village_asked(at, village.id), table=table, problem=error.message_zh)
    new, same, bad = (sum(line.outcome is o for line in report) for o in (Outcome.new, Outcome.same, Outcome.bad))
    if is_import and not bad:
        return at.back(f"{AT}/import?place={village.id}&done={new}-{same}")
    return _page(at, village_asked(at, village.id), table=table, report=report, status=422 if is_import else 200)


def _given(at: Form) -> bytes | str:
    """The uploaded file, else what was pasted. Raises InvalidInput."""
    file, pasted = at.sent.get("file"), at.sent.get("table")
    if isinstance(file, UploadFile) and file.size:
        return file.file.read(tables.MOST_BYTES + 1)
    if isinstance(pasted, str) and pasted.strip():
        return pasted
    raise InvalidInput("请选一个文件，或者把表格贴进来。")


def _look_or_import(at: Form, village: Place, lines: tables.Lines, *, is_import: bool) -> list[Line]:
    """Only a clean import is committed. Raises ActionError."""
    if is_import:
        one_at_a_time(at.session)
    rows, bad = tables.named(lines, points.COLUMNS, needed=points.NEEDED)
    if not rows and not bad:
        raise InvalidInput("表头下面一行也没有。")
    found = points.take(at.session, rows, place=village.id, by=who(at), now=datetime.now(UTC))
    report = sorted([*found, *bad], key=lambda line: line.number)
    if is_import and not any(line.outcome is Outcome.bad for line in report):
        at.record("导入积分", village.id, detail=f"{len(report)} 行")
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
    done: str = "",
    status: int = 200,
) -> HTMLResponse:
    return page_of(
        at,
        village,
        "import.html",
        status=status,
        problem=problem,
        done=done,
        table=table,
        report=report[:_SHOWN] if report else report,
        bad=[line for line in report or [] if line.outcome is Outcome.bad],
        outcomes=tables.OUTCOME_LABELS,
        columns=points.COLUMNS,
    )
