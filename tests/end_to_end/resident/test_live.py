"""News in the browser without asking for them: by the stream, and by asking where there is none."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route
from sqlalchemy import select

from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from tests.end_to_end.resident.test_widget import ask

_SAID = """() => [...document.querySelector('linli-chat').shadowRoot.querySelectorAll('.message')]
  .map((node) => node.querySelector('.said')?.textContent).filter(Boolean)"""


def opened(context: BrowserContext, base: str) -> Page:
    page = context.new_page()
    page.goto(base)
    return page


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 360, "height": 740})
    yield made
    made.close()


@pytest.fixture
def write(prepared: Settings) -> Iterator[Callable[..., int]]:
    """What an agent writes, through another process than the one that serves the page."""
    engine = make_engine(prepared.url)

    def written(text: str, *, status: ConversationStatus = ConversationStatus.bot) -> int:
        with make_sessions(engine)() as session:
            here = session.scalars(select(Message.conversation_id).order_by(Message.id.desc())).first()
            session.get_one(Conversation, here).status = status
            said = Message(conversation_id=here, sender=Sender.agent, text=text, answered_at=datetime.now(UTC))
            session.add(said)
            session.commit()
            return said.id

    yield written
    engine.dispose()


def test_words_come_without_being_asked_for_and_are_counted_as_seen(
    context: BrowserContext, base: str, write: Callable[..., int], prepared: Settings
) -> None:
    page = opened(context, base)
    page.get_by_text("我知道了，开始").click()
    ask(page, "你好")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/messages?" in request.url else None)
    page.wait_for_timeout(11_000)
    assert asked == [], "the page listens, it doesn't ask"
    last = write("我是小王，看到了", status=ConversationStatus.open)
    page.get_by_text("我是小王，看到了").wait_for(timeout=8_000)
    page.wait_for_timeout(1_500)
    with make_sessions(make_engine(prepared.url))() as session:
        here = session.get_one(Message, last).conversation_id
        assert session.get_one(Conversation, here).resident_seen == last
        session.get_one(Conversation, here).status = ConversationStatus.bot
        session.commit()


def test_two_pages_of_one_conversation_agree(context: BrowserContext, base: str, write: Callable[..., int]) -> None:
    one = opened(context, base)
    one.get_by_text("我知道了，开始").click()
    ask(one, "你好")
    other = opened(context, base)
    other.locator(".message.resident").wait_for()
    ask(one, "低保怎么申请")
    write("我是小王")
    ask(other, "谢谢")
    write("您客气")
    for page in (one, other):
        page.get_by_text("您客气").wait_for(timeout=10_000)
    assert one.evaluate(_SAID) == other.evaluate(_SAID)
    one.reload()
    one.get_by_text("您客气").wait_for()
    assert one.evaluate(_SAID) == other.evaluate(_SAID)


def test_a_page_that_can_not_listen_asks(context: BrowserContext, base: str, write: Callable[..., int]) -> None:
    tries: list[str] = []

    def refuse(route: Route) -> None:
        tries.append(route.request.url)
        route.abort()

    context.route("**/api/widget/events*", refuse)
    page = opened(context, base)
    page.get_by_text("我知道了，开始").click()
    ask(page, "你好")
    write("我是小王，看到了")
    page.get_by_text("我是小王，看到了").wait_for(timeout=25_000)
    assert len(tries) == 2, "then it waits before it tries again"


def test_a_stream_that_ends_goes_on_after_the_last_message(
    context: BrowserContext, base: str, write: Callable[..., int]
) -> None:
    listened: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: listened.append(request.url) if "/events?" in request.url else None)
    page.goto(base)
    page.get_by_text("我知道了，开始").click()
    ask(page, "你好")
    last = write("第一句")
    page.get_by_text("第一句").wait_for(timeout=10_000)
    page.evaluate("document.querySelector('linli-chat').ear.abort()")
    write("第二句")
    page.get_by_text("第二句").wait_for(timeout=10_000)
    assert page.locator(".message.agent").count() == 2
    assert f"after={last}" in listened[-1]
