"""The door of the staff console: the first administrator, signing in and out, one's own account."""

import base64
import hmac
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import pyotp
import segno
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from actions.errors import ActionError, InvalidInput, NotAllowed
from bot.staff import accounts, audit, passwords, signing_in
from bot.staff.models import Role, StaffSession
from bot.web import browsers, way_back
from bot.web.limits import address_of
from bot.web.staff.desk import COOKIE, Desk, Form, Seat, check_origin, form, keep_written, seat, set_cookie
from bot.web.staff.typed import text_of

_SECRET = re.compile(r"[A-Z2-7]{32}")  # base32, as pyotp makes it

router = APIRouter(prefix="/staff")
OwnSeat = Annotated[Seat, seat()]
OwnForm = Annotated[Form, form()]


@dataclass(frozen=True)
class Doorstep:
    """Somebody not signed in yet, with a session of the database that ends with the request."""

    desk: Desk
    request: Request
    session: Session

    def page(self, template: str, *, problem: str | None = None, status: int = 200, **values: Any) -> HTMLResponse:
        return self.desk.page(self.request, template, self.session, None, status=status, problem=problem, **values)


@dataclass(frozen=True)
class Knock(Doorstep):
    """A form that they sent from one of our own pages."""

    sent: FormData

    def text(self, name: str, most: int) -> str:
        return text_of(self.sent, name, most)

    @property
    def password(self) -> str:
        return _secret_of(self.sent, "password")


def _doorstep(request: Request) -> Iterator[Doorstep]:
    desk: Desk = request.app.state.desk
    with desk.sessions() as session:
        yield Doorstep(desk, request, session)


def _knock(what: str, *, most: int) -> Any:
    """For `Annotated[Knock, _knock("first", most=10)]`: same origin, so many a minute from one address."""

    async def read(request: Request) -> FormData:
        check_origin(request)
        desk: Desk = request.app.state.desk
        desk.knocks.check(f"{what} {address_of(request)}", most)
        return keep_written(request, await request.form(max_files=0, max_fields=10))

    def stand(request: Request, sent: Annotated[FormData, Depends(read)]) -> Iterator[Knock]:
        desk: Desk = request.app.state.desk
        with desk.sessions() as session:
            yield Knock(desk, request, session, sent)

    return Depends(stand, scope="function")


AtTheDoor = Annotated[Doorstep, Depends(_doorstep, scope="function")]


@router.get("/sign-in", response_class=HTMLResponse)
def door(at: AtTheDoor) -> Response:
    if not accounts.has_any(at.session):
        return RedirectResponse("/staff/first-run", 303)
    return at.page("account/sign_in.html")


@router.post("/sign-in")
def enter(at: Annotated[Knock, _knock("sign-in", most=20)]) -> Response:
    try:
        token, held = signing_in.sign_in(
            at.session,
            login=at.text("login", 40),
            password=at.password[:200],
            code=at.text("code", 8),
            now=datetime.now(UTC),
            agent=at.request.headers.get("user-agent", ""),
            origin=browsers.origin_of(at, login=at.text("login", 40)),
        )
    except ActionError as error:
        return at.page("account/sign_in.html", status=403, problem=error.message_zh)
    response = RedirectResponse(way_back.taken(at.request), 303)
    way_back.forget(response)
    set_cookie(at.request, response, token)
    browsers.remember(at, response, held.staff)
    return response


@router.post("/sign-out")
def leave(at: OwnForm) -> Response:
    at.record("退出")
    signing_in.sign_out(at.session, at.request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/staff/sign-in", 303)
    response.delete_cookie(COOKIE, path="/staff")
    way_back.forget(response)
    return response


@router.get("/first-run", response_class=HTMLResponse)
def first(at: AtTheDoor, code: str = "") -> Response:
    if accounts.has_any(at.session):
        return RedirectResponse("/staff/sign-in", 303)
    return at.page("account/first_run.html", code=code[:40])


@router.post("/first-run")
def make_first(at: Annotated[Knock, _knock("first", most=10)]) -> Response:
    """Only who can read the server's terminal knows the code, so nobody else can be first."""
    try:
        _make_first(at)
    except ActionError as error:
        at.session.rollback()
        return at.page("account/first_run.html", status=422, problem=error.message_zh, code=at.text("code", 60))
    return RedirectResponse("/staff/sign-in", 303)


@router.get("/account", response_class=HTMLResponse)
def account(at: OwnSeat) -> Response:
    return _account(at)


@router.post("/account/password")
def password(at: OwnForm) -> Response:
    old, new = _secret_of(at.sent, "old"), _secret_of(at.sent, "new")
    try:
        passwords.check_right(at.staff, old)
        if new == old:
            raise InvalidInput("新密码和原来的一样，请换一个。")
        accounts.set_password(at.session, at.staff, new)
        at.record("改密码")
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _account(at, problem=error.message_zh)
    return RedirectResponse("/staff/sign-in", 303)


@router.post("/account/totp")
def totp(at: OwnForm) -> Response:
    """Without a secret one is drawn and shown; with it, the code proves that the telephone has it. The password, and
    the code in use until now, prove that it isn't somebody at a browser left open.
    """
    try:
        _check_own(at)
    except ActionError as error:
        at.session.rollback()
        return _account(at, problem=error.message_zh)
    secret = at.text("secret", 40)
    if not secret:
        at.session.rollback()  # the old code is asked for again with the new one
        return _account(at, secret=pyotp.random_base32())
    if not _SECRET.fullmatch(secret):
        return _account(at, problem="动态码不对，请再扫一次、再填一次。")
    if not signing_in.enrol(at.session, at.staff, secret, at.text("code", 8), datetime.now(UTC)):
        at.session.rollback()
        return _account(at, problem="动态码不对，请再扫一次、再填一次。", secret=secret)
    _end_others(at)
    at.record("启用动态码")
    at.session.commit()
    return _account(at, done="动态码启用了，下次登录要填。其他设备都退出了。")


def _check_own(at: Form) -> None:
    """Raises SignInFailed, NotAllowed."""
    passwords.check_right(at.staff, _secret_of(at.sent, "old"))
    if at.staff.totp_secret and not signing_in.code_fits(
        at.session, at.staff, at.text("old_code", 8), datetime.now(UTC)
    ):
        raise NotAllowed("现在用的动态码不对。手机丢了，请管理员给您重设密码。")


def _end_others(at: Form) -> None:
    others = StaffSession.token_hash != at.who.held.token_hash
    at.session.execute(delete(StaffSession).where(StaffSession.staff_id == at.staff.id, others))


@router.post("/account/revoke")
def revoke(at: OwnForm) -> Response:
    _end_others(at)
    at.record("退出其他设备")
    at.session.commit()
    return _account(at, done="其他设备都退出了。")


@router.post("/account/presence")
def presence(at: OwnForm) -> Response:
    at.staff.is_present = not at.staff.is_present
    at.session.commit()
    return at.back("/staff/inbox")


def first_run_code(desk: Desk) -> str:
    return desk.settings.secret("first-run")[:10]


def _make_first(at: Knock) -> None:
    """Raises NotAllowed, InvalidInput."""
    if accounts.has_any(at.session):
        raise NotAllowed("已经有管理员了，请直接登录。")
    if not hmac.compare_digest(at.text("code", 60).encode(), first_run_code(at.desk).encode()):
        raise InvalidInput("启动码不对。它显示在启动邻里的那个终端窗口里。")
    staff = accounts.add(
        at.session,
        login=at.text("login", 40),
        name=at.text("name", 40),
        role=Role.administrator,
        password=at.password,
    )
    audit.record(at.session, staff, "建立第一个管理员")
    at.session.commit()


def _account(
    at: Seat, *, problem: str | None = None, done: str | None = None, secret: str | None = None
) -> HTMLResponse:
    own = select(StaffSession).where(StaffSession.staff_id == at.staff.id).order_by(StaffSession.seen_at.desc())
    return at.page(
        "account/account.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        held=list(at.session.scalars(own)),
        secret=secret,
        picture=_picture(at.staff.login, secret) if secret else None,
    )


def _picture(login: str, secret: str) -> str:
    """The QR code that an authenticator scans, as an address of its own."""
    drawn = io.BytesIO()
    segno.make(pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="邻里")).save(drawn, kind="svg", scale=5)
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()


def _secret_of(sent: FormData, name: str) -> str:
    """A password as it was typed: blanks at its ends belong to it."""
    return str(sent.get(name) or "")
