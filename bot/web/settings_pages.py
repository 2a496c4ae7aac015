"""What staff set without an engineer: units, routing rules, time limits, grid workers, working days. And the dashboard."""

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from actions import deadlines
from actions.cases.models import CalendarDay, Case, GridWorker, RoutingRule, Team, TimeLimit
from actions.cases.service import calendar
from actions.cases.status import LABELS, CaseStatus
from actions.errors import ActionError, InvalidInput, NotFound
from actions.workdays import UNIT_LABELS, Unit
from bot import accounts
from bot.accounts import Staff
from bot.settings import SHANGHAI
from bot.web.cases import _download
from bot.web.desk import Desk, Who, back, int_of, text_of, words
from knowledge.models import Place

_GRID_COLUMNS = ("村", "片区", "姓名", "电话")


def router(desk: Desk) -> APIRouter:
    api = APIRouter(prefix="/staff")

    def settings_page(request: Request, session: Session, who: Who, *, problem: str | None = None, lines: list[str] | None = None, ready: int = 0, table: str = "") -> HTMLResponse:
        return desk.page(
            request, "settings.html", session, who, status=422 if problem else 200, problem=problem, lines=lines, ready=ready, table=table, teams=desk.teams(session, who.staff),
            rules=list(session.scalars(select(RoutingRule).order_by(RoutingRule.position, RoutingRule.id))), limits=list(session.scalars(select(TimeLimit).order_by(TimeLimit.category))), units=UNIT_LABELS,
            grid=list(session.scalars(select(GridWorker).order_by(GridWorker.place_id, GridWorker.area))), days=list(session.scalars(select(CalendarDay).order_by(CalendarDay.day))),
        )  # fmt: skip

    @api.get("/settings", response_class=HTMLResponse)
    async def settings(request: Request) -> Response:
        with desk.sessions() as session:
            return settings_page(request, session, desk.who(request, session, "settings"))

    @api.post("/settings/{what}")
    async def change(request: Request, what: str) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "settings")
            try:
                if what == "grid-import":
                    table = text_of(sent, "table", 200_000)
                    seen = accounts.places_of(session, who.staff)
                    rows, bad = read_grid(table, {p.name: p.id for p in session.scalars(select(Place)) if seen is None or p.id in seen})
                    if bad or text_of(sent, "do") != "import":
                        return settings_page(request, session, who, lines=bad, ready=len(rows), table=table)
                    for row in rows:
                        if not session.scalar(select(GridWorker.id).filter_by(place_id=row["place_id"], area=row["area"], name=row["name"])):
                            session.add(GridWorker(**row))
                else:
                    _change(session, who.staff, what, sent)
                accounts.record(session, who.staff, "改设置", what, str({k: v for k, v in sent.items() if k != "csrf" and isinstance(v, str)})[:500])
                session.commit()
            except ActionError as error:
                session.rollback()
                return settings_page(request, session, desk.who(request, session, "settings"), problem=error.message_zh)
        return back(request, "/staff/settings")

    @api.get("/deadlines", response_class=HTMLResponse)
    async def deadline(request: Request, matter: str = "", start: str = "") -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "cases")
            found, problem = None, None
            if matter or start:
                try:
                    found = deadlines.last_day(matter[:40], date.fromisoformat(start[:10]), calendar=calendar(session), today=datetime.now(SHANGHAI).date())
                except ValueError:
                    problem = "请选种类、填日期，日期不能太早，也不能超过一年以后。"
            return desk.page(request, "deadlines.html", session, who, status=422 if problem else 200, matters=deadlines.MATTERS.values(), chosen=matter, start=start[:10], found=found, problem=problem)

    @api.get("/dashboard", response_class=HTMLResponse)
    async def dashboard(request: Request) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "dashboard")
            return desk.page(request, "dashboard.html", session, who, **figures(session, accounts.places_of(session, who.staff), now=datetime.now(UTC)))

    @api.get("/dashboard/cases.{kind}")
    async def export(request: Request, kind: str) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "dashboard")
            names = {p.id: p.name for p in session.scalars(select(Place))}
            rows: list[list[object]] = [["编号", "地方", "类别", "状态", "登记日期", "时限", "答复日期", "办结日期", "重办次数", "满意度", "绿色通道"]]
            for case in _cases(session, accounts.places_of(session, who.staff), since=datetime.now(UTC) - timedelta(days=366)):
                rows.append([case.number, names.get(case.place_id or "", ""), case.category, LABELS[case.status], *(_day(d) for d in (case.filed_at, case.due_at, case.answered_at, case.closed_at)), case.times_reopened, case.satisfaction or "", "、".join(case.green)])
            accounts.record(session, who.staff, "导出统计", detail=words(kind, 10))
            session.commit()
        if kind == "csv":
            out = io.StringIO()
            csv.writer(out).writerows([[_safe(c) for c in row] for row in rows])
            return _download(out.getvalue().encode("utf-8-sig"), "事项.csv", "text/csv")
        if kind != "xlsx":
            raise NotFound
        book = Workbook()
        for row in rows:
            book.active.append([_safe(c) for c in row])
        held = io.BytesIO()
        book.save(held)
        return _download(held.getvalue(), "事项.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")

    return api


def _safe(value: object) -> object:
    """A cell that a spreadsheet would run as a formula becomes text (OWASP, CSV injection)."""
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)  # no spreadsheet takes them
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n") else value


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d}" if moment else ""


def _change(session: Session, staff: Staff, what: str, sent: Any) -> None:
    if text_of(sent, "do") == "delete":
        table = {"rule": RoutingRule, "grid": GridWorker}.get(what)
        if what == "day":
            session.execute(delete(CalendarDay).where(CalendarDay.day == _date(sent, "day")))
        elif table is None:
            raise InvalidInput("这一项不能删，只能改。")
        else:
            row = session.get(table, int_of(sent, "id") or 0)
            if row is not None:
                accounts.check_place(session, staff, row.place_id)
                session.delete(row)
        return
    if what == "team":
        name = text_of(sent, "name", 60)
        if not name:
            raise InvalidInput("请写单位名称。")
        _place(session, staff, text_of(sent, "place", 40))
        if session.scalar(select(Team.id).where(Team.name == name)):
            raise InvalidInput("已经有这个单位了。")
        session.add(Team(name=name, place_id=text_of(sent, "place", 40), phone=text_of(sent, "phone", 30) or None, is_fallback=bool(text_of(sent, "is_fallback"))))
    elif what == "rule":
        team = session.get(Team, int_of(sent, "team") or 0)
        if team is None:
            raise InvalidInput("请选择单位。")
        if text_of(sent, "place", 40):
            _place(session, staff, text_of(sent, "place", 40))
        session.add(RoutingRule(position=int_of(sent, "position") or 100, category=text_of(sent, "category", 20) or None, place_id=text_of(sent, "place", 40) or None, keyword=text_of(sent, "keyword", 40) or None, team_id=team.id))
    elif what == "limit":
        unit, amount, green = text_of(sent, "unit", 10), int_of(sent, "amount") or 0, int_of(sent, "green_amount") or 0
        if unit not in set(Unit) or not 1 <= green <= amount <= 1000:
            raise InvalidInput("时限请填 1 到 1000，优先办理的不能比普通的长。")
        session.merge(TimeLimit(category=text_of(sent, "category", 20) or "*", amount=amount, unit=unit, green_amount=green))
    elif what == "grid":
        _place(session, staff, text_of(sent, "place", 40))
        if not text_of(sent, "name", 40) or not _is_phone(text_of(sent, "phone", 30)):
            raise InvalidInput("请写姓名和电话。")
        worker = {"place_id": text_of(sent, "place", 40), "area": text_of(sent, "area", 60) or "全村", "name": text_of(sent, "name", 40)}
        if session.scalar(select(GridWorker.id).filter_by(**worker)):
            raise InvalidInput("这个片区已经有这个人了。")
        session.add(GridWorker(**worker, phone=text_of(sent, "phone", 30)))
    elif what == "day":
        session.merge(CalendarDay(day=_date(sent, "day"), is_workday=text_of(sent, "is_workday") == "1"))
    else:
        raise NotFound


def _date(sent: Any, name: str) -> date:
    try:
        return date.fromisoformat(text_of(sent, name, 10))
    except ValueError:
        raise InvalidInput("请填日期。") from None


def _place(session: Session, staff: Staff, place: str) -> None:
    if session.get(Place, place) is None:
        raise InvalidInput("没有这个地方。")
    accounts.check_place(session, staff, place)


def _is_phone(text: str) -> bool:
    digits = text.replace("-", "")
    return 7 <= len(digits) <= 20 and digits.isascii() and digits.isdigit()


def read_grid(table: str, places: dict[str, str]) -> tuple[list[dict[str, str]], list[str]]:
    """Grid workers from CSV text with the columns 村, 片区, 姓名, 电话; every bad line is named."""
    rows: list[dict[str, str]] = []
    bad: list[str] = []
    try:
        lines = list(csv.reader(io.StringIO(table.lstrip("\ufeff").replace("，", ",").replace("\t", ","))))
    except csv.Error:
        return [], ["表格读不出来，请检查引号。"]
    head = [c.strip() for c in lines[0]] if lines else []
    if head != list(_GRID_COLUMNS):
        return [], [f"第 1 行要写：{','.join(_GRID_COLUMNS)}"]
    for number, line in enumerate(lines[1:], 2):
        cells = [c.strip() for c in line]
        if not any(cells):
            continue
        if len(cells) != 4:
            bad.append(f"第 {number} 行：要有 4 栏，这里是 {len(cells)} 栏。")
        elif cells[0] not in places:
            bad.append(f"第 {number} 行：没有“{cells[0][:20]}”这个地方。")
        elif not cells[2] or len(cells[2]) > 40 or len(cells[1]) > 60:
            bad.append(f"第 {number} 行：姓名没写，或者太长。")
        elif not _is_phone(cells[3]):
            bad.append(f"第 {number} 行：电话“{cells[3][:20]}”不对。")
        else:
            rows.append({"place_id": places[cells[0]], "area": cells[1] or "全村", "name": cells[2], "phone": cells[3]})
    return rows, bad


def _cases(session: Session, places: list[str] | None, *, since: datetime) -> list[Case]:
    where = [Case.filed_at >= since]
    if places is not None:
        where.append(Case.place_id.in_(places) | Case.place_id.is_(None))
    return list(session.scalars(select(Case).where(*where).order_by(Case.id)))


def figures(session: Session, places: list[str] | None, *, now: datetime) -> dict[str, Any]:
    """Figures of twelve weeks, from the cases alone; what there is none of is None, never 0 %."""
    cases = _cases(session, places, since=now - timedelta(weeks=12))
    names = {p.id: p.name for p in session.scalars(select(Place))}
    week = [(now.astimezone(SHANGHAI).date() - timedelta(days=now.astimezone(SHANGHAI).weekday()) - timedelta(weeks=i)) for i in range(11, -1, -1)]

    def of(case: Case) -> date:
        day = case.filed_at.astimezone(SHANGHAI).date()
        return day - timedelta(days=day.weekday())

    answered = [c for c in cases if c.answered_at and c.due_at]
    in_time = [c for c in answered if c.answered_at and c.due_at and c.answered_at <= c.due_at]
    closed = [c for c in cases if c.status is CaseStatus.closed]
    rated = [c.satisfaction for c in cases if c.satisfaction]
    topics = Counter(c.category for c in cases)
    top = [t for t, _ in topics.most_common(6)]
    by_week = {t: [sum(of(c) == w and c.category == t for c in cases) for w in week] for t in top}
    return {
        "totals": {
            "收到": len(cases), "已答复": len(answered), "按时答复": f"{len(in_time)}/{len(answered)}" if answered else None, "办结": len(closed), "重新办理": sum(c.times_reopened > 0 for c in cases),
            "满意度": f"{sum(rated) / len(rated):.1f} 分（{len(rated)} 人打分）" if rated else None, "超时未答复": sum(bool(c.escalated_at) and not c.answered_at for c in cases),
        },  # fmt: skip
        "chart": {"weeks": [f"{w.month}.{w.day}" for w in week], "topics": by_week, "places": dict(Counter(names.get(c.place_id or "", "没写地方") for c in cases).most_common(12))},
        "warnings": _rising(cases, of, week, names),
    }


def _rising(cases: list[Case], of: Any, week: list[date], names: dict[str, str]) -> list[str]:
    """Where the last full week or this one stands above its own history: mean and three standard deviations of a Poisson count."""
    found = []
    for kind, key in (("类别", lambda c: c.category), ("地方", lambda c: names.get(c.place_id or "", ""))):
        counts: dict[str, Counter[date]] = {}
        for case in cases:
            counts.setdefault(key(case), Counter())[of(case)] += 1
        for name, held in counts.items():
            past = [held[w] for w in week[:-1]]
            mean = sum(past) / len(past)
            if name and held[week[-1]] >= 3 and held[week[-1]] > mean + 3 * max(mean, 0.5) ** 0.5:
                found.append(f"{kind}“{name}”本周 {held[week[-1]]} 件，前 {len(past)} 周平均每周 {mean:.1f} 件。")
    return found
