"""What a house is run by, in a real browser: the week of openings, the hours of an office, the first steps."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import delete, select

from actions.bookings.models import Appointment, Opening
from actions.calendar.models import OfficeDay, OfficeHours
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from bot.staff.models import Staff
from knowledge.clock import today
from tests.end_to_end import staff
from tests.end_to_end.conftest import Resident
from tests.end_to_end.test_accessibility import violations

# Far ahead: others count which openings are the nearest.
_MONDAY = today() - timedelta(days=today().weekday()) + timedelta(days=28)
_TUESDAY = _MONDAY + timedelta(days=1)


@pytest.fixture
def _clean(prepared: Settings) -> Iterator[None]:
    """What these tests made goes: others ask at other hours, and count openings."""
    yield
    engine = make_engine(prepared.url)
    with make_sessions(engine)() as session:
        worker = session.scalar(select(Staff.id).where(Staff.login == "grid"))
        own = select(Opening.id).where(Opening.worker_id == worker)
        session.execute(delete(Appointment).where(Appointment.opening_id.in_(own)))
        session.execute(delete(Opening).where(Opening.worker_id == worker))
        session.execute(delete(OfficeHours))
        session.execute(delete(OfficeDay))
        session.commit()
    engine.dispose()


def _publish(page: Page) -> None:
    """The form, whose hour is filled in."""
    page.get_by_label("地点", exact=True).fill("李家沟村党群服务中心")
    page.get_by_label("给哪里的居民").select_option("lijiagou")
    page.get_by_role("button", name="放出", exact=True).click()


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def _an_hour_is_published_where_it_was_pressed(desk: Page, base: str) -> None:
    desk.goto(f"{base}/staff/calendar?start={_MONDAY}")
    desk.locator(f".cells a[href*='{_TUESDAY}T09:00']").click()
    assert desk.get_by_label("开始", exact=True).input_value() == f"{_TUESDAY}T09:00"
    _publish(desk)
    desk.get_by_text("放出了 1 个时段").wait_for()
    block = desk.locator(".block", has_text="09:00")
    box, cell = block.bounding_box(), desk.locator(f".cells a[href*='{_TUESDAY}T09:00']").bounding_box()
    assert box is not None
    assert cell is not None
    assert abs(box["y"] - cell["y"]) < 4, "it stands at its hour"
    assert abs(box["height"] - cell["height"]) < 6, "and lasts one"
    assert "还没人约" in block.inner_text()


def _one_that_meets_another_is_refused(desk: Page) -> None:
    desk.get_by_text("放出时间", exact=True).click()
    desk.get_by_label("开始", exact=True).fill(f"{_TUESDAY}T09:30")
    _publish(desk)
    desk.get_by_text("撞了").wait_for()
    assert desk.get_by_label("地点", exact=True).input_value() == "李家沟村党群服务中心", "nothing typed is lost"


def _a_week_is_copied(desk: Page, base: str) -> None:
    desk.goto(f"{base}/staff/calendar?start={_MONDAY + timedelta(days=7)}")
    desk.once("dialog", lambda dialog: dialog.accept())
    desk.get_by_role("button", name="复制上周的时段").click()
    desk.get_by_text("复制了 1 个时段").wait_for()
    assert desk.locator(".block", has_text="09:00").count() == 1
    assert violations(desk) == []


def _who_booked_hears_of_the_change(desk: Page, resident: Resident) -> None:
    desk.reload()
    desk.get_by_text("改时间、地点、说明").click()
    desk.get_by_label("开始", exact=True).fill(f"{_TUESDAY}T15:00")
    desk.get_by_label("为什么改").fill("上午要开庭")
    desk.get_by_role("button", name="改好").click()
    desk.get_by_text("已经有 1 位约好").wait_for()
    assert not any("您约的咨询有变动" in m["text"] for m in resident.messages()), (
        "nothing moves before it was confirmed"
    )
    assert violations(desk) == []
    desk.get_by_role("button", name="改，并告诉他们").click()
    desk.get_by_text("已经告诉 1 位居民").wait_for()
    [told] = [m["text"] for m in resident.messages() if "您约的咨询有变动" in m["text"]]
    assert "因为上午要开庭" in told
    assert "15:00-16:00" in told


@pytest.mark.usefixtures("_clean")
def test_a_week_is_published_copied_and_changed_and_who_booked_hears_it(
    browser: Browser, base: str, prepared: Settings
) -> None:
    staff.make(prepared, "grid", "方律师", "legal_worker")
    desk = staff.sign_in(browser, base, "grid", width=1366)
    _an_hour_is_published_where_it_was_pressed(desk, base)
    _one_that_meets_another_is_refused(desk)
    _a_week_is_copied(desk, base)

    desk.goto(f"{base}/staff/calendar?start={_MONDAY}")
    desk.locator(".block", has_text="09:00").click()
    number = desk.url.split("/")[-1].split("?")[0]
    resident = Resident(base, "lijiagou")
    for said in (f"约{number}号时段", "想问拖欠的工钱", "在这里联系"):
        resident.say(said)
    assert "约好了" in str(resident.say("对"))
    assert "没有这个时段" in str(Resident(base, "wangjiawan").say(f"约{number}号时段"))

    _who_booked_hears_of_the_change(desk, resident)
    desk.set_viewport_size({"width": 360, "height": 740})
    desk.goto(f"{base}/staff/calendar?start={_MONDAY}")
    assert _fits(desk)
    assert "约满" in desk.locator(".block", has_text="15:00").inner_text(), "on a phone a list of days"
    assert not desk.locator(".clock").is_visible()
    assert violations(desk) == []
    desk.context.close()


@pytest.mark.usefixtures("_clean")
@pytest.mark.parametrize("width", [360, 1366])
def test_hours_that_are_set_are_what_residents_read(
    browser: Browser, base: str, prepared: Settings, width: int
) -> None:
    staff.make(prepared, "hours", "李主管", "supervisor")
    desk = staff.sign_in(browser, base, "hours", width=width)
    desk.goto(f"{base}/staff/hours?place=qinghe")
    for name, clock in (("周一上午下班", "12:00"), ("周一下午上班", "14:00"), ("周一下班", "17:30")):
        desk.get_by_label(name, exact=True).fill(clock)
    desk.get_by_label("周二到周五跟周一一样").check()
    desk.get_by_role("button", name="存下").click()
    desk.get_by_text("存好了").wait_for()
    assert "12:30" in desk.locator("#heard").inner_text()
    assert _fits(desk)
    assert violations(desk) == []
    # Nobody is there on this day, wherever the test runs in it.
    desk.get_by_label("哪天").fill(str(today()))
    desk.get_by_role("button", name="加上").click()
    desk.locator("#days li", has_text="休息").wait_for()
    said = str(Resident(base, "lijiagou").say("转人工"))
    assert "现在休息，工作人员" in said or "现在放假，工作人员" in said
    desk.get_by_role("button", name=f"去掉{today()}").click()
    desk.get_by_text("照平常的算").wait_for()
    desk.context.close()


def test_the_first_steps_lead_on_and_are_put_away(browser: Browser, base: str, prepared: Settings) -> None:
    staff.make(prepared, "starter", "孙管理", "administrator")
    desk = staff.sign_in(browser, base, "starter", width=360)
    desk.goto(f"{base}/staff/dashboard")
    steps = desk.locator("#first-steps")
    assert steps.locator("li").count() == 7
    assert _fits(desk)
    assert violations(desk) == []
    steps.get_by_role("link", name="定上班时间").click()
    desk.wait_for_url("**/staff/hours")
    desk.go_back()
    steps.get_by_role("button", name="先收起来").click()
    desk.get_by_role("button", name="开始的几件事").click()
    steps.wait_for()
    desk.context.close()
