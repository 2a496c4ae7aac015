"""A resident's story on WeChat, at the page of `linli wechat simulate`: the command itself, started on a copy of
the prepared home.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from bot.run.setup import RASA_VENV
from bot.settings import ROOT, Settings
from tests.databases import PostgresServer
from tests.end_to_end import staff
from tests.end_to_end.test_accessibility import violations
from tests.end_to_end.test_journeys import press, shot
from tests.ports import free_port

DONE = "h2.bar:text-is('邻里')"  # not 对方正在输入


@dataclass
class Place:
    """Where everything is: the simulator's page, the pages of the stack behind it, its settings."""

    simulator: str
    base: str
    settings: Settings


@pytest.fixture(scope="module")
def place(prepared: Settings, untouched: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("simulated") / "home"
    # Without the residents of other tests, who may wait for a person, too. Ids in the snapshot are those of the
    # database it was built from, so a database of another server gets a new one.
    url = os.environ.get("LINLI_TEST_DATABASE_URL")
    foreign = ("linli.sqlite*", "snapshot") if url else ()
    shutil.copytree(untouched, home, ignore=shutil.ignore_patterns(*foreign))
    ports = {name: free_port() for name in ("LINLI_PORT", "LINLI_INTERNAL_PORT", "LINLI_RASA_PORT")}
    (home / "venv-rasa").symlink_to(RASA_VENV.resolve())
    environ = (
        {k: v for k, v in os.environ.items() if not k.startswith("LINLI_WECHAT")}
        | {k: str(v) for k, v in ports.items()}
        | {"LINLI_HOME": str(home)}
    )
    # a database of its own there, too: the suite's stack would answer what is said here
    server = PostgresServer(url) if url else None
    if server:
        environ["LINLI_DATABASE_URL"] = server.create()
    settings = prepared.model_copy(
        update={"home": home, "port": ports["LINLI_PORT"], "database_url": environ.get("LINLI_DATABASE_URL", "")}
    )
    port, log = free_port(), home / "simulate.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "wechat", "simulate", "--port", str(port)],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=out,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = next((line for line in process.stdout if line.startswith("模拟的手机")), "")
        assert line, log.read_text()
        yield Place(line.split("：")[1].strip().rstrip("/"), f"http://127.0.0.1:{settings.port}", settings)
    finally:
        process.terminate()
        try:
            process.wait(30)
        finally:
            process.kill()
            if server:
                server.drop(environ["LINLI_DATABASE_URL"])


class Telephone:
    """The page of one account, driven as a person does."""

    def __init__(self, browser: Browser, place: Place, account: str, *, width: int = 1280) -> None:
        self.page = browser.new_context(viewport={"width": width, "height": 960}).new_page()
        self.page.goto(f"{place.simulator}/phone/{account}")

    def lines(self) -> list[str]:
        return self.page.locator(".theirs p, .card p").all_inner_texts()

    def _after(self, before: int) -> str:
        """What came next; the page is never loaded again."""
        self.page.wait_for_function(
            "n => document.querySelectorAll('.theirs p, .card p').length > n", arg=before, timeout=60_000
        )
        self.page.locator(DONE).wait_for(timeout=60_000)
        return "\n".join(self.lines()[before:])

    def say(self, text: str) -> str:
        before = len(self.lines())
        self.page.get_by_label("说一句话").fill(text)
        self.page.keyboard.press("Enter")
        return self._after(before)

    def press(self, top: str, name: str) -> str:
        before = len(self.lines())
        self.page.locator("summary", has_text=top).click()
        self.page.get_by_role("button", name=name, exact=True).click()
        return self._after(before)

    def do(self, button: str, **fields: str) -> str:
        before = len(self.lines())
        self.send(button, **fields)
        return self._after(before)

    def send(self, button: str, **fields: str) -> None:
        for label, value in fields.items():
            field = self.page.get_by_label(label)
            field.select_option(value) if field.evaluate("f => f.tagName") == "SELECT" else field.fill(value)
        self.page.get_by_role("button", name=button, exact=True).click()

    def hear(self, text: str) -> None:
        self.page.locator(".theirs p, .card p", has_text=text).last.wait_for(timeout=60_000)

    def open_link(self) -> Page:
        """The newest link, in a tab of its own."""
        with self.page.context.expect_page() as opened:
            self.page.locator(".theirs a, .card a").last.click()
        opened.value.wait_for_load_state()
        return opened.value

    def refusals(self) -> str:
        return (
            self.page.locator("#books [role=alert]").inner_text()
            if self.page.locator("#books [role=alert]").count()
            else ""
        )


def _asks_by_word_and_by_voice(phone: Telephone) -> None:
    answered = phone.say("订了婚给了彩礼，没领证就散了，彩礼能要回来吗")
    assert "依据" in answered
    assert "看原文" in answered
    shot(phone.page, "wechat-03-asked")
    sources = phone.open_link()
    assert "依据原文" in sources.title()
    assert sources.locator("main section h2").count() >= 1
    shot(sources, "wechat-04-sources")
    sources.close()
    assert "打字" in phone.press("问一问", "问法")
    assert "打字" in phone.do("发语音")
    assert "依据" in phone.do("发语音", **{"语音认出的字（空着就是没认出）": "法律援助怎么申请"})


def _files(phone: Telephone) -> str:
    """The number of the case."""
    phone.press("办一办", "报事")
    phone.say("昨天隔壁老王家砌墙占了我家路")
    where = phone.lines()[-1]
    assert "在哪儿" in where, where
    phone.do("发位置", 位置上的字="村东头老槐树旁")
    assert "收到照片" in phone.do("发照片")
    shot(phone.page, "wechat-05-filing")
    phone.say("让他把墙退回去")
    phone.say("没有")
    summary = phone.say("13812345678")
    assert "老槐树" in summary, summary
    assert "墙退回去" in summary, summary
    shot(phone.page, "wechat-06-summary")
    filed = phone.say("1")
    number = re.search(r"\d{6}-\d{3,}-\d{2}", filed)
    assert number, filed
    shot(phone.page, "wechat-07-filed")
    assert number.group() in phone.press("办一办", "查进度")
    return number.group()


def _case_is_seen(desk: Page, place: Place, number: str) -> None:
    desk.goto(f"{place.base}/staff/cases?q={number}")
    desk.get_by_role("link", name=number).click()
    desk.wait_for_url("**/staff/cases/*")
    assert desk.locator("img.photo").count() == 1
    assert "老槐树" in desk.locator("main").inner_text()
    desk.wait_for_function(
        "() => document.querySelector('img.photo').complete && document.querySelector('img.photo').naturalWidth > 0"
    )
    shot(desk, "wechat-08-case")


def _a_person_answers(phone: Telephone, desk: Page, place: Place) -> None:
    phone.press("办一办", "找人")
    desk.goto(f"{place.base}/staff/inbox")
    desk.locator(".list-group-item", has_text="微信").first.click()
    desk.get_by_role("button", name="接入").click()
    phone.hear("赵主任来了")
    desk.reload()
    assert re.search(r"微信还能发 4 条，到 .+ 为止", desk.locator("main").inner_text())
    shot(desk, "wechat-09-desk")
    desk.get_by_label("回复居民").fill("我明天去村里量一量，您在家吗？")
    press(desk, "发送")
    phone.hear("我明天去村里量一量")
    assert "客服消息" in phone.page.locator(".theirs").last.inner_text()
    desk.locator("#remaining", has_text="微信还能发 3 条").wait_for(timeout=30_000)  # without loading the page again
    shot(phone.page, "wechat-10-person")


def _after_49_hours_a_notice_gives_nothing_away(phone: Telephone, desk: Page, secret: str, number: str) -> None:
    phone.send("过 49 小时")
    phone.page.locator(".note", has_text="过了 49 小时").wait_for()
    assert "还剩 0 条" in phone.page.locator("#books tr").first.inner_text()
    desk.reload()
    assert "窗口已过，剩 0 条：您写的先用通知提醒他" in desk.locator("#remaining").inner_text()
    shot(desk, "wechat-11-desk-window-over")
    before = phone.lines()
    desk.get_by_label("回复居民").fill(secret)
    press(desk, "发送")
    phone.page.locator(".card").wait_for(timeout=30_000)
    assert phone.page.locator(".card").count() == 1
    assert phone.lines()[:-1] == before
    notice = phone.page.locator(".card").inner_text()
    assert "新消息" in notice
    assert not any(word in notice for word in ("墙", "老王", "公分", number))
    shot(phone.page, "wechat-12-notice")


def _the_link_opens_by_a_press(phone: Telephone, secret: str) -> None:
    door = phone.open_link()
    assert "墙" not in door.locator("main").inner_text(), "opening the page alone, as previews do, shows nothing"
    shot(door, "wechat-13-door")
    door.get_by_role("button", name="是我，打开这段对话").click()
    door.locator("linli-chat .message", has_text=secret).wait_for(timeout=30_000)
    assert door.locator("linli-chat .message", has_text="老槐树").count() >= 1
    door.locator("linli-chat .message", has_text=secret).scroll_into_view_if_needed()
    shot(door, "wechat-14-web")


def test_a_village_story_from_the_code_to_the_answer_after_49_hours(browser: Browser, place: Place) -> None:
    staff.make(place.settings, "zhao", "赵主任", "supervisor")
    phone = Telephone(browser, place, "fuwuhao")
    assert "关注" in phone.page.locator(".talk").inner_text()
    shot(phone.page, "wechat-01-before")
    assert "李家沟村" in phone.do("扫码关注", 哪个村的二维码="lijiagou")
    shot(phone.page, "wechat-02-followed")

    _asks_by_word_and_by_voice(phone)
    number = _files(phone)

    desk = staff.sign_in(browser, place.base, "zhao")
    _case_is_seen(desk, place, number)
    _a_person_answers(phone, desk, place)
    secret = "量过了，墙占路 40 公分，老王答应三天内退回去。"
    _after_49_hours_a_notice_gives_nothing_away(phone, desk, secret, number)
    _the_link_opens_by_a_press(phone, secret)
    # Whoever speaks again opens the window, and gets what was waiting.
    assert secret in phone.say("在的")
    assert phone.refusals() == ""
    shot(phone.page, "wechat-15-again")
    for page in (phone.page, desk):
        page.context.close()


def test_without_a_template_the_agent_is_told_that_it_waits_and_it_comes_with_the_next_word(
    browser: Browser, place: Place
) -> None:
    staff.make(place.settings, "qian", "小钱", "agent")
    phone = Telephone(browser, place, "dingyuehao")
    phone.do("扫码关注")
    phone.say("转人工")
    desk = staff.sign_in(browser, place.base, "qian")
    desk.locator(".list-group-item", has_text="微信").first.click()
    desk.get_by_role("button", name="接入").click()
    phone.hear("小钱来了")
    phone.send("过 49 小时")
    phone.page.locator(".note", has_text="过了 49 小时").wait_for()
    desk.reload()
    assert re.search("窗口已过，剩 0 条：.*没有通知模板.*等对方再发一句话", desk.locator("#remaining").inner_text())
    desk.get_by_label("回复居民").fill("您的材料齐了，明天来拿。")
    press(desk, "发送")
    shot(desk, "wechat-16-desk-waits")
    phone.page.wait_for_timeout(4000)
    assert "材料齐了" not in "\n".join(phone.lines())
    assert "材料齐了" in phone.say("好了没")
    assert phone.refusals() == ""
    phone.send("取消关注")
    phone.page.locator(".note", has_text="已取消关注").wait_for()
    desk.reload()
    assert "已取消关注" in desk.locator("main").inner_text()
    shot(desk, "wechat-17-desk-unfollowed")
    for page in (phone.page, desk):
        page.context.close()


def test_an_unverified_account_answers_at_once_and_has_no_menu(browser: Browser, place: Place) -> None:
    phone = Telephone(browser, place, "weirenzheng", width=390)
    phone.send("发送", 说一句话="在吗")
    phone.page.locator(".note", has_text="还没有关注").wait_for()
    phone.do("扫码关注", 哪个村的二维码="shiqiao")
    assert "依据" in phone.say("法律援助怎么申请")
    assert "当场回复" in phone.page.locator(".theirs").last.inner_text()
    assert "没有客服接口" in phone.page.locator("#books").inner_text()
    assert phone.refusals() == ""
    shot(phone.page, "wechat-18-unverified")
    phone.page.context.close()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_simulators_page_breaks_no_rule(browser: Browser, place: Place, width: int) -> None:
    for account in ("fuwuhao", "weirenzheng"):
        phone = Telephone(browser, place, account, width=width)
        if not phone.lines():
            phone.do("扫码关注", 哪个村的二维码="lijiagou")
        phone.send("发照片")
        phone.page.locator(".mine img").last.wait_for()
        if account == "fuwuhao":
            phone.page.locator("summary").first.click()
        assert violations(phone.page) == [], (account, width)
        assert phone.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (account, width)
        phone.page.context.close()
