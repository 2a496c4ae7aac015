"""The staff console in a real browser: what was typed stays, who is in danger is heard, whom to help is seen."""

from playwright.sync_api import Browser, Page

from bot.settings import Settings
from tests.end_to_end import staff
from tests.end_to_end.conftest import Resident

_WORDS = "到现场量过，墙占路 40 公分"


def _held_by(browser: Browser, base: str, prepared: Settings, login: str, name: str) -> tuple[Page, str]:
    """An agent at a conversation that they have taken, and its id."""
    staff.make(prepared, login, name, "agent")
    resident = Resident(base, "lijiagou")
    resident.say("转人工")
    desk = staff.sign_in(browser, base, login)
    desk.locator(".list-group-item").last.click()
    desk.wait_for_url("**/conversations/**")
    desk.get_by_role("button", name="接入").click()
    desk.get_by_label("回复居民").wait_for()
    return desk, desk.url.split("/")[-1].split("?")[0]


def test_a_reply_half_written_outlives_a_reload_a_canned_reply_and_the_session(
    browser: Browser, base: str, prepared: Settings
) -> None:
    desk, _ = _held_by(browser, base, prepared, "draft", "小丁")
    page, reply = desk.url, desk.get_by_label("回复居民")
    reply.fill(_WORDS)
    desk.reload()
    assert reply.input_value() == _WORDS
    canned = desk.locator("button[data-canned]").first
    canned.click()
    assert reply.input_value().startswith(_WORDS), "a canned reply is put beside what was written"
    assert len(reply.input_value()) > len(_WORDS) + 5
    desk.context.clear_cookies()
    desk.get_by_role("button", name="发送").click()
    desk.wait_for_url("**/staff/sign-in")
    desk.get_by_label("账号").fill("draft")
    desk.get_by_label("密码").fill(staff.PASSWORD)
    desk.get_by_role("button", name="登录").click()
    desk.wait_for_url(page)
    assert reply.input_value().startswith(_WORDS), "it waited behind the door"
    reply.press("Enter")
    desk.locator("#thread .agent", has_text=_WORDS).wait_for()
    desk.reload()
    assert reply.input_value() == "", "what was sent is no draft any more"
    desk.context.close()


def test_a_refused_form_comes_back_filled_in(browser: Browser, base: str, prepared: Settings) -> None:
    staff.make(prepared, "refused", "孙管理", "administrator")
    desk = staff.sign_in(browser, base, "refused")
    desk.goto(f"{base}/staff/settings")
    word = desk.get_by_label("说到就转人工的词")
    word.fill("水")
    word.press("Enter")
    desk.get_by_text("请写两个字以上的词").wait_for()
    assert word.input_value() == "水"
    word.fill("水管裂了")
    word.press("Enter")
    desk.get_by_role("cell", name="水管裂了").wait_for()
    assert word.input_value() == ""
    desk.context.close()
