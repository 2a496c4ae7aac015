"""The widget in a real browser against the real stack."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route
from sqlalchemy import select

from actions.feedback import UnansweredQuestion
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


def test_numbers_put_away_stay_away_after_a_reload(page: Page) -> None:
    for said in ("救命，有人拿刀砍我", "他又拿刀来砍我了，救命"):
        ask(page, said)
    strip = page.locator(".strip.danger")
    strip.get_by_role("button", name="收起").click()
    page.reload()
    page.locator(".message.emergency").nth(1).wait_for()
    assert not strip.is_visible()


def test_what_waits_to_be_sent_is_in_sight_after_a_reload_without_the_server(page: Page) -> None:
    ask(page, "法律援助怎么申请")
    page.route("**/api/**", lambda route: route.abort())
    page.get_by_label("写下您的问题").fill("结婚证丢了咋补")
    page.keyboard.press("Enter")
    page.reload()
    page.locator(".message.resident", has_text="结婚证丢了咋补").wait_for()
    page.unroute("**/api/**")
    page.locator(".message.bot").nth(2).wait_for(timeout=30_000)
    assert page.locator(".message.resident", has_text="结婚证丢了咋补").count() == 1


_SHARE = """() => {
  const log = document.querySelector('linli-chat').shadowRoot.querySelector('.log').getBoundingClientRect();
  return log.height / innerHeight;
}"""


@pytest.mark.parametrize(
    ("width", "height", "size", "least"),
    [
        (360, 740, "标准", 0.75),
        (360, 420, "标准", 0.7),
        (360, 740, "最大", 0.75),
        (320, 568, "最大", 0.75),
        (180, 370, "标准", 0.7),  # a phone of 360 by 740 at 200 %
    ],
    ids=["phone", "keyboard", "largest type", "small phone", "zoomed"],
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


_PRESSED = """() => { const chat = document.querySelector('linli-chat');
  chat.pin({ id: 9, links: ['110', '120', '119'].map((n) => ({ label: '拨打 ' + n, href: 'tel:' + n })) });
  chat.held('waiting'); }"""


@pytest.mark.parametrize("height", [740, 420], ids=["phone", "keyboard"])
def test_type_of_twice_the_size_leaves_the_conversation_most_of_the_screen(
    browser: Browser, stack: Stack, height: int
) -> None:
    """The reader's own type at 200 %, our largest on top of it, in danger and waiting for a person."""
    large = browser.browser_type.launch(
        executable_path=shutil.which("chromium") or None,
        args=["--no-sandbox", "--disable-gpu", "--blink-settings=defaultFontSize=32"],
    )
    page = large.new_page(viewport={"width": 360, "height": height})
    page.goto(f"http://127.0.0.1:{stack.settings.port}/")
    page.get_by_text("我知道了，开始").click()
    page.get_by_role("button", name="字号和设置").click()
    page.get_by_role("button", name="字号最大").click()
    page.keyboard.press("Escape")
    assert page.evaluate(_SHARE) >= 0.7
    page.evaluate(_PRESSED)
    assert page.evaluate(_SHARE) >= 0.6
    assert page.get_by_role("button", name="收起").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    large.close()


@pytest.mark.parametrize(("width", "height"), [(360, 740), (320, 568)])
def test_in_our_largest_letters_one_sees_what_one_writes(
    browser: Browser, stack: Stack, width: int, height: int
) -> None:
    """Four characters a line stood there beside 说话, ＋ and 发送."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(f"http://127.0.0.1:{stack.settings.port}/")
    page.get_by_text("我知道了，开始").click()
    page.get_by_role("button", name="字号和设置").click()
    page.get_by_role("button", name="字号最大").click()
    page.keyboard.press("Escape")
    page.get_by_label("写下您的问题").fill("我想问一下我家的地被村里占了怎么办")
    field, send = (
        page.get_by_label("写下您的问题").bounding_box(),
        page.get_by_role("button", name="发送").bounding_box(),
    )
    assert field
    assert send
    assert field["width"] >= 0.9 * width
    assert field["y"] + field["height"] <= send["y"] + 1
    assert send["y"] + send["height"] <= height
    page.close()


_CITATION = {"number": 1, "kind_label": "法律", "title": "民法典", "article": "第一条", "text": "为了", "note": None}


def told(page: Page, text: str, **more: Any) -> Locator:
    """What the server is made to say next, as the page shows it."""
    reply = {"id": 10**6, "sender": "bot", "kind": "answer", "text": text, "next": None, "links": [], "buttons": []}
    reply |= {"citations": [_CITATION], "at": "2026-12-01T08:00:00+00:00", "can_rate": True, "rating": None, **more}

    def answer(route: Route) -> None:
        sent = route.request.post_data_json
        own = {**reply, "id": 10**6 - 1, "sender": "resident", "text": sent["text"], "client_id": sent["client_id"]}
        own |= {"citations": [], "buttons": [], "can_rate": False}
        route.fulfill(json={"message": own, "replies": [reply], "status": "bot", "pending": False})

    page.route("**/api/widget/messages", answer, times=1)
    ask(page, "问一句")
    return page.locator(".message.bot").last


_WEIGHTS = """(message) => [...message.querySelectorAll('.short, .said, .when, li')].map((one) =>
  [one.className || one.tagName, Number(getComputedStyle(one).fontWeight)])"""


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("能要。对方先赔。\n· 他不认：先报警", "能要。对方先赔。"),
        ("要得回来。转账记录加上催钱的聊天，他认过账的话，没有借条一样能起诉。\n· 没说好：随时能要", "要得回来。"),
        ("《民法典》第一千零四十二条说：禁止包办、买卖婚姻。禁止借婚姻索取财物。", "《民法典》第一千零四十二条说："),
        ("写了连带责任：银行可以直接找您；保证期间里一次都没要过，您就不用还。\n看合同。", "写了连带责任："),
        ("一、借钱没写借条\n要得回来。转账记录加上催钱的聊天，他认过账的话，也能起诉。", "要得回来。"),
    ],
    ids=["short", "long", "statute", "case that was told", "one of several"],
)
def test_an_answer_has_a_title_and_the_rest_is_not_bold(page: Page, text: str, title: str) -> None:
    """First sentence and cases were one bold block on a phone."""
    message = told(page, text, next="\n1. 拍照\n2. 找村委会，不行打 12348\n别动手")
    assert message.locator(".short").all_inner_texts() == [title]
    weights = [(name, weight) for name, weight in message.evaluate(_WEIGHTS) if name != "short"]
    assert weights
    assert all(weight <= 400 for _, weight in weights), weights
    assert message.locator(".next ol li").count() == 2
    assert message.locator(".next a[href='tel:12348']").is_visible()


def test_what_may_have_been_meant_is_tapped_where_it_is_told_and_once_only(page: Page) -> None:
    """Up to three questions, with what holds for each; they stood once as text and once as buttons."""
    asks = ["邻居占了承包地", "修路占了承包地", "外嫁女的承包地"]
    lines = "\n".join(f"· {ask}：能要回来" for ask in asks)
    buttons = [{"title": ask} for ask in (*asks, "都不是")]
    message = told(page, f"您说的是下面哪一件？\n{lines}", kind="asking", buttons=buttons, can_rate=False)
    picks = message.locator("button.pick")
    assert picks.count() == 3
    assert message.locator(".choices button").all_inner_texts() == ["都不是"]
    assert all((box := pick.bounding_box()) and box["height"] >= 44 for pick in picks.all())
    picks.nth(1).click()
    page.locator(".message.resident", has_text="修路占了承包地").wait_for()
    assert message.locator("button").count() == 0
    assert "外嫁女的承包地" in message.inner_text()


def test_who_says_no_use_is_asked_what_was_wrong(page: Page, prepared: Settings) -> None:
    ask(page, "低保怎么申请")
    page.get_by_role("button", name="没用").click()
    with page.expect_response("**/rating") as answered:
        page.get_by_role("button", name="没说清怎么办").click()
    assert answered.value.status == 204
    page.get_by_text("记下了，谢谢您").wait_for()
    with make_sessions(make_engine(prepared.url))() as session:
        latest = select(UnansweredQuestion).order_by(UnansweredQuestion.id.desc()).limit(1)
        row = session.scalars(latest).one()
        assert (row.question, row.reason) == ("低保怎么申请", "down_vague")


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


def test_two_keys_lead_to_the_input_however_much_was_said(page: Page) -> None:
    """It took 56 Tabs past 21 answers; the skip link led to the whole of it (ux, what confused)."""
    ask(page, "低保怎么申请")
    page.reload()
    page.locator(".message.answer").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.type("彩礼")
    assert page.get_by_label("写下您的问题").input_value() == "彩礼"
    page.get_by_label("写下您的问题").fill("")


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


_CHOOSES = """(input) => {
  input.dispatchEvent(new CompositionEvent("compositionstart"));
  input.dispatchEvent(new CompositionEvent("compositionend", { data: "你好" }));
  const enter = { key: "Enter", keyCode: 229, bubbles: true, cancelable: true };
  input.dispatchEvent(new KeyboardEvent("keydown", enter));
}"""


def test_the_enter_that_chooses_a_pinyin_word_sends_nothing(page: Page) -> None:
    """Safari ends the composition before it tells of the key (WebKit bug 165004)."""
    page.get_by_label("写下您的问题").fill("你好")
    page.get_by_label("写下您的问题").evaluate(_CHOOSES)
    assert page.locator(".message.resident").count() == 0
    assert page.get_by_label("写下您的问题").input_value() == "你好"


def test_five_presses_over_a_slow_net_are_one_message(page: Page) -> None:
    """chatwoot#946: each press sent it again."""

    def late(route: Route) -> None:
        page.wait_for_timeout(1500)
        route.continue_()

    page.route("**/api/widget/messages", late)
    page.get_by_label("写下您的问题").fill("低保怎么申请")
    for _ in range(5):
        page.evaluate("document.querySelector('linli-chat').submit()")
    page.locator(".message.answer").wait_for(timeout=30_000)
    page.unroute("**/api/widget/messages")
    page.reload()
    page.locator(".message.answer").wait_for()
    assert page.locator(".message.resident").count() == 1


def test_nothing_is_wider_than_the_screen(page: Page) -> None:
    ask(page, "调解不成怎么办")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_hostile_message_is_shown_as_text(page: Page) -> None:
    ask(page, "<img src=x onerror=alert(1)> 彩礼")
    assert page.locator("linli-chat img").count() == 0


def test_the_script_is_small(prepared: Settings) -> None:
    assert len((Path(__file__).parents[3] / "bot" / "static" / "widget.js").read_bytes()) <= 40_000
