"""The door of the staff console: the first administrator, signing in and out."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from actions.errors import ActionError, InvalidInput, NotAllowed
from bot.staff import accounts, audit, recovery, rights, signing_in
from bot.staff.models import Role, Staff
from bot.web import browsers, way_back
from bot.web.limits import address_of
from bot.web.staff.desk import COOKIE, Desk, Form, check_origin, form, keep_written, set_cookie
from bot.web.staff.typed import text_of

_CODE = 20  # a recovery code as it is written down, with its blanks

router = APIRouter(prefix="/staff")
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
        return secret_of(self.sent, "password")


def _doorstep(request: Request) -> Iterator[Doorstep]:
    desk: Desk = request.app.state.desk
    with desk.sessions() as session:
        yield Doorstep(desk, request, session)


def _knock(what: str, *, most: int) -> Any:
    """For `Annotated[Knock, _knock("first", most=10)]`: same origin, so many a minute from one address."""

    async def read(request: Request) -> FormData:
        check_origin(request)
        desk: Desk = request.app.state.desk
        await run_in_threadpool(desk.knocks.check, f"{what} {address_of(request)}", most)
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
    now, code = datetime.now(UTC), at.text("code", _CODE)
    try:
        token, held = signing_in.sign_in(
            at.session,
            login=at.text("login", 40),
            password=at.password[:200],
            code=code,
            now=now,
            agent=at.request.headers.get("user-agent", ""),
            vault=at.desk.vault,
            origin=browsers.origin_of(at, login=at.text("login", 40)),
        )
    except ActionError as error:
        return at.page("account/sign_in.html", status=403, problem=error.message_zh)
    response = RedirectResponse(_first_page(at, held.staff, code, now), 303)
    way_back.forget(response)
    set_cookie(at.request, response, token)
    browsers.remember(at, response, held.staff)
    return response


def _first_page(at: Knock, staff: Staff, code: str, now: datetime) -> str:
    """Who came by a recovery code hears that it is used up; whose was used, perhaps by another, hears it when they come
    with their telephone again.
    """
    if staff.totp_secret and (recovery.is_one(code) or recovery.tell(at.session, staff, now)):
        return "/staff/account#recovery"
    return way_back.taken(at.request, rights.home_of(staff))


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


def secret_of(sent: FormData, name: str) -> str:
    """A password as it was typed: blanks at its ends belong to it."""
    return str(sent.get(name) or "")
