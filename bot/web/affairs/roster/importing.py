"""Households from a table: looked at first, every bad line named, taken only as a whole."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import IntegrityError
from starlette.datastructures import UploadFile

from actions.bookings.openings import one_at_a_time
from actions.errors import Conflict, InvalidInput
from actions.imports import households, tables
from actions.imports.tables import Line, Lines, Outcome
from bot.web.affairs.roster.page import AT, page_of
from bot.web.affairs.where import village_asked
from bot.web.downloads import file_response
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.clock import today
from knowledge.places import Place

_SHOWN = 300  # lines that are right; the bad ones are shown all

router = APIRouter(prefix=AT)


@router.get("/import", response_class=HTMLResponse)
def start(at: Annotated[Seat, seat("write")], place: str = "", done: str = "") -> Response:
    return _page(at, village_asked(at, place), done=done if set(done) <= set("0123456789-") else "")


@router.get("/import.csv")
def template(at: Annotated[Seat, seat("write")]) -> Response:
    return file_response((",".join(households.COLUMNS) + "\r\n").encode("utf-8-sig"), "户.csv", "text/csv")


@router.post("/import", response_class=HTMLResponse)
def take(at: Annotated[Form, form("write")]) -> Response:
    village, table = village_asked(at, at.text("place", 40)), ""
    is_import = at.text("do", 10) == "import"
    try:
        given = _given(at)
        table = given if isinstance(given, str) else ""  # what was typed is there to be mended
        lines = tables.read_bytes(given) if isinstance(given, bytes) else tables.read_text(given)
        table = tables.as_csv(lines)
        report = _look_or_import(at, village, lines, is_import=is_import)
    except (InvalidInput, Conflict) as error:
        return _page(at, village, table=table, problem=error.message_zh)
    found = _count(report)
    if is_import and not found[Outcome.bad]:
        done = f"{found[Outcome.new]}-{found[Outcome.changed]}-{found[Outcome.same]}"
        return at.back(f"{AT}/import?place={village.id}&done={done}")
    return _page(at, village, table=table, report=report, status=422 if is_import else 200)


def _given(at: Form) -> bytes | str:
    """The uploaded file, else what was pasted. Raises InvalidInput."""
    file, pasted = at.sent.get("file"), at.sent.get("table")
    if isinstance(file, UploadFile) and file.size:
        return file.file.read(tables.MOST_BYTES + 1)
    if isinstance(pasted, str) and pasted.strip():
        return pasted
    raise InvalidInput("请选一个文件，或者把表格贴进来。")


def _look_or_import(at: Form, village: Place, lines: Lines, *, is_import: bool) -> list[Line]:
    """The same steps for both, so what the look says is what the import does; only a clean import is committed.

    Raises InvalidInput, Conflict.
    """
    try:
        if is_import:  # one at a time, so that two presses of the button are one import
            one_at_a_time(at.session)
        rows, bad = tables.named(lines, households.COLUMNS, needed=households.NEEDED)
        if not rows and not bad:
            raise InvalidInput("表头下面一行也没有。")
        found = households.take(at.session, rows, place=village.id, today=today())
        report = sorted([*found, *bad], key=lambda line: line.number)
        counts = _count(report)
        if is_import and not counts[Outcome.bad]:
            detail = f"新增 {counts[Outcome.new]}，改动 {counts[Outcome.changed]}，已有 {counts[Outcome.same]}"
            at.record("导入名册", village.id, detail=detail)
            at.session.commit()
        else:
            at.session.rollback()
    except IntegrityError:
        at.session.rollback()
        raise Conflict("刚刚有人也在改名册，什么都没有导入。请再检查一次。") from None
    except InvalidInput:
        at.session.rollback()
        raise
    return report


def _count(report: list[Line]) -> dict[Outcome, int]:
    return {outcome: sum(line.outcome is outcome for line in report) for outcome in Outcome}


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
    good = [line for line in report or [] if line.outcome is not Outcome.bad]
    page = page_of(
        at,
        village,
        "import.html",
        problem=problem,
        table=table,
        report=report,
        counts=_count(report or []),
        bad=[line for line in report or [] if line.outcome is Outcome.bad],
        good=good[:_SHOWN],
        hidden=max(0, len(good) - _SHOWN),
        outcomes=tables.OUTCOME_LABELS,
        columns=households.COLUMNS,
        needed=households.NEEDED,
        numbers=done.split("-"),
        most=tables.MOST_BYTES,
    )
    page.status_code = max(page.status_code, status)
    return page
