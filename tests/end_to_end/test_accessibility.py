"""WCAG 2.2 AA, as far as axe-core can tell, on every state of the widget that a resident meets."""

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.pages import broken_rules
from bot.settings import Settings
from tests.end_to_end import staff
from tests.end_to_end.conftest import Resident
from tests.end_to_end.resident.test_widget import ask


def violations(page: Page) -> list[str]:
    return [
        f"{v['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for v in broken_rules(page)
        for node in v["nodes"]
    ]


@pytest.mark.parametrize("width", [320, 1200])
def test_no_state_of_the_widget_breaks_a_rule(browser: Browser, base: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 720})
    page.goto(f"{base}/?village=lijiagou")
    page.get_by_text("我知道了，开始").wait_for()
    assert violations(page) == [], "the notice"
    page.get_by_text("我知道了，开始").click()
    ask(page, "法律援助怎么申请")
    page.locator(".message.answer details summary").first.click()
    assert violations(page) == [], "an answer"
    ask(page, "救命，有人拿刀砍我")
    assert violations(page) == [], "an emergency"
    page.get_by_role("button", name="字号和设置").click()
    assert violations(page) == [], "the settings"
    page.get_by_role("button", name="高对比").click()
    page.get_by_role("button", name="字号最大").click()
    assert violations(page) == [], "large, high contrast"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.close()


def _pages_break_no_rule(desk: Page, base: str) -> None:
    for path in (
        "inbox",
        "cases",
        "calendar",
        "calendar?new=2026-12-02T09:00",
        "dashboard",
        "settings",
        "hours",
        "settings?rule=1&team=1",
        "import",
        "import/openings",
        "people",
        "audit",
        "account",
        "deadlines?matter=land_arbitration&start=2026-09-01",
        "knowledge/golden",
        "knowledge/golden/1",
        "knowledge/unanswered",
        "knowledge/coverage",
        "knowledge/try",
    ):
        desk.goto(f"{base}/staff/{path}")
        assert violations(desk) == [], path
        assert desk.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def _village_affairs_break_no_rule(desk: Page, base: str) -> None:
    for path in (
        "",
        "/topics",
        "/decisions",
        "/decisions/new?matter=public_works",
        "/decisions/quorum",
        "/disclosure",
        "/projects",
        "/events",
        "/points",
        "/people",
        "/roster",
        "/hearings",
        "/deputies",
        "/checkup",
        "/checkup/corrections",
        "/joint",
        "/demands",
        "/exchange",
        "/history",
        "/events/new",
        "/points/rules",
        "/points/counter",
        "/points/household",
        "/points/import",
        "/people/new",
        "/people/grid",
        "/people/import",
        "/roster/profile",
        "/roster/import",
        "/roster/log",
        "/checkup?template=expropriation",
        "/rulings",
        "/reports",
        "/guide",
    ):
        desk.goto(f"{base}/staff/village{path}")
        assert violations(desk) == [], path
        assert desk.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def _documents_break_no_rule(desk: Page, base: str) -> None:
    for path in (
        "knowledge",
        "knowledge?kind=statute&q=反家庭暴力法",
        "knowledge/new",
        "knowledge?kind=service_guide&status=published",
        "knowledge?kind=village_rule&status=published",
        "knowledge?kind=case_story&status=published",
    ):
        desk.goto(f"{base}/staff/{path}")
        assert violations(desk) == [], path
        assert desk.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        if "kind" not in path:
            continue
        desk.locator("tbody a").last.click()
        desk.wait_for_load_state()
        assert violations(desk) == [], f"a document of {path}"
        if "statute" in path:
            continue
        desk.get_by_role("button", name="改这份资料").or_(desk.get_by_role("link", name="接着写")).first.click()
        desk.wait_for_url("**/versions/**")
        assert violations(desk) == [], f"the editor of {path}"
        assert desk.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        desk.locator("select[name=size]").select_option("all")
        desk.locator(".size-3").first.wait_for()
        assert violations(desk) == [], f"four sizes of {path}"
        desk.goto(desk.url.split("?")[0].split("#")[0] + "/review")
        assert violations(desk) == [], f"the review of {path}"


def _a_looked_at_table_and_a_saved_filter_break_no_rule(desk: Page, base: str) -> None:
    desk.goto(f"{base}/staff/import/grid")
    desk.get_by_label("或者把表格贴进来").fill("村,姓名,电话\n李家沟村,张三,13800000000\n没有村,李四,1\n")
    desk.get_by_role("button", name="先检查").click()
    desk.get_by_text("有 1 行不对").wait_for()
    desk.get_by_text("一行一行看").click()
    assert violations(desk) == [], "a table that was looked at"
    desk.goto(f"{base}/staff/cases?place=liuhe")
    desk.get_by_text("存下现在的筛选").click()
    desk.get_by_label("筛选的名字").fill("柳河镇在办")
    desk.get_by_role("button", name="存下").click()
    desk.get_by_role("link", name="柳河镇在办").wait_for()
    assert violations(desk) == [], "a saved filter"


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_of_the_console_breaks_a_rule(browser: Browser, base: str, prepared: Settings, width: int) -> None:
    staff.make(prepared, "axe", "孙管理", "administrator")
    desk = staff.sign_in(browser, base, "axe", width=width)
    chat = Resident(base, "lijiagou")
    chat.say("转人工")
    _pages_break_no_rule(desk, base)
    _village_affairs_break_no_rule(desk, base)
    _documents_break_no_rule(desk, base)
    _a_looked_at_table_and_a_saved_filter_break_no_rule(desk, base)
    desk.goto(f"{base}/staff/inbox")
    desk.locator(".list-group-item").last.click()
    desk.wait_for_url("**/conversations/**")
    assert violations(desk) == [], "a conversation"
    desk.context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_of_a_village_breaks_a_rule(browser: Browser, base: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 720})
    for path in (
        "/v/lijiagou",
        "/v/lijiagou/open",
        "/v/lijiagou/open/tell",
        "/v/lijiagou/topics",
        "/v/lijiagou/decisions",
        "/v/lijiagou/call",
        "/v/lijiagou/projects",
        "/v/lijiagou/events",
        "/v/lijiagou/people",
        "/v/lijiagou/hearings",
        "/v/lijiagou/deputies",
        "/v/lijiagou/check",
        "/v/lijiagou/check/land",
        "/v/lijiagou/history",
        "/v/lijiagou/history/tell",
        "/v/lijiagou/points",
        "/v/lijiagou/people?wish=heart",
        "/v/lijiagou/decisions?q=路",
        "/v/lijiagou/report/2026-11",
        "/paper",
        "/paper/qinshu",
    ):
        page.goto(f"{base}{path}")
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    page.close()


def test_the_privacy_page_breaks_no_rule(browser: Browser, base: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 720})
    page.goto(f"{base}/privacy")
    assert violations(page) == []
    page.close()
