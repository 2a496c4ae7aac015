"""The widget in a real browser against the real stack."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

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


def test_nothing_is_wider_than_the_screen(page: Page) -> None:
    ask(page, "调解不成怎么办")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_hostile_message_is_shown_as_text(page: Page) -> None:
    ask(page, "<img src=x onerror=alert(1)> 彩礼")
    assert page.locator("linli-chat img").count() == 0


def test_the_script_is_small(prepared: Settings) -> None:
    assert len((Path(__file__).parents[2] / "bot" / "static" / "widget.js").read_bytes()) <= 40_000
