"""A lamp, from the first word in the chat to 落实了: asked, chosen by chat, page and paper, answered, carried out."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.roster import codes, households, printing
from actions.roster.models import Basis, HouseholdKind, VillageProfile
from actions.topics.models import Topic
from bot.affairs import clock
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from knowledge.clock import today
from tests.end_to_end import staff
from tests.end_to_end.staff import Chat

_VILLAGE = "shiqiao"  # other tests talk in the others
_TITLE = "村口路段装路灯，装在哪一头"


@pytest.fixture
def sessions(prepared: Settings) -> Iterator[sessionmaker[Session]]:
    """The stack's own database, and slips as the stack makes them."""
    engine = make_engine(prepared.url)
    codes.use_pepper(lambda: prepared.secret("slips"))
    yield make_sessions(engine)
    codes.use_pepper(lambda: "the pepper of tests")
    engine.dispose()


def _slip(sessions: sessionmaker[Session]) -> str:
    """The village has its numbers and one house; the code of the slip that was printed for it."""
    with sessions() as session:
        session.merge(VillageProfile(place_id=_VILLAGE, adults=812, households=213, confirmed_on=today()))
        kind = HouseholdKind.registered
        households.add(session, place=_VILLAGE, group="一组", code="1-01", kind=kind, adults=1, today=today())
        session.flush()
        now = datetime.now(UTC)
        made = printing.sheet(
            session, place=_VILLAGE, group="一组", basis=Basis.person, is_again=False, by="李文书", now=now
        )
        session.commit()
        return made[0].code


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()
    page.wait_for_load_state()


def _next(page: Page, base: str, todo: str) -> None:
    """What waits for this seat, found where it is looked for."""
    page.goto(f"{base}/staff/village")
    page.get_by_role("link", name=re.compile(f"{todo}.*(?:灯|{_TITLE})")).first.click()
    page.wait_for_load_state()


def _asked(clerk: Page, overseer: Page, base: str) -> None:
    _next(clerk, base, "列不列入")
    clerk.get_by_label("题目").fill(_TITLE)
    clerk.get_by_label("怎么回事").fill("一盏约2000元，今年够装两盏。")
    clerk.get_by_label("哪一类事").select_option(label="路、水、灯和公共设施")
    clerk.get_by_label("怎么答").select_option(label="选一个")
    clerk.get_by_label("选项").fill("东头\n学校门口")
    clerk.get_by_label("纸票箱几个").fill("1")
    for name in ("存下", "列入议题", "请监委会确认开始"):
        _press(clerk, name)
    _next(overseer, base, "等您确认")
    assert "一盏约2000元" in overseer.inner_text("main"), "who confirms sees what will be asked"
    _press(overseer, "确认，开始")


def _chosen(chat: Chat, page: Page, base: str, code: str) -> None:
    assert _TITLE in chat.say("议事")
    chat.press("选一个")
    assert "计入了" in chat.say("1")
    assert "投了票" in chat.page.locator(".message.resident").last.inner_text(), "the choice left the screen, too"
    page.goto(f"{base}/v/{_VILLAGE}")
    page.get_by_role("link", name=_TITLE).click()
    page.get_by_label("学校门口").check()
    page.get_by_label(re.compile("10 位参与码")).fill(code.lower())
    page.get_by_role("button", name="就选这个").click()
    assert "计入了" in page.inner_text(".done")
    page.get_by_label(re.compile("您的意见")).fill("学校门口孩子多，先装那里")
    page.get_by_role("button", name="说出来").click()
    assert "收到了" in page.inner_text(".done")


def _counted(sessions: sessionmaker[Session], prepared: Settings, clerk: Page, overseer: Page, base: str) -> None:
    _next(clerk, base, "1 条意见等着看")
    _press(clerk, "贴出来")
    _passes(sessions, prepared, closes_at=timedelta(seconds=1))
    _next(clerk, base, "点纸票")
    for name, figure in (("papers", "7"), ("spoilt", "1"), ("count0", "2"), ("count1", "5")):
        clerk.locator(f"#boxes [name={name}]").fill(figure)
    _press(clerk, "录下")
    _next(overseer, base, "请您再点一遍第 1 箱纸票")
    _press(overseer, "我点过，一样")
    _passes(sessions, prepared)


def _passes(sessions: sessionmaker[Session], prepared: Settings, **ago: timedelta) -> None:
    """`ago`: a time of the topic's that is past now; then what the clock does, where the worker wasn't first."""
    with sessions() as session:
        topic = session.scalars(select(Topic).where(Topic.place_id == _VILLAGE)).one()
        for column, before in ago.items():
            setattr(topic, column, datetime.now(UTC) - before)
        session.commit()
        clock.tick(session, prepared, datetime.now(UTC))


def _answered(clerk: Page, overseer: Page, base: str) -> None:
    _next(clerk, base, "写答复和结果")
    clerk.locator("#adoption select").select_option(label="采纳")
    clerk.locator("#adoption [name=why]").fill("孩子放学要走这条路")
    _press(clerk, "存下")
    clerk.get_by_label("村里怎么定的").fill("先装学校门口，东头明年装。")
    clerk.get_by_label("办什么").first.fill("学校门口装一盏路灯")
    clerk.get_by_label("谁办").first.select_option(label="石桥村委会")
    clerk.get_by_label("几号前").first.fill(str(today() + timedelta(days=60)))
    _press(clerk, "写好了，请监委会确认")
    _next(overseer, base, "等您确认")
    _press(overseer, "确认公布")


def _case_of(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        topic = session.scalars(select(Topic).where(Topic.place_id == _VILLAGE)).one()
        return int(topic.tasks[0]["case_id"])


def test_a_lamp_from_the_first_word_to_its_light(
    browser: Browser, base: str, prepared: Settings, sessions: sessionmaker[Session]
) -> None:
    code, desks = _slip(sessions), {}
    for login, name, role in (("li", "李文书", "clerk"), ("wang", "老王", "overseer"), ("sun", "孙主任", "supervisor")):
        staff.make(prepared, f"lamp-{login}", name, role, _VILLAGE)
        desks[role] = staff.sign_in(browser, base, f"lamp-{login}")
        desks[role].on("dialog", lambda dialog: dialog.accept())
    clerk, overseer, unit = desks["clerk"], desks["overseer"], desks["supervisor"]
    page = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False).new_page()
    chat = Chat(browser, base, village=_VILLAGE)
    chat.say("咱村口那段路晚上太黑，能不能装个灯")
    chat.press("提成议题")
    assert re.search(r"议-\d\d-\d{3}", chat.press("就这样"))
    _asked(clerk, overseer, base)
    chat.hear("开始征求意见")
    _chosen(chat, page, base, code)
    _counted(sessions, prepared, clerk, overseer, base)
    _answered(clerk, overseer, base)
    chat.hear("村里定：先装学校门口")
    page.goto(f"{base}/v/{_VILLAGE}/topics")
    page.get_by_role("link", name=_TITLE).click()
    assert "采纳" in page.inner_text("#opinions")
    unit.goto(f"{base}/staff/cases/{_case_of(sessions)}")
    _press(unit, "开始办理")
    unit.get_by_label("答复：说明").fill("路灯装好了，亮了。")
    _press(unit, "答复")
    chat.hear("单位的话：路灯装好了，亮了。您看落实了吗？", timeout_s=60)
    assert "记下了" in chat.press("落实了")
    _passes(sessions, prepared, fed_back_at=timedelta(days=31))
    chat.hear("记为落实了")
    page.goto(f"{base}/v/{_VILLAGE}")
    assert "落实了" in page.inner_text("main")
    for told in ("列入议题了", "开始征求意见，到", "征求意见截止了", "有结果了", "您看落实了吗", "记为落实了"):
        assert chat.page.locator(".message", has_text=told).count() == 1, told
