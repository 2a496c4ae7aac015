"""What the issue calls finished: from the resident's first word to the confirmed end, in real browsers against the
real stack.
"""

import io
import os
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from docx import Document
from PIL import Image
from playwright.sync_api import Browser, Page

from actions.bookings import openings
from actions.bookings.models import Mode, Opening
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from tests.end_to_end import staff
from tests.end_to_end.staff import Chat

_SHOTS = os.environ.get("LINLI_SHOTS")


def shot(page: Page, name: str) -> None:
    """For people to look at; only where a folder was named."""
    if _SHOTS:
        page.screenshot(path=f"{_SHOTS}/{name}.png", full_page=True)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()
    page.wait_for_load_state()


def _filed(chat: Chat, tmp_path: Path) -> str:
    """Corrected on the way, with a picture and a question in between; the number of the case."""
    assert "登记" in chat.say("昨天隔壁老王家砌墙占了我家路")
    first = chat.press("要，帮我登记")
    assert "昨天" in first
    assert "老王家" in first
    assert "在哪儿" in first
    chat.say("村东头老槐树旁边")
    between = chat.say("人民调解要收费吗？")  # a question in between is answered, and the form goes on
    assert "希望怎么解决" in between
    assert len(between) > 60
    chat.say("让他把墙退回去")
    chat.say("没有")
    assert "地点：李家沟村村口" in chat.say("地点不对，是李家沟村村口")
    picture = tmp_path / "wall.png"
    Image.new("RGB", (64, 48), "brown").save(picture)
    chat.page.locator("input[type=file]").set_input_files(str(picture))
    chat.hear("收到照片 1 张")
    summary = chat.say("13812345678")
    assert "村口" in summary
    assert "槐树" not in summary
    assert "昨天" in summary
    assert "墙退回去" in summary
    shot(chat.page, "dispute-summary")
    filed = chat.press("对，报上去")
    number = re.search(r"\d{6}-\d{3,}-\d{2}", filed)
    assert number, filed
    return number.group()


def _looked_at_on_a_phone(browser: Browser, base: str, chat: Chat, number: str) -> None:
    chat.press("要个链接，换手机也能看")
    link = chat.page.get_by_role("link", name="打开看进度").get_attribute("href") or ""
    phone = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    phone.goto(base + link)
    assert number not in phone.inner_text("main"), "opening the page alone, as previews do, shows nothing"
    phone.get_by_role("button", name="看进度").click()
    assert number in phone.inner_text("main")
    assert "墙" not in phone.inner_text("main")
    shot(phone, "progress")
    phone.goto(base + link)  # the next day: it opened once, and a son who reloaded had lost it (ux 27)
    phone.get_by_role("button", name="看进度").click()
    assert number in phone.inner_text("main")
    phone.get_by_text("不想让人再看了").click()
    phone.get_by_role("button", name="收回这个链接").click()
    assert "收回了" in phone.inner_text("main")
    phone.goto(base + link)
    assert number not in phone.inner_text("main")
    assert "收回了、过期了" in phone.inner_text("main")


def _answered_and_reopened(desk: Page, base: str, chat: Chat, number: str) -> None:
    desk.goto(f"{base}/staff/cases?q={number}")
    shot(desk, "cases")
    desk.get_by_role("link", name=number).click()
    assert desk.locator("img.photo").count() == 1
    press(desk, "受理")
    chat.hear("已经受理")
    desk.locator("form", has=desk.locator("input[name=to][value=assigned]")).locator("select").select_option(
        label="李家沟村委会"
    )
    press(desk, "交办")
    press(desk, "开始办理")
    for unit in ("柳河镇综治中心", "清禾县自然资源局"):
        called = desk.locator("form[action$='/call']")
        called.locator("select").select_option(label=unit)
        called.get_by_role("button", name="叫它来").click()
        desk.wait_for_load_state()
    desk.get_by_role("button", name="报到", exact=True).first.click()
    chat.hear("柳河镇综治中心已经到了")
    desk.get_by_label("答复：说明").fill("到现场量过，墙占路 40 公分，邻居答应退。")
    press(desk, "答复")
    shot(desk, "case")
    chat.hear("这样算解决了吗")
    assert "重新" in chat.press("没解决")


def _mediated(desk: Page, chat: Chat, tmp_path: Path) -> None:
    desk.reload()
    desk.get_by_text("启动调解").click()
    for i, name in enumerate(("李大山", "王有田")):
        desk.get_by_label(f"当事人 {i + 1}").fill(name)
    press(desk, "启动")
    chat.hear("您愿意吗")
    assert "您同意调解" in chat.press("同意调解")  # the resident's own word; the other party told the mediator
    desk.reload()
    assert "李大山 ：同意" in desk.locator("form[action$='/mediation-consent']").nth(0).inner_text()
    desk.locator("form[action$='/mediation-consent']").nth(1).get_by_role("button", name="同意", exact=True).click()
    desk.get_by_text("写协议").click()
    desk.get_by_label("纠纷事实").fill("王有田砌墙占了公用的路。")
    desk.get_by_label("协议内容").fill("王有田七天内把墙退回 40 公分\n李大山不再要求赔偿")
    press(desk, "存草稿")
    with desk.expect_download() as taken:
        desk.get_by_role("link", name="下载协议书").click()
    agreement = tmp_path / "agreement.docx"
    taken.value.save_as(agreement)
    text = "\n".join(p.text for p in Document(str(agreement)).paragraphs)
    assert "李大山" in text
    assert "1. 王有田七天内把墙退回 40 公分" in text
    assert "三十日内" in text
    if _SHOTS:
        agreement.rename(f"{_SHOTS}/agreement.docx")
    assert "协议签好了" not in chat.page.locator(".log").inner_text(), "a draft is nobody's news"
    desk.locator("summary", has_text="签好了").click()
    press(desk, "签好了")
    chat.hear("司法确认")


def _closed(desk: Page, chat: Chat) -> None:
    press(desk, "开始办理")
    desk.get_by_label("答复：说明").fill("墙已经退回，路通了。")
    press(desk, "答复")
    chat.hear("路通了")
    time.sleep(0.3)
    assert "打个分" in chat.press("解决了")
    chat.press("5 分")
    desk.reload()
    assert desk.get_by_text("已办结").count()
    assert desk.locator(".timeline li").count() >= 12
    shot(desk, "case-closed")
    shot(chat.page, "dispute-closed")


def test_a_dispute_is_filed_corrected_answered_reopened_mediated_and_closed(
    browser: Browser, base: str, prepared: Settings, tmp_path: Path
) -> None:
    chat = Chat(browser, base)
    number = _filed(chat, tmp_path)
    _looked_at_on_a_phone(browser, base, chat, number)
    assert number in chat.say("我那事咋样了")

    staff.make(prepared, "zhao", "赵主任", "supervisor")
    desk = staff.sign_in(browser, base, "zhao")
    _answered_and_reopened(desk, base, chat, number)
    _mediated(desk, chat, tmp_path)
    _closed(desk, chat)


def test_a_consultation_is_booked_changed_and_cancelled_and_two_race_for_one_place(
    browser: Browser, base: str, prepared: Settings
) -> None:
    engine = make_engine(prepared.url)
    day = (datetime.now(UTC) + timedelta(days=8)).date()
    places: list[int] = []
    with make_sessions(engine)() as session:
        for hour, place in ((1, "lijiagou"), (3, "lijiagou")):
            starts = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
            places.append(
                openings.publish(
                    session,
                    worker_id=None,
                    worker_name="周律师",
                    mode=Mode.visit,
                    place=place,
                    address="李家沟村党群服务中心",
                    starts_at=starts,
                    ends_at=starts + timedelta(hours=1),
                    capacity=1,
                    now=datetime.now(UTC),
                ).id
            )
        session.commit()

    def book(chat: Chat) -> str:
        chat.say("想约律师")
        chat.press(f"{day.month}月{day.day}日（周{'一二三四五六日'[day.weekday()]}）09:00")
        chat.say("邻居占了我家的路，想问怎么要回来")
        chat.press("在这里联系就行")
        return chat.page.locator(".message.bot").last.inner_text()

    one, two = Chat(browser, base), Chat(browser, base, width=900)
    assert "09:00" in book(one)
    assert "09:00" in book(two)
    for chat in (one, two):  # both press before either has its answer
        chat.page.get_by_role("button", name="对，约上").click()
    one.page.wait_for_timeout(100)
    for chat in (one, two):
        chat.page.locator(".message.bot", has_text=re.compile("约好了|刚刚约满")).last.wait_for(timeout=30_000)
    said = [
        c.page.locator(".message.bot", has_text=re.compile("约好了|刚刚约满")).last.inner_text() for c in (one, two)
    ]
    assert sum("约好了" in s for s in said) == 1, said
    winner = one if "约好了" in said[0] else two
    shot(winner.page, "booking")
    assert "换到什么时候" in winner.say("改时间")
    winner.press(f"{day.month}月{day.day}日（周{'一二三四五六日'[day.weekday()]}）11:00")
    assert "约好了" in winner.press("对，改到这个时间")
    with make_sessions(engine)() as session:
        assert [session.get_one(Opening, p).taken for p in places] == [0, 1]
    winner.say("取消预约")
    assert "取消好了" in winner.press("取消：")
    with make_sessions(engine)() as session:
        assert [session.get_one(Opening, p).taken for p in places] == [0, 0]
    engine.dispose()


def test_a_danger_that_is_past_stands_aside_and_raises_no_alarm(browser: Browser, base: str) -> None:
    chat = Chat(browser, base)
    chat.say("我老公以前打过我，现在想离婚怎么办")
    aside = chat.page.locator(".message.emergency:not(.urgent)")
    aside.get_by_role("link", name="110").wait_for()
    assert aside.get_attribute("role") is None, "read out in its turn, not before everything else"
    assert "离婚" in chat.page.locator(".message.bot:not(.emergency)").last.inner_text()
    assert chat.page.locator(".strip.danger").is_hidden()
    shot(chat.page, "danger-aside")


def test_an_emergency_stands_first_within_two_seconds_and_the_bot_goes_on_where_it_was(
    browser: Browser, base: str, prepared: Settings
) -> None:
    staff.make(prepared, "qian", "小钱", "agent")
    desk = staff.sign_in(browser, base, "qian")
    ordinary = Chat(browser, base)
    assert "工作人员" in ordinary.say("转人工")
    chat = Chat(browser, base)
    chat.say("我要投诉隔壁天天半夜放音响，吵得睡不着")
    asked = chat.say("李家沟村东头3组")
    at = time.monotonic()
    chat.say("他现在拿刀砍我家门，救命")
    # In these words: others of the suite are in danger, too, and stand in the line again after ten minutes.
    item = desk.locator(".list-group-item", has_text="他现在拿刀砍我家门")
    item.get_by_text("危险", exact=True).wait_for(timeout=5000)
    seconds = time.monotonic() - at
    assert seconds < 4, f"{seconds:.1f} s from pressing Enter, the answer's own time included"
    assert chat.page.locator(".message.emergency a[href='tel:110']").is_visible()
    marks = ["危险" in text for text in desk.locator(".list-group-item").all_inner_texts()]
    assert marks == sorted(marks, reverse=True), "danger stands before everything else"
    assert False in marks, "danger stands before everything else"
    shot(desk, "inbox")
    item.click()
    desk.get_by_role("button", name="接入").click()
    chat.hear("小钱来了")
    chat.page.locator(".who", has_text="小钱").wait_for(timeout=10_000)
    desk.get_by_label("回复居民").fill("您先锁好门，110 打了吗？我在这里。")
    desk.get_by_role("button", name="发送").click()
    chat.hear("110 打了吗")
    chat.page.get_by_label("写下您的问题").fill("打了，警察在路上")
    chat.page.keyboard.press("Enter")
    desk.locator("#thread", has_text="警察在路上").wait_for(timeout=5000)
    chat.page.wait_for_timeout(1500)
    assert chat.page.locator(".message .said").last.inner_text().startswith("打了"), (
        "the bot is silent while a person has it"
    )
    desk.get_by_label("内部记录", exact=True).fill("已联系派出所")
    desk.get_by_role("button", name="记下").click()
    shot(desk, "conversation")
    shot(chat.page, "takeover")
    asked: list[str] = []
    desk.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    desk.get_by_role("button", name="交还邻里").click()
    chat.hear("接着由我来答")
    assert "安全" in asked[0], "who spoke of danger isn't handed back by a stray click"
    assert chat.page.get_by_text("已联系派出所").count() == 0
    went_on = chat.say("一个多月了")
    assert any(word in went_on for word in ("跟谁有关", "希望怎么解决", "优先照顾", "联系您")), (asked, went_on)


def test_the_console_works_on_a_phone(browser: Browser, base: str, prepared: Settings) -> None:
    staff.make(prepared, "sun", "孙管理", "administrator")
    desk = staff.sign_in(browser, base, "sun", width=360)
    for path in ("inbox", "cases", "calendar", "dashboard", "settings", "hours", "people", "audit", "account"):
        desk.goto(f"{base}/staff/{path}")
        assert desk.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), path
        shot(desk, f"phone-{path}")
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.goto(f"{base}/staff/dashboard")
    desk.wait_for_timeout(800)
    shot(desk, "dashboard")
    desk.goto(f"{base}/staff/calendar")
    shot(desk, "calendar")
    desk.goto(f"{base}/staff/settings")
    shot(desk, "settings")


@pytest.mark.parametrize(
    ("name", "data"), [("a.jpg", b"not a picture"), ("b.png", b"<svg onload=alert(1)>"), ("c.webp", b"")]
)
def test_a_file_that_is_no_picture_is_refused_in_words(base: str, name: str, data: bytes) -> None:
    from tests.end_to_end.conftest import Resident

    refused = Resident(base).http.post("/api/widget/photos", files={"photo": (name, io.BytesIO(data))})
    assert refused.status_code == 422
    assert "照片" in refused.json()["error"]["message"]
