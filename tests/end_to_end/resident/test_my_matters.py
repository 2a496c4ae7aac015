"""A case as one card, and 我的事和预约, in a real browser against the real stack."""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from actions.bookings import openings
from actions.bookings.models import Mode
from actions.cases import moves
from actions.cases.models import Case
from actions.cases.status import CaseStatus
from actions.offices.models import Team
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from tests.end_to_end.staff import Chat
from tests.end_to_end.test_accessibility import violations

_DESK = moves.Actor("staff", "王芳", 1)


@pytest.fixture
def move(prepared: Settings) -> Iterator[Callable[[str, CaseStatus], None]]:
    """What staff do with a case, in another process than the one that serves the page."""
    engine = make_engine(prepared.url)

    def moved(number: str, to: CaseStatus) -> None:
        with make_sessions(engine)() as session:
            case = session.scalars(select(Case).where(Case.number == number.replace("-", ""))).one()
            team = session.scalars(select(Team.id).where(Team.name == "李家沟村委会")).one()
            moves.move(
                session,
                case.id,
                to,
                actor=_DESK,
                key=uuid.uuid4().hex,
                now=datetime.now(UTC),
                note="到现场量过，邻居答应退。",
                team_id=team,
            )

    yield moved
    engine.dispose()


def file_one(chat: Chat) -> str:
    chat.say("我要反映问题")
    chat.say("昨天隔壁老王家砌墙占了我家路")
    chat.say("村东头老槐树旁边")
    chat.say("让他把墙退回去")
    chat.say("没有")
    chat.say("匿名")
    number = re.search(r"\d{6}-\d{3,}-\d{2}", chat.press("对，报上去"))
    assert number
    return number.group()


def test_all_news_of_a_case_are_one_card_with_the_newest_on_top(
    browser: Browser, base: str, move: Callable[[str, CaseStatus], None]
) -> None:
    chat = Chat(browser, base, width=360)
    number, page = file_one(chat), chat.page
    card = page.get_by_role("group", name=f"事项 {number}")
    chat.say("低保怎么申请")
    for to, words in (
        (CaseStatus.accepted, "已经受理"),
        (CaseStatus.assigned, "交给李家沟村委会"),
        (CaseStatus.in_progress, "着手办"),
    ):
        move(number, to)
        card.locator(".said", has_text=words).wait_for(timeout=30_000)
    assert card.count() == 1
    card.locator("li[aria-current=step]", has_text="办理").wait_for()
    assert page.locator(".message").last.get_attribute("aria-label") == f"事项 {number}", "below what was said since"
    assert not card.get_by_text("已经受理").is_visible()
    card.get_by_text("以前的消息 3 条").click()
    assert card.get_by_text("已经受理").is_visible()
    assert violations(page) == [], "a card"
    assert "替您催了" in chat.press("催一下")
    card.get_by_role("button", name="补充").click()
    assert "补充进去了" in chat.say("他今天又砌高了一截")
    move(number, CaseStatus.answered)
    card.locator(".said", has_text="邻居答应退").wait_for(timeout=30_000)
    page.reload()
    card.locator("li[aria-current=step]", has_text="答复").wait_for()
    assert "重新处理" in chat.press("没解决")
    card.locator("li[aria-current=step]", has_text="办理").wait_for()
    chat.page.context.close()


@pytest.fixture
def _opening(prepared: Settings) -> Iterator[None]:
    """Of 钱律师, for as long as the test lasts: others count how many are offered."""
    engine, now = make_engine(prepared.url), datetime.now(UTC)
    with make_sessions(engine)() as session:
        opening = openings.publish(
            session,
            worker_id=None,
            worker_name="钱律师",
            mode=Mode.visit,
            place="lijiagou",
            address="村委会二楼",
            starts_at=now + timedelta(hours=30),
            ends_at=now + timedelta(hours=31),
            capacity=5,
            now=now,
        )
        session.commit()
        yield
        openings.cancel_opening(session, opening.id, reason="", now=now)
    engine.dispose()


@pytest.mark.usefixtures("_opening")
def test_what_one_filed_and_booked_is_a_list(browser: Browser, base: str) -> None:
    chat = Chat(browser, base, width=320)
    page = chat.page

    def look() -> None:
        page.get_by_label("照片、我的事、找真人").click()
        page.get_by_role("button", name="我的事和预约").click()

    look()
    page.get_by_text("在这里还没有登记过的事").wait_for()
    page.get_by_role("button", name="关上").click()
    number = file_one(chat)
    chat.say("想约律师")
    page.get_by_role("button", name="钱律师").first.click()
    page.get_by_text("想咨询什么事").wait_for()
    chat.say("离婚")
    chat.press("在这里联系就行")
    assert "约好了" in chat.press("对，约上")
    look()
    mine = page.locator(".matter", has_text=number)
    mine.wait_for()
    assert page.locator(".matter", has_text="钱律师").get_by_text("村委会二楼").is_visible()
    assert violations(page) == [], "the list"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert "随时能打开" in chat.press("要个进度链接")
    link = page.get_by_role("link", name="打开看进度").get_attribute("href") or ""
    door = page.context.new_page()
    door.goto(base + link)
    assert violations(door) == [], "the door of a link"
    door.get_by_role("button", name="看进度").click()
    assert violations(door) == [], "the progress by a link"
    assert number in door.inner_text("main")
    look()
    mine.get_by_role("button", name="收回发出去的链接").click()
    page.get_by_text("原来的链接都打不开了").wait_for()
    assert page.request.get(base + link).status == 404
    page.get_by_role("button", name="取消", exact=True).click()
    page.get_by_text("确定取消这个预约吗").wait_for()
    assert "取消好了" in chat.press("取消：")
    look()
    page.get_by_text("现在没有预约").wait_for()
    page.keyboard.press("Escape")
    assert not page.locator(".matter").first.is_visible()
    page.context.close()
