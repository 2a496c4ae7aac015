"""Teams, rules, limits, calendar."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from openpyxl import Workbook
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from actions.calendar.models import CalendarDay
from actions.calendar.workdays import UNIT_LABELS, Unit, calendar
from actions.cases.figures import cases_within, figures
from actions.cases.status import STAFF_LABELS
from actions.cases.units import CALLED_UNIT, called_unit_limit
from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.imports import tables
from actions.imports.tables import is_phone
from actions.offices.models import GridWorker, HandoffRule, RoutingRule, Team, TimeLimit
from actions.tools import deadlines
from actions.tools.matters import MATTERS
from bot.conversations.models import CannedReply
from bot.staff import audit, rights
from bot.staff.models import Staff
from bot.web.downloads import file_response
from bot.web.staff.dashboard import safe_cell
from bot.web.staff.desk import Desk, Who, back, int_of, text_of, words
from bot.web.staff.imports import carry_out
from knowledge.clock import SHANGHAI
from knowledge.places import Place


def router(desk: Desk) -> APIRouter:
    api = APIRouter(prefix="/staff")

    def settings_page(
        request: Request,
        session: Session,
        who: Who,
        *,
        problem: str | None = None,
        lines: list[str] | None = None,
        ready: int = 0,
        table: str = "",
        rule: str = "",
        team: str = "",
    ) -> HTMLResponse:
        limits = list(session.scalars(select(TimeLimit).order_by(TimeLimit.category)))
        if all(limit.category != CALLED_UNIT for limit in limits):
            limits.append(called_unit_limit(session))
        return desk.page(
            request,
            "settings.html",
            session,
            who,
            status=422 if problem else 200,
            problem=problem,
            lines=lines,
            ready=ready,
            table=table,
            teams=desk.teams(session, who.staff),
            limits=limits,
            units=UNIT_LABELS,
            called=CALLED_UNIT,
            handoffs=list(session.scalars(select(HandoffRule).order_by(HandoffRule.id))),
            rules=_rules(session),
            rule=session.get(RoutingRule, _number(rule)),
            team=session.get(Team, _number(team)),
            replies=list(session.scalars(select(CannedReply).order_by(CannedReply.position, CannedReply.id))),
            grid=list(session.scalars(select(GridWorker).order_by(GridWorker.place_id, GridWorker.area))),
            days=list(session.scalars(select(CalendarDay).order_by(CalendarDay.day))),
        )

    @api.get("/settings", response_class=HTMLResponse)
    async def settings(request: Request, rule: str = "", team: str = "") -> Response:
        """`rule`, `team`: the row whose form is filled in for editing."""
        with desk.sessions() as session:
            return settings_page(request, session, desk.who(request, session, "settings"), rule=rule, team=team)

    @api.post("/settings/{what}")
    async def change(request: Request, what: str) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "settings")
            try:
                if what == "grid-import":
                    table = text_of(sent, "table", 200_000)
                    bad, ready = _read_grid(session, who.staff, table)
                    if bad or text_of(sent, "do") != "import":
                        session.rollback()
                        return settings_page(
                            request,
                            session,
                            desk.who(request, session, "settings"),
                            lines=bad,
                            ready=ready,
                            table=table,
                        )
                else:
                    _change(session, who.staff, what, sent)
                audit.record(
                    session,
                    who.staff,
                    "改设置",
                    what,
                    str({k: v for k, v in sent.items() if k != "csrf" and isinstance(v, str)})[:500],
                )
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
                    found = deadlines.last_day(
                        matter[:40],
                        date.fromisoformat(start[:10]),
                        calendar=calendar(session),
                        today=datetime.now(SHANGHAI).date(),
                    )
                except ValueError:
                    problem = "请选种类、填日期，日期不能太早，也不能超过一年以后。"
            return desk.page(
                request,
                "deadlines.html",
                session,
                who,
                status=422 if problem else 200,
                matters=MATTERS.values(),
                chosen=matter,
                start=start[:10],
                found=found,
                problem=problem,
            )

    @api.get("/dashboard", response_class=HTMLResponse)
    async def dashboard(request: Request) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "dashboard")
            return desk.page(
                request,
                "dashboard.html",
                session,
                who,
                **figures(session, rights.places_of(session, who.staff), now=datetime.now(UTC)),
            )

    @api.get("/dashboard/cases.{kind}")
    async def export(request: Request, kind: str) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "dashboard")
            names = {p.id: p.name for p in session.scalars(select(Place))}
            rows: list[list[object]] = [
                [
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
                ]
            ]
            for case in cases_within(
                session, rights.places_of(session, who.staff), since=datetime.now(UTC) - timedelta(days=366)
            ):
                rows.append(
                    [
                        case.number,
                        names.get(case.place_id or "", ""),
                        case.category,
                        STAFF_LABELS[case.status],
                        *(_day(d) for d in (case.filed_at, case.due_at, case.answered_at, case.closed_at)),
                        case.times_reopened,
                        case.satisfaction or "",
                        "、".join(case.green),
                    ]
                )
            audit.record(session, who.staff, "导出统计", detail=words(kind, 10))
            session.commit()
        if kind == "csv":
            out = io.StringIO()
            csv.writer(out).writerows([[safe_cell(c) for c in row] for row in rows])
            return file_response(out.getvalue().encode("utf-8-sig"), "事项.csv", "text/csv")
        if kind != "xlsx":
            raise NotFound
        book = Workbook()
        for row in rows:
            book.active.append([safe_cell(c) for c in row])
        held = io.BytesIO()
        book.save(held)
        return file_response(
            held.getvalue(), "事项.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        )

    return api


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d}" if moment else ""


def _read_grid(session: Session, staff: Staff, table: str) -> tuple[list[str], int]:
    """Grid workers pasted under the settings, taken into the session: sentences about the bad lines, and how many
    are right.
    """
    try:
        report = carry_out(session, staff, "grid", tables.read_text(table), now=datetime.now(UTC))
    except InvalidInput as error:
        return [error.message_zh], 0
    bad = [str(line) for line in report if line.outcome is tables.Outcome.bad]
    return bad, len(report) - len(bad)


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else 0


def _rules(session: Session) -> list[RoutingRule]:
    return list(session.scalars(select(RoutingRule).order_by(RoutingRule.position, RoutingRule.id)))


def _change(session: Session, staff: Staff, what: str, sent: Any) -> None:
    do = text_of(sent, "do")
    if do == "delete":
        _delete(session, staff, what, sent)
    elif what == "team":
        _save_team(session, staff, sent)
    elif what == "rule" and do in ("up", "down"):
        _move_rule(session, staff, int_of(sent, "id") or 0, do)
    elif what == "rule":
        _save_rule(session, staff, sent)
    elif what == "limit":
        unit, amount, green = text_of(sent, "unit", 10), int_of(sent, "amount") or 0, int_of(sent, "green_amount") or 0
        if unit not in set(Unit) or not 1 <= green <= amount <= 1000:
            raise InvalidInput("时限请填 1 到 1000，优先办理的不能比普通的长。")
        session.merge(
            TimeLimit(category=text_of(sent, "category", 20) or "*", amount=amount, unit=unit, green_amount=green)
        )
    elif what == "grid":
        _place(session, staff, text_of(sent, "place", 40))
        if not text_of(sent, "name", 40) or not is_phone(text_of(sent, "phone", 30)):
            raise InvalidInput("请写姓名和电话。")
        worker = {
            "place_id": text_of(sent, "place", 40),
            "area": text_of(sent, "area", 60) or "全村",
            "name": text_of(sent, "name", 40),
        }
        if session.scalar(select(GridWorker.id).filter_by(**worker)):
            raise InvalidInput("这个片区已经有这个人了。")
        session.add(GridWorker(**worker, phone=text_of(sent, "phone", 30)))
    elif what == "handoff":
        keyword, place = text_of(sent, "keyword", 40), text_of(sent, "place", 40)
        if len(keyword) < 2:
            raise InvalidInput("请写两个字以上的词。")
        if place:
            _place(session, staff, place)
        elif rights.places_of(session, staff) is not None:
            raise InvalidInput("请选择您负责的地方。")
        session.add(HandoffRule(keyword=keyword, place_id=place or None))
    elif what == "day":
        session.merge(CalendarDay(day=_date(sent, "day"), is_workday=text_of(sent, "is_workday") == "1"))
    elif what == "reply":
        text = text_of(sent, "text", 301)
        if not text or len(text) > 300:
            raise InvalidInput("常用回复请写 1 到 300 个字。")
        if session.scalar(select(CannedReply.id).where(CannedReply.text == text)):
            raise InvalidInput("已经有这一句了。")
        session.add(CannedReply(text=text, position=int_of(sent, "position") or 100))
    else:
        raise NotFound


def _delete(session: Session, staff: Staff, what: str, sent: Any) -> None:
    if what == "day":
        session.execute(delete(CalendarDay).where(CalendarDay.day == _date(sent, "day")))
        return
    if what == "reply":
        session.execute(delete(CannedReply).where(CannedReply.id == (int_of(sent, "id") or 0)))
        return
    if what == "rule":
        session.delete(_own_rule(session, staff, int_of(sent, "id") or 0))
        return
    table = {"grid": GridWorker, "handoff": HandoffRule}.get(what)
    if table is None:
        raise InvalidInput("这一项不能删，只能改。")
    row = session.get(table, int_of(sent, "id") or 0)
    if row is not None:
        if row.place_id is None and rights.places_of(session, staff) is not None:
            raise NotAllowed("管所有地方的规则，由负责全县的人来删。")
        rights.check_place(session, staff, row.place_id)
        session.delete(row)


def _save_team(session: Session, staff: Staff, sent: Any) -> None:
    """A new unit, or with an id another name and phone for one: cases keep pointing to it."""
    name = text_of(sent, "name", 60)
    phone = text_of(sent, "phone", 30) or None
    is_fallback = bool(text_of(sent, "is_fallback"))
    if not name:
        raise InvalidInput("请写单位名称。")
    number = int_of(sent, "id")
    if session.scalar(select(Team.id).where(Team.name == name, Team.id != (number or 0))):
        raise InvalidInput("已经有这个单位了。")
    if number is None:
        _place(session, staff, text_of(sent, "place", 40))
        session.add(Team(name=name, place_id=text_of(sent, "place", 40), phone=phone, is_fallback=is_fallback))
        return
    team = session.get(Team, number)
    if team is None:
        raise InvalidInput("没有这个单位。")
    rights.check_place(session, staff, team.place_id)
    team.name, team.phone, team.is_fallback = name, phone, is_fallback


def _own_rule(session: Session, staff: Staff, number: int) -> RoutingRule:
    """Raises InvalidInput, NotAllowed. A rule for any place is everybody's: only who works everywhere changes it."""
    rule = session.get(RoutingRule, number)
    if rule is None:
        raise InvalidInput("没有这条规则，可能刚刚有人删了。")
    _check_reach(session, staff, rule.place_id)
    return rule


def _check_reach(session: Session, staff: Staff, place: str | None) -> None:
    if not place and rights.places_of(session, staff) is not None:
        raise NotAllowed("对所有地方都算数的规则，要由负责所有地方的人来定；您的规则请选一个地方。")
    rights.check_place(session, staff, place)


def _save_rule(session: Session, staff: Staff, sent: Any) -> None:
    number, place = int_of(sent, "id"), text_of(sent, "place", 40) or None
    rule = RoutingRule() if number is None else _own_rule(session, staff, number)
    team = session.get(Team, int_of(sent, "team") or 0)
    if team is None:
        raise InvalidInput("请选择单位。")
    if place:
        _place(session, staff, place)
    _check_reach(session, staff, place)
    rule.position = int_of(sent, "position") or 100
    rule.category = text_of(sent, "category", 20) or None
    rule.place_id = place
    rule.keyword = text_of(sent, "keyword", 40) or None
    rule.team_id = team.id
    session.add(rule)


def _move_rule(session: Session, staff: Staff, number: int, do: str) -> None:
    """One step up or down; the positions are counted anew, so that two rules never stand at the same one."""
    rule = _own_rule(session, staff, number)
    rules = _rules(session)
    at = rules.index(rule)
    to = at - 1 if do == "up" else at + 1
    if 0 <= to < len(rules):
        rules[at], rules[to] = rules[to], rules[at]
    for position, each in enumerate(rules, 1):
        each.position = 10 * position


def _date(sent: Any, name: str) -> date:
    try:
        return date.fromisoformat(text_of(sent, name, 10))
    except ValueError:
        raise InvalidInput("请填日期。") from None


def _place(session: Session, staff: Staff, place: str) -> None:
    if session.get(Place, place) is None:
        raise InvalidInput("没有这个地方。")
    rights.check_place(session, staff, place)
