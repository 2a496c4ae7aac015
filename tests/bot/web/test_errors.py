"""What an error is answered with, by its class, and to whom."""

import sqlite3

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound, OpeningTaken
from bot.staff.passwords import SignInFailed
from bot.web import errors
from bot.web.problems import ApiError, PasswordChangeNeeded, SignInNeeded
from knowledge.errors import EditConflict, Incomplete, ReviewError, SamePerson, VersionNotFound
from tests.bot.world import HTML

URGENT = "急事请拨打 12345；危险时拨打 110。"
ERRORS = [
    (NotFound("没有这件事。"), 404, "NotFound", "没有这件事。"),
    (OpeningTaken(), 409, "OpeningTaken", "这个时段刚刚约满了，请换一个。"),
    (NotAllowed(), 403, "NotAllowed", "现在还不能这样做。"),
    (SignInFailed(), 403, "SignInFailed", "账号或密码不对。"),
    (InvalidInput("少了姓名。"), 422, "InvalidInput", "少了姓名。"),
    (ActionError(), 422, "ActionError", "这一步没办成，请稍后再试。"),
    (VersionNotFound(), 404, "VersionNotFound", "没有这份资料，或者没有这一版。"),
    (SamePerson(), 403, "SamePerson", "自己改过的版本要请另一位同事审核。"),
    (EditConflict("先合并。"), 409, "EditConflict", "先合并。"),
    (Incomplete(["标题。"]), 422, "Incomplete", "还差几处：标题。"),
    (ReviewError(), 422, "ReviewError", "这一步没办成，请刷新后再试。"),
    (ApiError(429, "too_many", "慢点。"), 429, "too_many", "慢点。"),
    (HTTPException(413), 413, "413", "内容太大了。"),
    (HTTPException(418), 418, "418", "出错了，请稍后再试。"),
    (DataError("INSERT", {}, Exception("\ud800")), 422, "unfit", "填的内容里有存不了的字，或者太长，请改一改再交。"),
    (
        OperationalError("UPDATE", {}, Exception()),
        503,
        "busy",
        "系统正忙，请稍等片刻再发。急事请拨打 12345；危险时拨打 110。",
    ),
    (sqlite3.OperationalError("locked"), 503, "busy", "系统正忙，请稍等片刻再试。"),
    (RuntimeError("村里的话"), 500, "unexpected", f"出错了，请稍后再试。{URGENT}"),
]


def raising(error: Exception) -> TestClient:
    app = FastAPI()
    errors.install(app)

    @app.get("/{path:path}")
    def fail(path: str, number: int = 0) -> None:
        raise error

    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


@pytest.mark.parametrize(("error", "status", "code", "message"), ERRORS, ids=[e[2] + str(e[1]) for e in ERRORS])
def test_an_error_is_told_by_its_class(
    error: Exception, status: int, code: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = raising(error).get("/api/anything", headers=HTML)
    assert (told.status_code, told.json()) == (status, {"error": {"code": code, "message": message}})
    assert "村里的话" not in caplog.text


def test_what_is_malformed_is_told_so() -> None:
    assert raising(NotFound()).get("/?number=x").json()["error"]["code"] == "malformed"


def test_who_mistypes_an_address_gets_a_page_in_chinese() -> None:
    page = raising(NotFound("没有找到。")).get("/nosuch", headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "没有找到。" in page.text
    assert 'href="/"' in page.text
    assert raising(NotFound()).get("/nosuch").json()["error"]["code"] == "NotFound"


def test_staff_in_a_browser_get_a_page_and_htmx_gets_json() -> None:
    client = raising(NotFound("没有这件事。"))
    page = client.get("/staff/cases/1", headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "没有这件事。" in page.text
    assert client.get("/staff/cases/1", headers={**HTML, "hx-request": "true"}).json()["error"]["code"] == "NotFound"
    assert client.get("/staff/cases/1").json()["error"]["code"] == "NotFound"


@pytest.mark.parametrize(
    ("error", "status", "to"),
    [(SignInNeeded(), 401, "/staff/sign-in"), (PasswordChangeNeeded(), 403, "/staff/account")],
)
def test_who_must_go_elsewhere_first_is_sent_there(error: Exception, status: int, to: str) -> None:
    client = raising(error)
    browser = client.get("/staff", headers=HTML)
    assert (browser.status_code, browser.headers["location"]) == (303, to)
    for headers in ({**HTML, "hx-request": "true"}, {}):
        part = client.get("/staff", headers=headers)
        assert (part.status_code, part.headers["hx-redirect"], part.json()["error"]["code"]) == (
            status,
            to,
            type(error).__name__,
        )


@pytest.mark.parametrize(
    "error", [e[0] for e in ERRORS if isinstance(e[0], NotFound | OperationalError | RuntimeError)]
)
def test_a_form_of_a_village_that_fails_leads_back_to_the_village(error: Exception) -> None:
    app = FastAPI()
    errors.install(app)

    @app.post("/v/lijiagou/y99/say")
    def fail() -> None:
        raise error

    answer = TestClient(app, raise_server_exceptions=False, headers=HTML).post("/v/lijiagou/y99/say")
    assert answer.headers["content-type"].startswith("text/html")
    assert 'href="/v/lijiagou"' in answer.text
    assert ("网址少了几个字" in answer.text) == (answer.status_code == 404)
