"""How it is answered."""

import logging
import sqlite3

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException

from actions.errors import ActionError, Conflict, InvalidInput, NotAllowed, NotFound
from bot.settings import ROOT
from bot.staff.passwords import SignInFailed
from bot.web.problems import ApiError, PasswordChangeNeeded, SignInNeeded
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


def _body(code: str, message: str) -> dict[str, dict[str, str]]:
    return {"error": {"code": code, "message": message}}


_BY_CLASS = (
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
_BY_STATUS = {
    400: "这次发来的内容读不懂，请刷新页面再试。",
    403: "没有权限。",
    404: "没有找到。",
    405: "不支持这个操作。",
    413: "内容太大了。",
}


def install(app: FastAPI) -> None:
    templates = Jinja2Templates(directory=ROOT / "bot" / "templates")

    def answer(request: Request, status: int, code: str, message: str) -> Response:
        """A page for a browser in the staff console, else JSON."""
        if (
            request.scope["path"].startswith("/staff")
            and not request.headers.get("hx-request")
            and "text/html" in request.headers.get("accept", "")
        ):
            return templates.TemplateResponse(
                request, "staff/problem.html", {"text": message, "me": None, "csrf": ""}, status_code=status
            )
        return JSONResponse(_body(code, message), status)

    @app.exception_handler(ApiError)
    async def _api(request: Request, error: ApiError) -> Response:
        return answer(request, error.status, error.code, error.message)

    @app.exception_handler(RequestValidationError)
    async def _malformed(request: Request, _: RequestValidationError) -> Response:
        return answer(request, 422, "malformed", "这条消息的格式不对，请刷新页面再试。")

    @app.exception_handler(DataError)
    async def _unfit(request: Request, error: DataError) -> Response:
        """What every edge before the database let through; its words stay out of the log."""
        log.error("unfit value path=%s error=%s", request.scope["path"], type(error.orig).__name__)
        return answer(request, 422, "unfit", "填的内容里有存不了的字，或者太长，请改一改再交。")

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return answer(
            request,
            error.status_code,
            str(error.status_code),
            _BY_STATUS.get(error.status_code, "出错了，请稍后再试。"),
        )

    @app.exception_handler(SignInNeeded)
    async def _door(request: Request, _: SignInNeeded) -> Response:
        if request.headers.get("hx-request") or "text/html" not in request.headers.get("accept", ""):
            return JSONResponse(_body("SignInNeeded", "请先登录。"), 401, headers={"HX-Redirect": "/staff/sign-in"})
        return RedirectResponse("/staff/sign-in", 303)

    @app.exception_handler(PasswordChangeNeeded)
    async def _own_password(request: Request, error: PasswordChangeNeeded) -> Response:
        if request.headers.get("hx-request") or "text/html" not in request.headers.get("accept", ""):
            return JSONResponse(
                _body("PasswordChangeNeeded", error.message_zh), 403, headers={"HX-Redirect": "/staff/account"}
            )
        return RedirectResponse("/staff/account", 303)

    @app.exception_handler(ReviewError)
    @app.exception_handler(ActionError)
    async def _action(request: Request, error: ActionError | ReviewError) -> Response:
        status = next((code for kind, code in _BY_CLASS if isinstance(error, kind)), 422)
        return answer(request, status, type(error).__name__, error.message_zh)

    @app.exception_handler(OperationalError)
    async def _database(_: Request, error: OperationalError) -> JSONResponse:
        log.error("database %s", type(error.orig).__name__)
        return JSONResponse(_body("busy", "系统正忙，请稍等片刻再发。急事请拨打 12345；危险时拨打 110。"), 503)

    @app.exception_handler(sqlite3.OperationalError)
    async def _tracker_file(_: Request, error: sqlite3.OperationalError) -> JSONResponse:
        log.error("tracker file %s", type(error).__name__)
        return JSONResponse(_body("busy", "系统正忙，请稍等片刻再试。"), 503)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected path=%s error=%s", request.scope["path"], type(error).__name__)
        return JSONResponse(_body("unexpected", "出错了，请稍后再试。急事请拨打 12345；危险时拨打 110。"), 500)
