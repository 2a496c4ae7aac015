"""A case and a conversation in hands: ten seconds to think again, a colleague called, many at once, files both ways."""

import io
import uuid
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from bot.settings import Settings
from tests.end_to_end import staff
from tests.end_to_end.conftest import Resident
from tests.end_to_end.staff import Chat

_S = 1000  # milliseconds
_WORDS = "村口路灯坏了没人管，天一黑看不见路"


def _photo(folder: Path) -> Path:
    found, out = folder / "水管.jpg", io.BytesIO()
    Image.new("RGB", (1600, 1200), "steelblue").save(out, "JPEG")
    found.write_bytes(out.getvalue())
    return found


def _desk(browser: Browser, base: str, prepared: Settings, login: str, name: str) -> Page:
    staff.make(prepared, login, name, "mediator")
    return staff.sign_in(browser, base, login, width=1366)


def _takes(desk: Page, base: str, words: str) -> None:
    """The conversation whose row shows these words is taken."""
    desk.goto(f"{base}/staff/inbox?box=waiting&q={words}")
    desk.locator(".list-group-item", has_text=words).first.click()
    desk.wait_for_url("**/conversations/**")
    desk.get_by_role("button", name="接入", exact=True).last.click()
    desk.get_by_label("回复居民").wait_for()


def test_a_step_waits_ten_seconds_for_its_resident_and_can_be_taken_back(
    browser: Browser, base: str, prepared: Settings
) -> None:
    chat, words = Chat(browser, base), f"{_WORDS}，撤销试试"
    chat.say(words)
    chat.say("转人工")
    desk = _desk(browser, base, prepared, "undo", "小纪")
    _takes(desk, base, words)
    desk.get_by_text("登记成一件事", exact=True).click()
    desk.get_by_label("什么事").fill(words)
    desk.get_by_role("button", name="登记", exact=True).click()
    desk.wait_for_url("**/staff/cases/*")
    desk.get_by_role("button", name="受理", exact=True).click()
    desk.get_by_text("秒后告诉居民").wait_for()
    desk.get_by_role("button", name="撤销").click()
    desk.get_by_text("居民没有收到").wait_for()
    expect(desk.get_by_role("button", name="受理", exact=True)).to_be_visible()
    tell = desk.get_by_label("告诉居民", exact=True)
    tell.fill("师傅明天到，写错了日子")
    desk.get_by_role("button", name="告诉居民", exact=True).click()
    desk.get_by_role("button", name="撤销").click()
    expect(tell).to_have_value("师傅明天到，写错了日子")
    tell.fill("师傅后天上午到")
    desk.get_by_role("button", name="告诉居民", exact=True).click()
    chat.page.wait_for_timeout(4 * _S)
    log = chat.page.locator("linli-chat .log")
    assert "师傅后天上午到" not in log.inner_text(), "it waits"
    chat.hear("师傅后天上午到", timeout_s=30)
    desk.get_by_role("button", name="受理", exact=True).click()
    desk.get_by_role("button", name="现在就发").click()
    chat.hear("已经受理", timeout_s=8)
    said = log.text_content() or ""  # older news of the card are folded
    assert "写错了日子" not in said
    assert said.count("师傅后天上午到") == 1
    desk.context.close()
    chat.page.context.close()


def test_a_colleague_is_called_and_finds_the_way(browser: Browser, base: str, prepared: Settings) -> None:
    resident = Resident(base, "lijiagou")
    resident.say("隔壁把路占了一半，叫人看看")
    resident.say("转人工")
    other = _desk(browser, base, prepared, "called", "小韩")
    assert other.locator("#at-me").is_hidden()
    desk = _desk(browser, base, prepared, "calls", "小呼")
    _takes(desk, base, "隔壁把路占了一半")
    desk.get_by_text("@ 提醒同事").click()
    desk.get_by_role("button", name="小韩").click()
    note = desk.get_by_label("内部记录")
    assert note.input_value() == "@小韩 "
    note.press("End")
    note.type("这家您熟，帮着看看")
    desk.get_by_role("button", name="记下").click()
    expect(other.locator("#notice-count")).to_have_text("1", timeout=10 * _S)
    other.locator("#at-me a").click()
    other.locator(".notices a", has_text="小呼").first.click()
    other.get_by_text("这家您熟，帮着看看").wait_for()
    expect(other.locator("#at-me")).to_be_hidden(timeout=10 * _S)
    for page in (desk, other):
        page.context.close()


def test_many_are_taken_and_ended_at_once_and_ticks_outlive_the_list(
    browser: Browser, base: str, prepared: Settings
) -> None:
    chats, mark = [Chat(browser, base) for _ in range(3)], uuid.uuid4().hex[:8]
    for number, chat in enumerate(chats):
        chat.say(f"村口第{number}盏{mark}路灯坏了没人修")
        chat.say("转人工")
    desk = _desk(browser, base, prepared, "many", "小多")
    desk.goto(f"{base}/staff/inbox?q={mark}")
    rows = desk.locator(".row-line")
    rows.nth(2).wait_for()
    rows.nth(0).get_by_role("checkbox").check()
    rows.nth(1).get_by_role("checkbox").check()
    chats[2].page.get_by_label("写下您的问题").fill("还在吗，再等等看")  # the list is drawn anew
    chats[2].page.keyboard.press("Enter")
    desk.wait_for_timeout(3 * _S)
    expect(desk.get_by_text("勾了 2 段")).to_be_visible()
    desk.get_by_role("button", name="接入", exact=True).click()
    desk.get_by_text("2 段接入了").wait_for()
    desk.goto(f"{base}/staff/inbox?box=mine&q={mark}")
    desk.get_by_role("checkbox").first.check()
    desk.get_by_role("button", name="全勾上").click()
    desk.get_by_text("结束…").click()
    desk.get_by_label("结束前对每位居民说的话").fill("路灯今天修好了。")
    desk.on("dialog", lambda dialog: dialog.accept())
    desk.get_by_role("button", name="说这句并结束").click()
    desk.get_by_text("2 段结束了").wait_for()
    heard = 0
    for chat in chats:
        chat.page.wait_for_timeout(2 * _S)
        heard += chat.page.locator("linli-chat .log").inner_text().count("路灯今天修好了。")
        chat.page.context.close()
    assert heard == 2
    desk.context.close()


def test_a_photo_and_words_reach_the_resident_and_the_words_are_taken_back(
    browser: Browser, base: str, prepared: Settings, tmp_path: Path
) -> None:
    chat, words = Chat(browser, base), "水表接头漏水，照片发哪里"
    chat.say(words)
    chat.say("转人工")
    desk = _desk(browser, base, prepared, "sends", "小寄")
    _takes(desk, base, words)
    desk.locator("#say input[type=file]").set_input_files(_photo(tmp_path))
    desk.get_by_text("要发：水管.jpg").wait_for()
    desk.get_by_role("button", name="发送").click()
    picture = chat.page.locator("linli-chat .file img")
    picture.wait_for()
    chat.page.wait_for_function(
        "() => { const img = document.querySelector('linli-chat').shadowRoot.querySelector('.file img');"
        " return img.complete && img.naturalWidth > 0; }"
    )
    whole = chat.page.request.get(base + (chat.page.locator("linli-chat .file a").get_attribute("href") or ""))
    assert whole.headers["content-type"] == "image/jpeg"
    reply = desk.get_by_label("回复居民")
    reply.fill("张三的电话是 13800000000")
    reply.press("Enter")
    chat.hear("张三的电话")
    desk.locator(".withdraw button").last.click()
    chat.hear("工作人员撤回了一条消息")
    expect(chat.page.locator("linli-chat .log")).not_to_contain_text("张三的电话")
    chat.page.reload()
    chat.hear("工作人员撤回了一条消息")
    expect(chat.page.locator("linli-chat .log")).not_to_contain_text("张三的电话")
    desk.get_by_role("button", name="放回输入框").click()
    assert "张三的电话" in reply.input_value()
    desk.context.close()
    chat.page.context.close()


def test_one_who_comes_as_another_leaves_still_rings(browser: Browser, base: str, prepared: Settings) -> None:
    """How many wait is the same before and after (chatwoot#1055)."""
    first, second = Chat(browser, base), Chat(browser, base)
    first.say("转人工")
    desk = _desk(browser, base, prepared, "rings", "小任")
    desk.goto(f"{base}/staff/cases")
    desk.locator("h1").click()  # a page may sound once somebody has touched it
    desk.wait_for_timeout(3 * _S)
    before = desk.evaluate("Number(document.body.dataset.rang || 0)")
    count = desk.locator("#waiting-count").inner_text()
    first.page.get_by_role("button", name="不等了，接着问邻里").last.click()
    second.say("转人工")
    desk.wait_for_function(f"() => Number(document.body.dataset.rang || 0) > {before}", timeout=10 * _S)
    desk.wait_for_timeout(2 * _S)
    assert desk.locator("#waiting-count").inner_text() == count
    for page in (first.page, second.page, desk):
        page.context.close()
