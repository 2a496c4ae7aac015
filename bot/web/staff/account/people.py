"""Colleagues' accounts, and the record of what everybody did."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import delete, select

from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from bot.staff import accounts, passwords, rights, second_factor
from bot.staff.models import AuditEntry, Role, Staff, StaffSession
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404

_NEWEST = 2**31 - 1
_SHOWN = 100

router = APIRouter(prefix="/staff")
PeopleSeat = Annotated[Seat, seat("accounts")]
PeopleForm = Annotated[Form, form("accounts")]


@router.get("/people", response_class=HTMLResponse)
def people(at: PeopleSeat) -> Response:
    return _people(at)


@router.post("/people")
def add_person(at: PeopleForm) -> Response:
    fresh = passwords.to_be_told()
    try:
        staff = _add(at, fresh)
        at.record("建账号", staff.login, detail=staff.role.value)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _people(at, problem=error.message_zh)
    told = f"{staff.name}（{staff.login}）的初始密码：{fresh}。只显示这一次，第一次登录要改。"
    return _people(at, password=told)


@router.post("/people/second-factor")
def require_second_factor(at: PeopleForm) -> Response:
    """Of which roles it is asked; for all places, so by who works everywhere."""
    if rights.places_of(at.session, at.staff) is not None:
        raise NotAllowed("哪些岗位要用动态码，由负责所有地方的管理员来定。")
    roles = [role for role in Role if role.value in at.sent.getlist("role")]
    second_factor.require(at.session, roles, now=datetime.now(UTC))
    at.record("定动态码", detail=" ".join(roles) or "都不要求")
    at.session.commit()
    return _people(at, done="存下了。还没设动态码的人，下次登录先设好才能做别的。" if roles else "存下了，不要求了。")


@router.post("/people/{staff_id}")
def change_person(at: PeopleForm, staff_id: str) -> Response:
    staff, do, fresh = _other(at, staff_id), at.text("do"), None
    if do == "reset":
        fresh = accounts.reset(at.session, staff)
    elif do == "toggle":
        staff.is_active = not staff.is_active
        # Else a browser that was forgotten somewhere is signed in again with the account.
        at.session.execute(delete(StaffSession).where(StaffSession.staff_id == staff.id))
    elif at.text("role") in set(Role):
        staff.role = Role(at.text("role"))
    at.record("改账号", staff.login, detail=f"{do} {staff.role.value} {'启用' if staff.is_active else '停用'}")
    at.session.commit()
    return _people(at, password=f"{staff.name} 的新密码：{fresh}。只显示这一次。" if fresh else None)


@router.get("/audit", response_class=HTMLResponse)
def audit(at: Annotated[Seat, seat("audit")], before: int = _NEWEST) -> Response:
    older = select(AuditEntry).where(AuditEntry.id < max(0, min(before, _NEWEST)))
    seen = rights.places_of(at.session, at.staff)
    if seen is not None:  # what colleagues of one's own places did
        older = older.where(AuditEntry.staff_id.in_(select(Staff.id).where(Staff.place_id.in_(seen))))
    rows = list(at.session.scalars(older.order_by(AuditEntry.id.desc()).limit(_SHOWN)))
    return at.page("account/audit.html", rows=rows)


def _people(
    at: Seat, *, problem: str | None = None, password: str | None = None, done: str | None = None
) -> HTMLResponse:
    """`password`: a sentence with one just drawn, shown this once."""
    seen = rights.places_of(at.session, at.staff)
    own = select(Staff) if seen is None else select(Staff).where(Staff.place_id.in_(seen))
    return at.page(
        "account/people.html",
        status=422 if problem else 200,
        people=list(at.session.scalars(own.order_by(Staff.is_active.desc(), Staff.login))),
        roles=Role,
        teams=at.teams(),
        required=second_factor.required(at.session),
        is_everywhere=seen is None,
        problem=problem,
        password=password,
        done=done,
    )


def _add(at: Form, password: str) -> Staff:
    """Raises InvalidInput, NotAllowed."""
    role, place = at.text("role"), at.text("place", 40)
    if role not in set(Role):
        raise InvalidInput("请选岗位。")
    rights.check_place(at.session, at.staff, place)
    return accounts.add(
        at.session,
        login=at.text("login", 40),
        name=at.text("name", 40),
        role=Role(role),
        password=password,
        place=place,
        team_id=at.number("team"),
        must_change=True,
    )


def _other(at: Form, staff_id: str) -> Staff:
    """Raises NotFound, NotAllowed."""
    found = at.session.get(Staff, number_or_404(staff_id))
    if found is None:
        raise NotFound("没有这个人。")
    rights.check_place(at.session, at.staff, found.place_id)
    if found.id == at.staff.id:
        raise NotAllowed("自己的账号请请别的管理员来改。")
    return found
