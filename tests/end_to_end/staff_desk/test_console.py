"""The staff console in a real browser: what was typed stays, who is in danger is heard, whom to help is seen."""

from playwright.sync_api import Browser, Page

from benchmarks.pages import weight
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
    desk.get_by_text("常用回复").click()
    desk.locator("button[data-canned]").first.click()
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


def test_danger_rings_on_every_page_until_somebody_has_taken_it(
    browser: Browser, base: str, prepared: Settings
) -> None:
    staff.make(prepared, "ringer", "小铃", "supervisor")
    desk = staff.sign_in(browser, base, "ringer")
    desk.goto(f"{base}/staff/settings")
    desk.locator("h1").click()  # a page may sound once somebody has touched it
    danger = desk.locator("#danger")
    resident = Resident(base, "lijiagou")
    resident.say("有人拿刀砍我家门，救命")
    danger.wait_for(timeout=10_000)
    desk.locator("body[data-rang]").wait_for(state="attached", timeout=5_000)
    desk.get_by_role("navigation").get_by_role("link", name="事项").click()
    desk.wait_for_url("**/staff/cases")
    danger.wait_for(timeout=10_000)
    assert desk.title().startswith("【危险】")
    desk.locator("body[data-rang]").wait_for(state="attached", timeout=40_000)  # again, on another page
    danger.get_by_role("link", name="去看").click()
    row = desk.locator(".list-group-item.danger", has_text="拿刀砍我家门").first
    row.click()
    desk.wait_for_url("**/conversations/**")
    desk.get_by_role("button", name="接入").click()
    desk.get_by_label("回复居民").wait_for()
    here = desk.url
    desk.goto(f"{base}/staff/dashboard")
    badge = desk.locator("#waiting-count")
    resident.say("我躲在里屋")
    desk.wait_for_function("() => Number(document.getElementById('waiting-count').textContent) > 0", timeout=10_000)
    assert badge.is_visible(), "one's own resident has written"
    desk.goto(here)
    assert desk.locator(".list-group-item[aria-current]", has_text="拿刀砍我家门").count() == 1
    desk.context.close()


def test_the_inbox_is_three_panes_on_a_screen_and_one_on_a_phone(
    browser: Browser, base: str, prepared: Settings
) -> None:
    desk, conversation = _held_by(browser, base, prepared, "panes", "小潘")
    listed, side = desk.get_by_role("heading", name="对话", exact=True), desk.get_by_text("内部记录（居民看不到）")
    assert listed.is_visible()
    assert side.is_visible()
    box = desk.locator("#thread").bounding_box()
    assert box is not None
    assert box["height"] > 500, "the thread has the height of the screen"
    desk.set_viewport_size({"width": 360, "height": 740})
    assert not listed.is_visible()
    for width, height in ((1366, 768), (360, 740), (320, 568), (360, 420)):
        desk.set_viewport_size({"width": width, "height": height})
        for hidden in ("true", "false"):
            desk.evaluate(f"document.getElementById('danger').hidden = {hidden}")
            rail = desk.locator(".rail").bounding_box() if width < 700 else None
            bar = rail["height"] if rail else 0
            for control in (desk.get_by_label("回复居民"), desk.get_by_role("button", name="发送")):
                box = control.bounding_box()
                assert box is not None
                assert box["y"] + box["height"] <= height - bar, ("lies in sight", width, height, hidden)
    desk.get_by_role("link", name="← 返回").click()
    desk.wait_for_url("**/staff/inbox?box=mine")
    desk.get_by_label("找对话").fill("没有人说过这句话")
    desk.get_by_label("找对话").press("Enter")
    desk.get_by_text("没有找到").wait_for()
    desk.goto(f"{base}/staff/conversations/{conversation}")
    desk.get_by_role("button", name="交还邻里").click()
    desk.wait_for_url("**/staff/inbox")
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
    desk.get_by_role("cell", name="水管裂了").first.wait_for()
    assert word.input_value() == ""
    desk.context.close()


def test_a_page_is_light_and_a_second_one_lighter(browser: Browser, base: str, prepared: Settings) -> None:
    staff.make(prepared, "weigh", "小魏", "supervisor")
    desk = staff.sign_in(browser, base, "weigh")
    fresh = browser.new_context(viewport={"width": 1280, "height": 900}, storage_state=desk.context.storage_state())
    page = fresh.new_page()
    first, second = weight(page, f"{base}/staff/cases", still_ms=800), weight(page, f"{base}/staff/inbox", still_ms=800)
    assert first <= 150_000, first
    assert second <= 20_000, second
    fresh.close()
    desk.context.close()
