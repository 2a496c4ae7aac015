"""A role that must have a second factor, at a phone: led to set it up, recovery codes read, and the door by one."""

import re

import pyotp
from playwright.sync_api import Browser, Page

from bot.settings import Settings
from tests.end_to_end import staff


def _require(browser: Browser, base: str, *, is_wanted: bool) -> None:
    desk = staff.sign_in(browser, base, "chief")
    desk.goto(f"{base}/staff/people")
    desk.get_by_label("调解员", exact=True).set_checked(is_wanted)
    desk.locator("#second-factor button").click()
    desk.get_by_text("存下了").wait_for()
    desk.context.close()


def _enter(browser: Browser, base: str, code: str) -> Page:
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{base}/staff/sign-in")
    page.get_by_label("账号").fill("middle")
    page.get_by_label("密码").fill(staff.PASSWORD)
    page.get_by_label("动态码").fill(code)
    page.get_by_role("button", name="登录").click()
    return page


def test_a_mediator_is_led_to_set_it_up_and_comes_back_by_a_recovery_code(
    browser: Browser, base: str, prepared: Settings
) -> None:
    staff.make(prepared, "chief", "老常", "administrator")
    staff.make(prepared, "middle", "小中", "mediator")
    _require(browser, base, is_wanted=True)
    try:
        page = _enter(browser, base, "")
        page.get_by_text("您的岗位要用动态码").first.wait_for()
        page.goto(f"{base}/staff/cases")
        assert page.url.endswith("/staff/account"), "nothing else before"
        page.locator("#totp").get_by_label("登录密码").fill(staff.PASSWORD)
        page.locator("#totp").get_by_role("button", name="启用").click()
        secret = page.locator("#totp code").inner_text()
        page.locator("#totp").get_by_label("登录密码").fill(staff.PASSWORD)
        page.get_by_label("验证器显示的 6 位数").fill(pyotp.TOTP(secret).now())
        page.locator("#totp").get_by_role("button", name="启用").click()
        codes = page.locator("#codes code").all_inner_texts()
        assert len(codes) == 10
        assert all(re.fullmatch(r"\d{4} \d{4} \d{4}", code) for code in codes)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("link", name="抄好了").click()
        page.wait_for_url("**/staff/inbox")
        page.context.close()
        again = _enter(browser, base, codes[0])
        again.wait_for_url("**/staff/account#recovery")
        again.get_by_text("还剩 9 个").wait_for()
        again.context.close()
    finally:
        _require(browser, base, is_wanted=False)
