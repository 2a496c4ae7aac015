"""The widget in a real browser against the real stack."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from bot.conversations.models import Message, Sender
from bot.db import make_engine, make_sessions
from bot.run.stack import Stack
from bot.settings import Settings


@pytest.fixture(params=[(320, 640), (1200, 900)], ids=["320px", "desktop"])
def page(browser: Browser, stack: Stack, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = request.param
    opened = browser.new_page(viewport={"width": width, "height": height})
    opened.goto(f"http://127.0.0.1:{stack.settings.port}/")
    opened.get_by_text("我知道了，开始").click()
    yield opened
    opened.close()


def ask(page: Page, text: str) -> None:
    before = page.locator(".message.bot").count()
    page.get_by_label("写下您的问题").fill(text)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "n => document.querySelector('linli-chat').shadowRoot.querySelectorAll('.message.bot').length > n",
        arg=before,
        timeout=30_000,
    )


def test_an_answer_has_cards_that_unfold_and_survives_a_reload(page: Page) -> None:
    ask(page, "法律援助怎么申请")
    card = page.locator(".message.answer details").first
    card.locator("summary").click()
    assert "起施行" in card.inner_text()
    page.reload()
    page.locator(".message.answer").first.wait_for()
    assert page.locator(".message.resident").count() == 1


def test_an_emergency_offers_numbers_to_tap(page: Page) -> None:
    ask(page, "救命，有人拿刀砍我")
    assert page.locator(".message.emergency a[href='tel:110']").is_visible()


_SHARE = """() => {
  const log = document.querySelector('linli-chat').shadowRoot.querySelector('.log').getBoundingClientRect();
  return log.height / innerHeight;
}"""


@pytest.mark.parametrize(
    ("width", "height", "size", "least"),
    [(360, 740, "标准", 0.75), (360, 420, "标准", 0.6), (360, 740, "最大", 0.7), (320, 568, "特大", 0.6)],
    ids=["phone", "keyboard", "largest type", "small phone"],
)
def test_the_conversation_has_most_of_the_screen(
    browser: Browser, stack: Stack, width: int, height: int, size: str, least: float
) -> None:
    """It had 26 % of it, and with large type the composer lay under the footer (ux A7, C1)."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(f"http://127.0.0.1:{stack.settings.port}/")
    page.get_by_text("我知道了，开始").click()
    page.get_by_role("button", name="字号和设置").click()
    page.get_by_role("button", name=f"字号{size}").click()
    page.keyboard.press("Escape")
    assert page.evaluate(_SHARE) >= least
    ask(page, "承包地被占了找谁")
    assert page.evaluate(_SHARE) >= least
    composer = page.get_by_label("写下您的问题").bounding_box()
    assert composer
    assert composer["y"] + composer["height"] <= height
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.close()


def test_numbers_stay_in_sight_until_they_are_put_away(page: Page) -> None:
    ask(page, "我爸喝了农药，叫不醒了")
    pinned = page.locator(".strip.danger a[href='tel:120']")
    ask(page, "低保怎么申请")
    assert pinned.is_visible()
    page.reload()
    pinned.wait_for()
    page.get_by_role("button", name="收起").click()
    assert not pinned.is_visible()
    page.reload()
    page.locator(".message.emergency").first.wait_for()
    assert not pinned.is_visible()


def test_only_the_last_choices_can_be_chosen(page: Page) -> None:
    ask(page, "低保怎么申请")
    assert page.get_by_role("button", name="有用").count() == 1
    ask(page, "我要反映问题")
    ask(page, "算了")
    assert page.get_by_role("button", name="有用").count() <= 1
    assert page.locator(".choices").count() <= 1


def test_a_draft_survives_a_reload(page: Page) -> None:
    page.get_by_label("写下您的问题").fill("我家的地被")
    page.reload()
    page.get_by_text("您好，我是邻里").wait_for()
    assert page.get_by_label("写下您的问题").input_value() == "我家的地被"
    page.get_by_label("写下您的问题").fill("")


def test_a_large_picture_is_made_small_before_it_is_sent(page: Page, tmp_path: Path) -> None:
    """15 MB from a newer telephone were refused (ux A6)."""
    picture = tmp_path / "wall.png"
    Image.frombytes("RGB", (3000, 2200), os.urandom(3000 * 2200 * 3)).save(picture)
    assert picture.stat().st_size > 15_000_000
    page.locator("input[type=file]").set_input_files(str(picture))
    page.get_by_text("收到照片 1 张").wait_for(timeout=30_000)
    assert page.get_by_alt_text("您发的照片").is_visible()


def test_what_an_agent_wrote_between_two_polls_is_shown(page: Page, prepared: Settings) -> None:
    """Five of six such messages were never seen, and the agent read 已读 (ux A1)."""
    ask(page, "你好")
    with make_sessions(make_engine(prepared.url))() as session:
        here = session.scalars(select(Message.conversation_id).order_by(Message.id.desc())).first()
        session.add(
            Message(conversation_id=here, sender=Sender.agent, text="我是小王，看到了", answered_at=datetime.now(UTC))
        )
        session.commit()
    ask(page, "谢谢")
    page.get_by_text("我是小王，看到了").wait_for(timeout=30_000)


def test_what_is_sent_stays_one_element_that_says_first_who_speaks(page: Page) -> None:
    """It was replaced when it had arrived, and so was read twice (ux, what confused)."""
    page.evaluate(
        """() => { const log = document.querySelector('linli-chat').log; window.added = [];
        const keep = (node) => added.push(node.innerText);
        const watch = (all) => all.forEach((one) => one.addedNodes.forEach(keep));
        new MutationObserver(watch).observe(log, { childList: true });
        }"""
    )
    ask(page, "你好")
    added = page.evaluate("added")
    assert sum("你好\n" in text and "我说：" in text for text in added) == 1
    assert all(text.startswith(("我说：", "邻里说：")) for text in added)


def test_nothing_is_wider_than_the_screen(page: Page) -> None:
    ask(page, "调解不成怎么办")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_hostile_message_is_shown_as_text(page: Page) -> None:
    ask(page, "<img src=x onerror=alert(1)> 彩礼")
    assert page.locator("linli-chat img").count() == 0


def test_the_script_is_small(prepared: Settings) -> None:
    assert len((Path(__file__).parents[3] / "bot" / "static" / "widget.js").read_bytes()) <= 40_000
