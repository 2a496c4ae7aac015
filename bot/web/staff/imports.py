"""Tables of committees, grid workers and openings: looked at first, every bad line named, taken only as a whole."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.imports import committees, grid_workers, openings, tables
from actions.imports.openings import Worker
from actions.imports.places import PlaceBook
from actions.imports.tables import BadLine, Line, Lines, Outcome
from bot.staff import audit, rights
from bot.staff.models import Role, Staff
from bot.web.downloads import file_response
from bot.web.staff.desk import Desk, Who, back, text_of
from knowledge.places import Place

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


def router(desk: Desk) -> APIRouter:
    api = APIRouter(prefix="/staff/import")

    def page(
        request: Request,
        session: Session,
        who: Who,
        what: str,
        *,
        problem: str | None = None,
        report: list[Line] | None = None,
        table: str = "",
        done: str = "",
        status: int = 200,
    ) -> HTMLResponse:
        kinds = {name: kind for name, kind in KINDS.items() if who.staff.can(kind.permission)}
        good = [line for line in report or [] if line.outcome is not Outcome.bad]
        return desk.page(
            request,
            "import.html",
            session,
            who,
            status=422 if problem else status,
            problem=problem,
            what=what,
            kind=KINDS[what],
            kinds=kinds,
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

    def allowed(request: Request, session: Session, what: str) -> Who:
        who = desk.who(request, session, "calendar")
        return _may(who, what)

    @api.get("", response_class=HTMLResponse)
    async def start(request: Request) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "calendar")
            return page(
                request, session, who, next(name for name, kind in KINDS.items() if who.staff.can(kind.permission))
            )

    @api.get("/{what}.csv")
    async def template(request: Request, what: str) -> Response:
        with desk.sessions() as session:
            allowed(request, session, what)
        return file_response(
            (",".join(KINDS[what].columns) + "\r\n").encode("utf-8-sig"), f"{KINDS[what].name}.csv", "text/csv"
        )

    @api.get("/{what}", response_class=HTMLResponse)
    async def one(request: Request, what: str, done: str = "") -> Response:
        with desk.sessions() as session:
            return page(
                request,
                session,
                allowed(request, session, what),
                what,
                done=done if set(done) <= set("0123456789-") else "",
            )

    @api.post("/{what}", response_class=HTMLResponse)
    async def take(request: Request, what: str) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "calendar")
            _may(who, what)
            is_import, staff_id, table = text_of(sent, "do", 10) == "import", who.staff.id, ""
            try:
                given = await _sent(sent)
                table = given if isinstance(given, str) else ""  # what was typed is there to be mended
                lines = await run_in_threadpool(_read, given)
                table = tables.as_csv(lines)
                report = await run_in_threadpool(_run, desk.sessions, staff_id, what, lines, is_import=is_import)
            except (InvalidInput, Conflict) as error:
                return page(request, session, who, what, problem=error.message_zh, table=table)
            bad = sum(line.outcome is Outcome.bad for line in report)
            if is_import and not bad:
                numbers = count(report)
                return back(
                    request,
                    (
                        f"/staff/import/{what}?done="
                        f"{numbers[Outcome.new]}-{numbers[Outcome.changed]}-{numbers[Outcome.same]}"
                    ),
                )
            return page(request, session, who, what, report=report, table=table, status=422 if is_import else 200)

    return api


def _may(who: Who, what: str) -> Who:
    """Raises NotFound, NotAllowed."""
    if what not in KINDS:
        raise NotFound("没有这一种表。")
    if not who.staff.can(KINDS[what].permission):
        raise NotAllowed("您的岗位没有这个权限。")
    return who


async def _sent(sent: FormData) -> bytes | str:
    """The uploaded file, else what was pasted. Raises InvalidInput."""
    file, pasted = sent.get("file"), sent.get("table")
    if isinstance(file, UploadFile) and file.size:
        return await file.read(tables.MOST_BYTES + 1)
    if isinstance(pasted, str) and pasted.strip():
        return pasted
    raise InvalidInput("请选一个文件，或者把表格贴进来。")


def _read(sent: bytes | str) -> Lines:
    return tables.read_bytes(sent) if isinstance(sent, bytes) else tables.read_text(sent)


def count(report: list[Line]) -> dict[Outcome, int]:
    return {outcome: sum(line.outcome is outcome for line in report) for outcome in Outcome}


def _run(sessions: Callable[[], Session], staff_id: int, what: str, lines: Lines, *, is_import: bool) -> list[Line]:
    """Look or import: the same steps, so what the look says is what the import does; only a clean import is
    committed.
    """
    with sessions() as session:
        staff = session.get_one(Staff, staff_id)
        try:
            if is_import:  # one import at a time, so that two presses of the button are one import
                session.execute(
                    update(Place).where(Place.parent_id.is_(None)).values(name=Place.name),
                    execution_options={"synchronize_session": False},
                )
            report = carry_out(session, staff, what, lines, now=datetime.now(UTC))
            if is_import and all(line.outcome is not Outcome.bad for line in report):
                found = count(report)
                changes = "；".join(str(line) for line in report if line.outcome in (Outcome.new, Outcome.changed))
                audit.record(
                    session,
                    staff,
                    f"导入{KINDS[what].name}",
                    what,
                    f"新增 {found[Outcome.new]}，改动 {found[Outcome.changed]}，已有 {found[Outcome.same]}。{changes}",
                )
                session.commit()
            else:
                session.rollback()
        except IntegrityError:
            session.rollback()
            raise Conflict("刚刚有人也在改这些内容，什么都没有导入。请再检查一次。") from None
    return report


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
