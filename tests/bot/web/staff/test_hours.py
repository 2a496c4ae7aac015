"""设置 → 上班时间: what is typed is what residents are told by, and a place without hours follows the one above it."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions.calendar import hours
from actions.calendar.models import OfficeDay, OfficeHours
from bot.conversations import queue, service
from bot.staff.models import AuditEntry
from knowledge.clock import SHANGHAI, today
from tests.bot.world import World

WEEK = {"d0a": "08:30", "d0b": "12:00", "d0c": "14:00", "d0d": "17:30", "same": "1", "d5a": "09:00", "d5b": "11:00"}
NOON = datetime(2027, 3, 2, 12, 30, tzinfo=SHANGHAI)  # a Tuesday that no feast comes near


def told(world: World, place: str, now: datetime) -> str:
    with world.sessions() as session:
        talk = service.start(session, channel="widget", place=place)
        found = queue.request(session, talk, reason="asked", now=now.astimezone(UTC))
        assert found is not None
        return found.text


def test_a_week_with_a_lunch_break_is_kept_and_told(world: World) -> None:
    client = world.enter("supervisor")
    assert "午休" not in told(world, "lijiagou", NOON)
    page = client.get("/staff/hours").text
    assert '<option value="qinghe" selected>' in page, "who works everywhere begins with the county"
    assert "还没有哪一级定过" in page
    done = client.post("/staff/hours/week", data={"place": "qinghe", **WEEK})
    assert "存好了" in client.get(done.headers["location"]).text
    with world.sessions() as session:
        week = hours.hours(session, "lijiagou").week
        assert [hours.says(day) for day in week] == ["08:30-12:00、14:00-17:30"] * 5 + ["09:00-11:00", "休息"]
        line = session.scalars(select(AuditEntry).where(AuditEntry.what == "改上班时间")).one()
    assert (line.subject, "周六 09:00-11:00" in line.detail) == ("qinghe", True)
    assert "现在是午休时间，工作人员今天 14:00 上班" in told(world, "lijiagou", NOON)
    village = client.get("/staff/hours?place=lijiagou").text
    assert 'href="/staff/hours?place=qinghe">清禾县</a>' in village
    assert 'name="d0c" value="14:00"' in village, "what holds is there to be changed"
    assert re.search(r"中午 12:30</dt><dd[^>]*>“现在(是午休时间|放假)", village)


def test_a_village_of_its_own_hours_follows_again_when_it_likes(world: World) -> None:
    client = world.enter("supervisor")
    client.post("/staff/hours/week", data={"place": "qinghe", **WEEK})
    client.post("/staff/hours/week", data={"place": "lijiagou", "d1a": "08:00", "d1b": "18:00"})
    assert "已经转给工作人员" in told(world, "lijiagou", NOON)
    assert "午休" in told(world, "shiqiao", NOON)
    client.post("/staff/hours/inherit", data={"place": "lijiagou"})
    assert "午休" in told(world, "lijiagou", NOON)


def test_a_day_off_and_a_day_on_duty(world: World) -> None:
    client = world.enter("supervisor")
    day = today() + timedelta(days=40)
    morning = datetime(day.year, day.month, day.day, 10, tzinfo=SHANGHAI)
    off = {"place": "liuhe", "day": str(day), "kind": "off", "note": "停电"}
    assert client.post("/staff/hours/day", data=off).status_code == 303
    assert "现在休息" in told(world, "lijiagou", morning) or "现在放假" in told(world, "lijiagou", morning)
    duty = {**off, "place": "lijiagou", "kind": "duty", "dutya": "09:00", "dutyb": "16:00", "note": "春节值班"}
    assert client.post("/staff/hours/day", data=duty).status_code == 303
    assert "已经转给工作人员" in told(world, "lijiagou", morning)
    page = client.get("/staff/hours?place=lijiagou").text
    assert "值班 09:00-16:00" in page
    assert "柳河镇定的" in page
    forgotten = client.post("/staff/hours/forget", data={"place": "lijiagou", "day": str(day)})
    assert forgotten.status_code == 303
    with world.sessions() as session:
        assert [row.place_id for row in session.scalars(select(OfficeDay))] == ["liuhe"]


def test_days_in_a_row_are_one_form_and_written_again_they_are_replaced(world: World) -> None:
    client, first = world.enter("supervisor"), today() + timedelta(days=50)
    sent = {"place": "qinghe", "day": str(first), "until": str(first + timedelta(days=6)), "kind": "off"}
    for _ in range(2):
        assert client.post("/staff/hours/day", data=sent).status_code == 303
    with world.sessions() as session:
        rows = session.scalars(select(OfficeDay).order_by(OfficeDay.day)).all()
        assert [row.day for row in rows] == [first + timedelta(days=i) for i in range(7)]


@pytest.mark.parametrize(
    ("what", "sent", "says"),
    [
        ("week", {"d0a": "08:30"}, "周一：上班和下班的时间要都填"),
        ("week", {"d2a": "17:00", "d2b": "08:00"}, "周三：下班（08:00）要晚于上班（17:00）"),
        ("week", {"d3a": "08:00", "d3b": "15:00", "d3c": "14:00", "d3d": "18:00"}, "周四：下午上班要晚于上午下班"),
        ("week", {}, "一周里总要有一天有人"),
        ("week", {"d0a": "<b>", "d0b": "²²:²²"}, "周一：上班和下班的时间要都填"),
        ("day", {"day": "2021-01-01"}, "已经过了"),
        ("day", {"day": "", "note": "春节值班"}, "请填日期"),
        ("day", {"day": "2099-01-01", "until": "2098-12-31"}, "一次最多 31 天"),
        ("day", {"day": "2099-01-01", "until": "2099-03-01"}, "一次最多 31 天"),
        ("day", {"day": "2099-01-01", "kind": "duty"}, "值班从几点到几点"),
        ("forget", {"day": "x"}, "请填日期"),
    ],
)
def test_what_cannot_be_is_said_and_given_back(world: World, what: str, sent: dict[str, str], says: str) -> None:
    refused = world.enter("supervisor").post(f"/staff/hours/{what}", data={"place": "lijiagou", **sent})
    assert refused.status_code == 422
    assert says in refused.text
    for name in ({"d0a", "d2a", "d3c", "note", "day", "until"} & sent.keys()) if what != "forget" else ():
        assert f'value="{html.escape(sent[name])}"' in refused.text or not sent[name], name
    if what == "day":
        assert 'name="d0a" value="08:30"' in refused.text, "the other form stands as it was"
    with world.sessions() as session:
        assert session.scalars(select(OfficeHours)).all() == []
        assert session.scalars(select(OfficeDay)).all() == []
        assert session.scalars(select(AuditEntry).where(AuditEntry.what == "改上班时间")).all() == []


def test_a_township_sets_its_own_and_nobody_elses(world: World) -> None:
    client = world.enter("qingshi")
    page = client.get("/staff/hours").text
    assert '<option value="qingshi" selected>' in page
    assert "lijiagou" not in page
    assert client.post("/staff/hours/week", data={"place": "qingshi", **WEEK}).status_code == 303
    for place, status in (("lijiagou", 403), ("qinghe", 403), ("nation", 403), ("nowhere", 404), ("", 404)):
        assert client.post("/staff/hours/week", data={"place": place, **WEEK}).status_code == status, place
        assert place == "" or client.get(f"/staff/hours?place={place}").status_code == status
    with world.sessions() as session:
        assert [row.place_id for row in session.scalars(select(OfficeHours))] == ["qingshi"]


def test_the_grid_shows_who_is_on_duty(world: World) -> None:
    client, day = world.enter("supervisor"), today() + timedelta(days=30)
    sent = {"place": "qinghe", "day": str(day), "kind": "duty", "dutya": "09:00", "dutyb": "12:00", "note": "值守电话"}
    client.post("/staff/hours/day", data=sent)
    assert 'title="值守电话"' in client.get(f"/staff/calendar?start={day}").text
