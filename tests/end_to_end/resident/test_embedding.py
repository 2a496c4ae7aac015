"""The round button on pages of another server, in a real browser against the real stack."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect
from sqlalchemy import delete, select

from bot.conversations.models import Conversation, Message, Sender
from bot.db import make_engine, make_sessions
from bot.run.stack import Stack
from bot.settings import Settings
from bot.sites import listed
from bot.sites.models import RefusedKnock, Site

PHONE, DESKTOP = (375, 720), (1280, 900)
STRICT = (
    "default-src 'none'; script-src {base}; frame-src {base}; connect-src {base}; style-src 'self'; base-uri 'none'"
)


@dataclass
class Host:
    """Somebody else's web site: one page with the code on it."""

    address: str = ""
    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def show(self, base: str, *, more: str = "", csp: str = "", data: str = "") -> None:
        code = f'<script src="{base}/static/launcher.js" data-village="lijiagou" {data} defer></script>'
        style = "" if csp else "<style>html{font-size:62.5%} *{line-height:1} button{all:unset}</style>"
        self.html = f"<!doctype html><meta charset=utf-8><title>县政府</title>{style}<h1>某县</h1>{more}{code}{code}"
        self.headers = {"Content-Security-Policy": csp} if csp else {}


@pytest.fixture
def host() -> Iterator[Host]:
    shown = Host()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            for name, value in shown.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(shown.html.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    # another site than the stack's, not only another port of it
    shown.address = f"http://localhost:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield shown
    server.shutdown()


@pytest.fixture
def listing(stack: Stack, host: Host) -> Iterator[Callable[[], None]]:
    """Lists the host; what is listed and what knocked goes again afterwards."""
    sessions = make_sessions(make_engine(stack.settings.url))

    def add() -> None:
        with sessions() as session:
            listed.add(session, host.address, colour="#8b0000", by="test", now=datetime.now(UTC))
            session.commit()
        time.sleep(5.5)  # an app process keeps the list so long

    yield add
    with sessions() as session:
        session.execute(delete(Site))
        session.execute(delete(RefusedKnock))
        session.commit()


@pytest.fixture
def opened(browser: Browser, host: Host) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_(width: int, height: int, script: str = "") -> Page:
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.goto(host.address)
        return page

    yield open_
    for context in contexts:
        context.close()


def chat(page: Page) -> FrameLocator:
    return page.frame_locator("linli-launcher iframe")


def begin(page: Page) -> FrameLocator:
    page.get_by_role("button", name="问邻里").click()
    chat(page).get_by_text("我知道了，开始").click()
    return chat(page)


def ask(inside: FrameLocator, text: str) -> None:
    before = inside.locator(".message.bot").count()
    inside.get_by_label("写下您的问题").fill(text)
    inside.get_by_label("写下您的问题").press("Enter")
    expect(inside.locator(".message.bot").nth(before)).to_be_visible(timeout=30_000)


def answered_by_a_person(settings: Settings, text: str) -> None:
    """A message of an agent in the newest conversation."""
    with make_sessions(make_engine(settings.url))() as session:
        newest = session.scalars(select(Conversation).order_by(Conversation.created_at.desc()).limit(1)).one()
        session.add(Message(conversation_id=newest.id, sender=Sender.agent, text=text, answered_at=datetime.now(UTC)))
        session.commit()


def test_on_a_phone_it_fills_the_screen_and_the_host_page_does_not_shrink_it(
    stack: Stack, base: str, host: Host, listing: Callable[[], None], opened: Callable[..., Page]
) -> None:
    listing()
    host.show(base)
    page = opened(*PHONE)
    assert page.locator("linli-launcher").count() == 1, "the code stands there twice"
    inside = begin(page)
    box = page.locator("linli-launcher [role=dialog]").bounding_box()
    assert box == {"x": 0, "y": 0, "width": PHONE[0], "height": PHONE[1]}
    ask(inside, "低保怎么申请")
    for where in (inside.locator(".message.bot .said").last, inside.get_by_label("写下您的问题")):
        assert float(where.evaluate("node => getComputedStyle(node).fontSize").removesuffix("px")) >= 16
    page.get_by_role("button", name="关上").click()
    assert page.get_by_role("button", name="问邻里").is_visible()


def test_on_a_desktop_it_is_a_corner_and_a_dot_tells_of_what_is_unread(
    stack: Stack, base: str, host: Host, listing: Callable[[], None], opened: Callable[..., Page]
) -> None:
    listing()
    host.show(base, data='data-side="left"')
    page = opened(*DESKTOP)
    inside = begin(page)
    ask(inside, "低保怎么申请")
    box = page.locator("linli-launcher [role=dialog]").bounding_box()
    assert box is not None
    assert (box["x"], box["width"], box["height"]) == (20, 380, 640)
    face = page.get_by_role("button", name="问邻里")
    page.get_by_role("button", name="关上").click()
    expect(face).to_have_css("background-color", "rgb(139, 0, 0)")  # the colour that staff chose for this site
    answered_by_a_person(stack.settings, "您好，材料我看过了。")
    unread = page.get_by_role("button", name="有 1 条没看的消息")
    expect(unread).to_be_visible(timeout=30_000)
    page.reload()
    expect(unread).to_be_visible(timeout=30_000)  # and it was not taken as read while nobody saw it
    unread.click()
    expect(inside.get_by_text("您好，材料我看过了。")).to_be_visible()
    inside.get_by_role("button", name="字号和设置").click()
    page.keyboard.press("Escape")
    expect(page.locator("linli-launcher [role=dialog]")).to_be_visible()  # the first closes its sheet
    page.keyboard.press("Escape")
    expect(page.locator("linli-launcher [role=dialog]")).not_to_be_visible()
    page.get_by_role("button", name="问邻里，打开聊天窗口").click()
    assert inside.locator(".message.resident").count() == 1, "the conversation went on"
    page.get_by_role("button", name="关上").click()
    expect(page.get_by_role("button", name="问邻里，打开聊天窗口")).to_be_visible()


def test_a_page_that_moves_it_keeps_it_alive(
    stack: Stack, base: str, host: Host, listing: Callable[[], None], opened: Callable[..., Page]
) -> None:
    listing()
    host.show(base, more="<div id=elsewhere></div>")
    page = opened(*DESKTOP)
    inside = begin(page)
    ask(inside, "低保怎么申请")
    page.evaluate("document.querySelector('#elsewhere').append(document.querySelector('linli-launcher'))")
    expect(inside.locator(".message.resident")).to_have_count(1)
    page.get_by_role("button", name="关上").click()
    answered_by_a_person(stack.settings, "挪了地方也收得到。")
    expect(page.get_by_role("button", name="有 1 条没看的消息")).to_be_visible(timeout=30_000)


def test_a_site_that_is_not_listed_shows_why_and_whom_to_call(
    stack: Stack, base: str, host: Host, listing: Callable[[], None], opened: Callable[..., Page]
) -> None:
    host.show(base)
    page = opened(*DESKTOP)
    with page.expect_response("**/api/embedding"):
        page.reload()
    page.get_by_role("button", name="问邻里").click()
    panel = page.locator("linli-launcher [role=dialog]")
    expect(panel).to_contain_text("这个网站还没有登记")
    assert panel.locator("a[href='tel:12348']").is_visible()
    assert page.locator("linli-launcher iframe").count() == 0
    with make_sessions(make_engine(stack.settings.url))() as session:
        assert [knock.origin for knock in listed.knocks(session)] == [host.address]


def test_no_page_of_a_site_that_is_not_listed_frames_the_chat(
    base: str, host: Host, listing: Callable[[], None], opened: Callable[..., Page]
) -> None:
    host.html = f'<iframe src="{base}/?embedded=1&host={host.address}"></iframe>'
    page = opened(*DESKTOP)
    page.wait_for_timeout(1500)
    assert page.frame_locator("iframe").get_by_text("我知道了，开始").count() == 0


def test_a_strict_policy_of_the_page_is_enough_as_documented(
    base: str, host: Host, listing: Callable[[], None], opened: Callable[..., Page]
) -> None:
    listing()
    host.show(base, csp=STRICT.format(base=base))
    page = opened(*PHONE)
    ask(begin(page), "低保怎么申请")
    box = page.locator("linli-launcher [role=dialog]").bounding_box()
    assert box == {"x": 0, "y": 0, "width": PHONE[0], "height": PHONE[1]}, "styles without a style sheet"


def test_a_policy_that_forbids_the_frame_leaves_numbers_and_a_link(
    base: str, host: Host, listing: Callable[[], None], opened: Callable[..., Page]
) -> None:
    listing()
    host.show(base, csp=f"default-src 'none'; script-src {base}")
    page = opened(*PHONE)
    page.get_by_role("button", name="问邻里").click()
    panel = page.locator("linli-launcher [role=dialog]")
    expect(panel).to_contain_text("聊天窗口没有打开", timeout=20_000)
    assert panel.locator("a[href='tel:110']").is_visible()
    assert panel.get_by_text("在新窗口打开邻里").get_attribute("href") == f"{base}/?village=lijiagou"


def test_it_talks_where_the_browser_keeps_nothing(
    base: str, host: Host, listing: Callable[[], None], opened: Callable[..., Page]
) -> None:
    listing()
    host.show(base)
    blocked = (
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    page = opened(*PHONE, blocked)
    inside = begin(page)
    ask(inside, "低保怎么申请")
    ask(inside, "彩礼能退吗")
    assert inside.locator(".message.resident").count() == 2


@pytest.mark.parametrize("blocks_frames", [True, False], ids=["frames keep nothing", "frames keep what is theirs"])
def test_a_conversation_goes_on_at_the_next_page(
    base: str, host: Host, listing: Callable[[], None], opened: Callable[..., Page], blocks_frames: bool
) -> None:
    """Playwright's contexts are like a private window: a frame of another site may keep nothing there."""
    listing()
    host.show(base)
    if not blocks_frames:  # the same site on another port may
        host.address = host.address.replace("localhost", "127.0.0.1")
        listing()
    page = opened(*DESKTOP)
    inside = begin(page)
    ask(inside, "低保怎么申请")
    for _ in range(2):
        page.goto(host.address + "/next")
        page.get_by_role("button", name="问邻里").click()
        expect(inside.locator(".message.resident")).to_have_count(1)
    lent = page.evaluate("Object.keys(JSON.parse(localStorage.getItem('linli-launcher-lent') || '{}'))")
    assert ("linli-token" in lent) is blocks_frames, "the page around gets the key only where there is no other way"
