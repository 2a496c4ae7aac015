"""The door of the staff console: the first administrator, signing in and out, one's own account, and colleagues'
accounts.
"""

import base64
import hmac
import io
import re
import secrets
from datetime import UTC, datetime

import pyotp
import segno
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select

from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from bot.staff import audit as staff_audit
from bot.staff import passwords, rights, signing_in
from bot.staff.models import AuditEntry, Role, Staff, StaffSession
from bot.web.limits import RateLimit, address_of
from bot.web.staff.desk import COOKIE, Desk, back, check_origin, int_of, number_or_404, set_cookie, text_of

_SECRET = re.compile(r"[A-Z2-7]{32}")  # base32, as pyotp makes it


def router(desk: Desk) -> APIRouter:
    api = APIRouter(prefix="/staff")
    limit = RateLimit()

    @api.get("/sign-in", response_class=HTMLResponse)
    async def door(request: Request) -> Response:
        with desk.sessions() as session:
            if not signing_in.has_any(session):
                return RedirectResponse("/staff/first-run", 303)
            return desk.page(request, "sign_in.html", session, None, problem=None)

    @api.post("/sign-in")
    async def enter(request: Request) -> Response:
        check_origin(request)
        limit.check(f"sign-in {address_of(request)}", 20)
        sent = await request.form(max_files=0, max_fields=10)
        with desk.sessions() as session:
            try:
                token, _ = signing_in.sign_in(
                    session,
                    login=text_of(sent, "login", 40),
                    password=str(sent.get("password") or "")[:200],
                    code=text_of(sent, "code", 8),
                    now=datetime.now(UTC),
                    agent=request.headers.get("user-agent", ""),
                )
            except ActionError as error:
                return desk.page(request, "sign_in.html", session, None, status=403, problem=error.message_zh)
        response = RedirectResponse("/staff/inbox", 303)
        set_cookie(request, response, token)
        return response

    @api.post("/sign-out")
    async def leave(request: Request) -> Response:
        with desk.sessions() as session:
            await desk.form(request, session)
            signing_in.sign_out(session, request.cookies.get(COOKIE, ""))
        response = RedirectResponse("/staff/sign-in", 303)
        response.delete_cookie(COOKIE, path="/staff")
        return response

    @api.get("/first-run", response_class=HTMLResponse)
    async def first(request: Request, code: str = "") -> Response:
        with desk.sessions() as session:
            if signing_in.has_any(session):
                return RedirectResponse("/staff/sign-in", 303)
            return desk.page(request, "first_run.html", session, None, problem=None, code=code[:40])

    @api.post("/first-run")
    async def make_first(request: Request) -> Response:
        """Only who can read the server's terminal knows the code, so nobody else can be first."""
        check_origin(request)
        limit.check(f"first {address_of(request)}", 10)
        sent = await request.form(max_files=0, max_fields=10)
        with desk.sessions() as session:
            try:
                if signing_in.has_any(session):
                    raise NotAllowed("已经有管理员了，请直接登录。")
                if not hmac.compare_digest(text_of(sent, "code", 60).encode(), first_run_code(desk).encode()):
                    raise InvalidInput("启动码不对。它显示在启动邻里的那个终端窗口里。")
                staff = signing_in.add(
                    session,
                    login=text_of(sent, "login", 40),
                    name=text_of(sent, "name", 40),
                    role=Role.administrator,
                    password=str(sent.get("password") or ""),
                )
                staff_audit.record(session, staff, "建立第一个管理员")
                session.commit()
            except ActionError as error:
                session.rollback()
                return desk.page(
                    request,
                    "first_run.html",
                    session,
                    None,
                    status=422,
                    problem=error.message_zh,
                    code=text_of(sent, "code", 60),
                )
        return RedirectResponse("/staff/sign-in", 303)

    def account_page(
        request: Request,
        session,
        who,
        *,
        problem: str | None = None,
        done: str | None = None,
        secret: str | None = None,
    ):  # type: ignore[no-untyped-def]
        held = list(
            session.scalars(
                select(StaffSession).where(StaffSession.staff_id == who.staff.id).order_by(StaffSession.seen_at.desc())
            )
        )
        picture = None
        if secret:
            drawn = io.BytesIO()
            segno.make(pyotp.TOTP(secret).provisioning_uri(name=who.staff.login, issuer_name="邻里")).save(
                drawn, kind="svg", scale=5
            )
            picture = "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()
        return desk.page(
            request,
            "account.html",
            session,
            who,
            status=422 if problem else 200,
            problem=problem,
            done=done,
            held=held,
            secret=secret,
            picture=picture,
        )

    @api.get("/account", response_class=HTMLResponse)
    async def account(request: Request) -> Response:
        with desk.sessions() as session:
            return account_page(request, session, desk.who(request, session))

    @api.post("/account/password")
    async def password(request: Request) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session)
            try:
                passwords.check_right(who.staff, str(sent.get("old") or ""))
                if sent.get("new") == sent.get("old"):
                    raise InvalidInput("新密码和原来的一样，请换一个。")
                signing_in.set_password(session, who.staff, str(sent.get("new") or ""))
                staff_audit.record(session, who.staff, "改密码")
                session.commit()
            except ActionError as error:
                session.rollback()
                return account_page(request, session, desk.who(request, session), problem=error.message_zh)
        return RedirectResponse("/staff/sign-in", 303)

    @api.post("/account/totp")
    async def totp(request: Request) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session)
            secret, code = text_of(sent, "secret", 40), text_of(sent, "code", 8)
            if not secret:
                return account_page(request, session, who, secret=pyotp.random_base32())
            if not _SECRET.fullmatch(secret) or not pyotp.TOTP(secret).verify(code, valid_window=1):
                return account_page(
                    request,
                    session,
                    who,
                    problem="动态码不对，请再扫一次、再填一次。",
                    secret=secret if _SECRET.fullmatch(secret) else None,
                )
            who.staff.totp_secret = secret
            staff_audit.record(session, who.staff, "启用动态码")
            session.commit()
            return account_page(request, session, who, done="动态码启用了，下次登录要填。")

    @api.post("/account/revoke")
    async def revoke(request: Request) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session)
            for held in session.scalars(
                select(StaffSession).where(
                    StaffSession.staff_id == who.staff.id, StaffSession.token_hash != who.held.token_hash
                )
            ):
                session.delete(held)
            staff_audit.record(session, who.staff, "退出其他设备")
            session.commit()
            return account_page(request, session, who, done="其他设备都退出了。")

    @api.post("/account/presence")
    async def presence(request: Request) -> Response:
        with desk.sessions() as session:
            who, _ = await desk.form(request, session)
            who.staff.is_present = not who.staff.is_present
            session.commit()
        return back(request, "/staff/inbox")

    def people_page(request: Request, session, who, *, problem: str | None = None, password: str | None = None):
        people = list(session.scalars(select(Staff).order_by(Staff.is_active.desc(), Staff.login)))
        return desk.page(
            request,
            "people.html",
            session,
            who,
            status=422 if problem else 200,
            people=people,
            roles=Role,
            teams=desk.teams(session, who.staff),
            problem=problem,
            password=password,
        )

    @api.get("/people", response_class=HTMLResponse)
    async def people(request: Request) -> Response:
        with desk.sessions() as session:
            return people_page(request, session, desk.who(request, session, "accounts"))

    @api.post("/people")
    async def add_person(request: Request) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "accounts")
            fresh = secrets.token_urlsafe(9)
            try:
                if text_of(sent, "role") not in set(Role):
                    raise InvalidInput("请选岗位。")
                place = text_of(sent, "place", 40)
                rights.check_place(session, who.staff, place)
                staff = signing_in.add(
                    session,
                    login=text_of(sent, "login", 40),
                    name=text_of(sent, "name", 40),
                    role=Role(text_of(sent, "role")),
                    password=fresh,
                    place=place,
                    team_id=int_of(sent, "team"),
                    must_change=True,
                )
                staff_audit.record(session, who.staff, "建账号", staff.login, staff.role.value)
                session.commit()
            except ActionError as error:
                session.rollback()
                return people_page(request, session, desk.who(request, session, "accounts"), problem=error.message_zh)
            return people_page(
                request,
                session,
                who,
                password=f"{staff.name}（{staff.login}）的初始密码：{fresh}。只显示这一次，第一次登录要改。",
            )

    @api.post("/people/{staff_id}")
    async def change_person(request: Request, staff_id: str) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "accounts")
            staff = session.get(Staff, number_or_404(staff_id))
            if staff is None:
                raise NotFound("没有这个人。")
            rights.check_place(session, who.staff, staff.place_id)
            fresh = None
            if staff.id == who.staff.id:
                raise NotAllowed("自己的账号请请别的管理员来改。")
            if text_of(sent, "do") == "reset":
                fresh = secrets.token_urlsafe(9)
                signing_in.set_password(session, staff, fresh, must_change=True)
                staff.totp_secret = None
            elif text_of(sent, "do") == "toggle":
                staff.is_active = not staff.is_active
            elif text_of(sent, "role") in set(Role):
                staff.role = Role(text_of(sent, "role"))
            staff_audit.record(
                session,
                who.staff,
                "改账号",
                staff.login,
                f"{text_of(sent, 'do')} {staff.role.value} {'启用' if staff.is_active else '停用'}",
            )
            session.commit()
            return people_page(
                request, session, who, password=f"{staff.name} 的新密码：{fresh}。只显示这一次。" if fresh else None
            )

    @api.get("/audit", response_class=HTMLResponse)
    async def audit(request: Request, before: int = 2**31 - 1) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "audit")
            rows = list(
                session.scalars(
                    select(AuditEntry)
                    .where(AuditEntry.id < max(0, min(before, 2**31 - 1)))
                    .order_by(AuditEntry.id.desc())
                    .limit(100)
                )
            )
            return desk.page(request, "audit.html", session, who, rows=rows)

    return api


def first_run_code(desk: Desk) -> str:
    return desk.settings.secret("first-run")[:10]
