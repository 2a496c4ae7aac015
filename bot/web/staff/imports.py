"""Tables of committees, grid workers and openings: looked at first, every bad line named, taken only as a whole."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from actions.bookings.openings import one_at_a_time
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.imports import committees, grid_workers, openings, tables
from actions.imports.openings import Worker
from actions.imports.places import PlaceBook
from actions.imports.tables import BadLine, Line, Lines, Outcome
from bot.staff import audit, rights
from bot.staff.models import Role, Staff
from bot.web.downloads import file_response
from bot.web.staff.desk import Form, Seat, form, seat

_SHOWN = 300  # lines that are right; the bad ones are shown all


@dataclass(frozen=True)
class Kind:
    name: str
    permission: str
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    example: str
    hints: tuple[str, ...]


KINDS = {
    "committees": Kind(
        "村居委会",
        "settings",
        committees.COLUMNS,
        committees.NEEDED,
        "赵家坳村,柳河镇,村,赵家坳大队 老赵家,0312-5550123,否",
        (
            "“上级”写乡镇的名字（乡镇这一级写县），要已经有，或者在同一张表里。同名的村在不同乡镇是两个地方。",
            "“级别”写村、居或乡镇，不写就是村。乡镇的单位叫“××综治中心”。",
            (
                "“别名”是居民平常的叫法，几个之间用空格或顿号隔开；写了就以表里为准，不写就不改。"
                "两个字的简称（比如“和平”）不会自动加，免得把平常话当成村名，要用就写上。"
            ),
            "“兜底”写是或否：没有规则接手的事归它分。电话、兜底不写就不改。",
        ),
    ),
    "grid": Kind(
        "网格员",
        "settings",
        grid_workers.COLUMNS,
        grid_workers.NEEDED,
        "李家沟村,一组,张三,13800000000",
        ("片区不写就是“全村”。同一个村、片区、姓名算同一个人，电话不一样就改电话。",),
    ),
    "openings": Kind(
        "预约时段",
        "calendar",
        openings.COLUMNS,
        openings.NEEDED,
        "2026-12-08,9:00,11:00,,到村里坐班,李家沟村,党群服务中心,6,",
        (
            "“结束”和“时长”（分钟）写一个就行。“方式”写：到村里坐班、到所里见面、电话、视频。",
            "“给哪里”写村、乡镇或县，那里的居民都能约。人数不写就是 1。",
            "“法律工作者账号”不写就是您自己；替别人导入，要主管或管理员。",
        ),
    ),
}


router = APIRouter(prefix="/staff/import")
CalendarSeat = Annotated[Seat, seat("calendar")]  # the least that any kind needs; `_kind` asks for its own


@router.get("", response_class=HTMLResponse)
def start(at: CalendarSeat) -> Response:
    return _page(at, next(iter(_kinds(at))))


@router.get("/{what}.csv")
def template(at: CalendarSeat, what: str) -> Response:
    kind = _kind(at, what)
    return file_response((",".join(kind.columns) + "\r\n").encode("utf-8-sig"), f"{kind.name}.csv", "text/csv")


@router.get("/{what}", response_class=HTMLResponse)
def one(at: CalendarSeat, what: str, done: str = "") -> Response:
    _kind(at, what)
    return _page(at, what, done=done if set(done) <= set("0123456789-") else "")


@router.post("/{what}", response_class=HTMLResponse)
def take(at: Annotated[Form, form("calendar")], what: str) -> Response:
    _kind(at, what)
    is_import, table = at.text("do", 10) == "import", ""
    try:
        given = _given(at)
        table = given if isinstance(given, str) else ""  # what was typed is there to be mended
        lines = tables.read_bytes(given) if isinstance(given, bytes) else tables.read_text(given)
        table = tables.as_csv(lines)
        report = look_or_import(at.session, at.staff, what, lines, is_import=is_import)
    except (InvalidInput, Conflict) as error:
        return _page(at, what, table=table, problem=error.message_zh)
    found = count(report)
    if is_import and not found[Outcome.bad]:
        done = f"{found[Outcome.new]}-{found[Outcome.changed]}-{found[Outcome.same]}"
        return at.back(f"/staff/import/{what}?done={done}")
    return _page(at, what, table=table, report=report, status=422 if is_import else 200)


def _kinds(at: Seat) -> dict[str, Kind]:
    return {name: kind for name, kind in KINDS.items() if at.staff.can(kind.permission)}


def _kind(at: Seat, what: str) -> Kind:
    """Raises NotFound, NotAllowed."""
    if what not in KINDS:
        raise NotFound("没有这一种表。")
    if not at.staff.can(KINDS[what].permission):
        raise NotAllowed("您的岗位没有这个权限。")
    return KINDS[what]


def _page(
    at: Seat,
    what: str,
    *,
    table: str = "",
    report: list[Line] | None = None,
    problem: str | None = None,
    done: str = "",
    status: int = 200,
) -> HTMLResponse:
    good = [line for line in report or [] if line.outcome is not Outcome.bad]
    return at.page(
        "import.html",
        status=422 if problem else status,
        problem=problem,
        what=what,
        kind=KINDS[what],
        kinds=_kinds(at),
        table=table,
        report=report,
        counts=count(report or []),
        bad=[line for line in report or [] if line.outcome is Outcome.bad],
        good=good[:_SHOWN],
        hidden=max(0, len(good) - _SHOWN),
        outcomes=tables.OUTCOME_LABELS,
        done=done,
        most=tables.MOST_BYTES,
    )


def _given(at: Form) -> bytes | str:
    """The uploaded file, else what was pasted. Raises InvalidInput."""
    file, pasted = at.sent.get("file"), at.sent.get("table")
    if isinstance(file, UploadFile) and file.size:
        return file.file.read(tables.MOST_BYTES + 1)
    if isinstance(pasted, str) and pasted.strip():
        return pasted
    raise InvalidInput("请选一个文件，或者把表格贴进来。")


def count(report: list[Line]) -> dict[Outcome, int]:
    return {outcome: sum(line.outcome is outcome for line in report) for outcome in Outcome}


def look_or_import(session: Session, staff: Staff, what: str, lines: Lines, *, is_import: bool) -> list[Line]:
    """The same steps for both, so what the look says is what the import does; only a clean import is committed.

    Raises InvalidInput, Conflict.
    """
    try:
        if is_import:  # one import at a time, so that two presses of the button are one import
            one_at_a_time(session)
        report = carry_out(session, staff, what, lines, now=datetime.now(UTC))
        if is_import and all(line.outcome is not Outcome.bad for line in report):
            _record(session, staff, what, report)
            session.commit()
        else:
            session.rollback()
    except IntegrityError:
        session.rollback()
        raise Conflict("刚刚有人也在改这些内容，什么都没有导入。请再检查一次。") from None
    except InvalidInput:
        session.rollback()
        raise
    return report


def _record(session: Session, staff: Staff, what: str, report: list[Line]) -> None:
    found = count(report)
    numbers = f"新增 {found[Outcome.new]}，改动 {found[Outcome.changed]}，已有 {found[Outcome.same]}"
    # Offices are told by name; grid workers and lawyers are people, and this line stays for good.
    offices = (
        (line for line in report if line.outcome in (Outcome.new, Outcome.changed)) if what == "committees" else ()
    )
    changes = "；".join(str(line) for line in offices)
    audit.record(session, staff, f"导入{KINDS[what].name}", what, f"{numbers}。{changes}")


def carry_out(session: Session, staff: Staff, what: str, lines: Lines, *, now: datetime) -> list[Line]:
    """What each line does, done in the session. Raises InvalidInput where the table as a whole can't be read."""
    rows, bad = tables.named(lines, KINDS[what].columns, needed=KINDS[what].needed)
    if not rows and not bad:
        raise InvalidInput("表头下面一行也没有。")
    book = PlaceBook(session, rights.places_of(session, staff))
    if what == "committees":
        found = committees.take(session, rows, book=book)
    elif what == "grid":
        found = grid_workers.take(session, rows, book=book)
    else:
        found = openings.take(session, rows, book=book, worker=_workers(session, staff), now=now)
    return sorted([*found, *bad], key=lambda line: line.number)


def _workers(session: Session, me: Staff) -> Callable[[str], Worker]:
    @cache
    def worker(login: str) -> Worker:
        login = login.lower()
        if login in ("", me.login):
            found: Staff | None = me
        elif me.role not in (Role.supervisor, Role.administrator):
            raise BadLine("替别人导入，要主管或管理员来做；自己的时间，账号空着就行。")
        else:
            found = session.scalar(select(Staff).where(Staff.login == login[:40]))
        if found is None or not found.can("calendar"):
            raise BadLine(f"没有“{login[:20]}”这个账号，或者这个账号不能放预约。")
        seen = rights.places_of(session, found)
        return Worker(found.id, found.name, lambda place: seen is None or place.id in seen)

    return worker
