"""What an error is answered with: a page for a browser in the staff console, else JSON."""

import logging
import re
import sqlite3
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from actions.cases.photos import PhotosBusy
from actions.errors import ActionError, Conflict, InvalidInput, NotAllowed, NotFound
from bot.settings import ROOT
from bot.staff.passwords import SignInFailed, TooManyAtTheDoor
from bot.web import static_files, way_back
from bot.web.problems import AccountFirst, ApiError, SignInNeeded
from knowledge.errors import (
    DraftExists,
    EditConflict,
    MoveNotAllowed,
    NotEditable,
    ReviewError,
    SamePerson,
    VersionNotFound,
)

log = logging.getLogger("linli.web")
_templates = Jinja2Templates(directory=ROOT / "bot" / "templates")
static_files.know(_templates)

# Of what we raise ourselves; any other class of it is 422.
_BY_CLASS: tuple[tuple[type[ActionError | ReviewError], int], ...] = (
    (PhotosBusy, 503),
    (TooManyAtTheDoor, 503),
    (NotFound, 404),
    (Conflict, 409),
    (NotAllowed, 403),
    (SignInFailed, 403),
    (InvalidInput, 422),
    (VersionNotFound, 404),
    (SamePerson, 403),
    (DraftExists, 409),
    (EditConflict, 409),
    (MoveNotAllowed, 409),
    (NotEditable, 409),
)
# Of what the framework raises.
_BY_STATUS = {
    400: "这次发来的内容读不懂，请刷新页面再试。",
    403: "没有权限。",
    404: "没有找到。",
    405: "不支持这个操作。",
    408: "网络太慢，没有收全，请再发一次。",
    413: "内容太大了。",
}

_OF_A_VILLAGE = re.compile(r"^/v/([a-z0-9_-]{1,60})/.")


def install(app: FastAPI) -> None:
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)


def _answer(request: Request, status: int, code: str, message: str, **more: Any) -> Response:
    if _is_in_browser(request) and request.scope["path"].startswith("/staff"):
        given_back = getattr(request.state, "written", {})
        values = {"text": message, "me": None, "csrf": "", "given_back": given_back}
        return _templates.TemplateResponse(request, "staff/problem.html", values, status_code=status)
    is_page = request.method == "GET" or _village(request)
    if is_page and _is_in_browser(request) and not request.scope["path"].startswith("/api/"):
        return _page(request, status, message)
    return JSONResponse({"error": {"code": code, "message": message}, **more}, status)


def _page(request: Request, status: int, message: str) -> Response:
    values = {"text": message, "village": _village(request), "is_lost": status == 404}
    return _templates.TemplateResponse(request, "problem.html", values, status_code=status)


def _village(request: Request) -> str:
    """Whose public pages these are, as their address says; a form of theirs has no script that would read JSON."""
    found = _OF_A_VILLAGE.match(request.scope["path"])
    return found[1] if found else ""


def _is_in_browser(request: Request) -> bool:
    """It asks for a whole page; htmx takes parts of one."""
    return not request.headers.get("hx-request") and "text/html" in request.headers.get("accept", "")


def _json(status: int, code: str, message: str, **headers: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def _said(request: Request, error: ActionError | ReviewError) -> Response:
    """What somebody may read as it is."""
    status = next((status for kind, status in _BY_CLASS if isinstance(error, kind)), 422)
    return _answer(request, status, type(error).__name__, error.message_zh)


def _of_our_own(request: Request, error: ApiError) -> Response:
    return _answer(request, error.status, error.code, error.message, **error.more)


def _of_the_framework(request: Request, error: HTTPException) -> Response:
    message = _BY_STATUS.get(error.status_code, "出错了，请稍后再试。")
    return _answer(request, error.status_code, str(error.status_code), message)


def _malformed(request: Request, _: RequestValidationError) -> Response:
    return _answer(request, 422, "malformed", "这条消息的格式不对，请刷新页面再试。")


def _unfit(request: Request, error: DataError) -> Response:
    """What every edge before the database let through; its words stay out of the log. PostgreSQL takes no NUL, and
    what an address with one names isn't there.
    """
    if "\0" in request.scope["path"]:
        return _answer(request, 404, "404", _BY_STATUS[404])
    log.error("unfit value path=%s error=%s", request.scope["path"], type(error.orig).__name__)
    return _answer(request, 422, "unfit", "填的内容里有存不了的字，或者太长，请改一改再交。")


def _to_the_door(request: Request, _: SignInNeeded) -> Response:
    response = _elsewhere(request, "/staff/sign-in", 401, "SignInNeeded", "请先登录。")
    way_back.remember(request, response)
    return response


def _to_the_account(request: Request, error: AccountFirst) -> Response:
    return _elsewhere(request, "/staff/account", 403, type(error).__name__, error.message_zh)


def _elsewhere(request: Request, to: str, status: int, code: str, message: str) -> Response:
    """A browser goes there by itself, htmx by a header."""
    return RedirectResponse(to, 303) if _is_in_browser(request) else _json(status, code, message, **{"HX-Redirect": to})


def _busy(request: Request, error: OperationalError | NoConnectionFree) -> Response:
    cause = error.orig if isinstance(error, OperationalError) else error
    log.error("database %s", type(cause).__name__)
    return _failed(request, 503, "busy", "系统正忙，请稍等片刻再发。")


def _failed(request: Request, status: int, code: str, message: str) -> Response:
    """To who reads a village's pages a page, which names the telephones itself; to everybody else the words alone."""
    if _is_in_browser(request) and _village(request):
        return _page(request, status, message)
    return _json(status, code, f"{message}急事请拨打 12345；危险时拨打 110。")


def _tracker_file_busy(_: Request, error: sqlite3.OperationalError) -> Response:
    log.error("tracker file %s", type(error).__name__)
    return _json(503, "busy", "系统正忙，请稍等片刻再试。")


def _left(request: Request, _: ClientDisconnect) -> Response:
    """Who hangs up while sending reads no answer; it is no fault of ours, and no trace in the log."""
    log.info("left while sending path=%s", request.scope["path"])
    return Response(status_code=400)


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected path=%s error=%s", request.scope["path"], type(error).__name__)
    return _failed(request, 500, "unexpected", "出错了，请稍后再试。")


# Any: each handler takes its own kind.
_HANDLERS: dict[type[Exception], Callable[[Request, Any], Response]] = {
    ApiError: _of_our_own,
    ActionError: _said,
    ReviewError: _said,
    SignInNeeded: _to_the_door,
    AccountFirst: _to_the_account,
    RequestValidationError: _malformed,
    HTTPException: _of_the_framework,
    DataError: _unfit,
    OperationalError: _busy,
    NoConnectionFree: _busy,
    sqlite3.OperationalError: _tracker_file_busy,
    ClientDisconnect: _left,
    Exception: _unexpected,
}
