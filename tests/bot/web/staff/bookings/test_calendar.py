"""The week of openings: what it shows; nobody is at two places at once, and nothing booked is moved in silence."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions.bookings import appointments, openings
from actions.bookings.models import Appointment, Mode, Opening
from actions.bookings.status import AppointmentStatus
from actions.calendar.models import CalendarDay
from bot.conversations import delivery, messages, service
from bot.staff.models import Staff
from knowledge.clock import SHANGHAI, today
from tests.bot.world import World

MONDAY = today() - timedelta(days=today().weekday()) + timedelta(days=14)
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _working_days(world: World) -> None:
    """Every weekday of these weeks is one, whenever the tests run, and nothing stands in them yet: the world's own
    opening, in three days, would from Friday on.
    """
    with world.sessions() as session:
        own = session.get_one(Opening, world.opening)
        own.starts_at, own.ends_at = own.starts_at + timedelta(days=90), own.ends_at + timedelta(days=90)
        session.add_all(CalendarDay(day=MONDAY + timedelta(days=i), is_workday=i % 7 < 5) for i in range(-14, 21))
        session.commit()


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def form(day: date, clock: str, minutes: int = 60, **more: Any) -> dict[str, Any]:
    sent = {"starts_at": f"{day}T{clock}", "minutes": str(minutes), "capacity": "2", "mode": "visit"}
    return {**sent, "place": "lijiagou", "address": "党群服务中心", "nonce": f"{day}{clock}{minutes}", **more}


def put(world: World, day: date, hour: int, *, login: str = "legal_worker", minutes: int = 60, **more: Any) -> int:
    with world.sessions() as session:
        worker = session.scalars(select(Staff).where(Staff.login == login)).one()
        starts = at(day, hour)
        wanted = {"mode": Mode.visit, "place": "lijiagou", "address": "党群服务中心", "capacity": 1, **more}
        opening = openings.publish(
            session,
            worker_id=worker.id,
            worker_name=worker.name,
            starts_at=starts,
            ends_at=starts + timedelta(minutes=minutes),
            now=starts - timedelta(days=60),
            **wanted,
        )
        session.commit()
        return opening.id


def book(world: World, opening: int, *, waits: bool = False) -> str:
    """The conversation of somebody who holds a place, or waits for one."""
    with world.sessions() as session:
        talk = service.start(session, channel="widget", place="lijiagou").id
        do = appointments.wait if waits else appointments.book
        do(session, opening, conversation_id=talk, request_key=talk, summary="问", phone=None, now=datetime.now(UTC))
        return talk


def heard(world: World, talk: str) -> list[str]:
    with world.sessions() as session:
        return [m.text for m in messages.messages_after(session, talk, 0)]


def opened(world: World) -> list[Opening]:
    with world.sessions() as session:
        return list(
            session.scalars(
                select(Opening).where(Opening.id != world.opening, Opening.kind == "").order_by(Opening.starts_at)
            )
        )


# --- the grid


def test_a_block_stands_at_its_hours_and_says_how_full_it_is(world: World) -> None:
    put(world, TUESDAY, 9, minutes=90)
    full = put(world, TUESDAY, 14)
    book(world, full)
    book(world, full, waits=True)
    some = put(world, MONDAY, 10, capacity=3)
    book(world, some)
    off = put(world, MONDAY, 16)
    with world.sessions() as session:
        openings.cancel_opening(session, off, reason="", now=datetime.now(UTC))
    page = world.enter("legal_worker").get(f"/staff/calendar?start={TUESDAY}").text
    blocks = dict(re.findall(r'class="block ([^"]+)" href="[^"]+" title="(\d\d:\d\d [^"，]+，[^"]+?)，', page))
    found = {said.split(" ")[0]: (look, said.split("，", 1)[1]) for look, said in blocks.items()}
    # rows of a quarter of an hour from eight o'clock: 9:00 is row 4, 10:30 is row 10
    assert found["09:00"] == ("look-free at-1 and-0 to-2 plus-2", "还没人约")
    assert found["14:00"][0].startswith("look-full at-6 ")
    assert "约满，候补 1" in page
    assert found["10:00"] == ("look-some at-2 and-0 to-3 plus-0", "约了 1/3")
    assert found["16:00"][1] == "已取消"
    assert len(re.findall('<section class="day', page)) == 7


def test_today_is_marked_and_weeks_lie_beside_each_other(world: World) -> None:
    client = world.enter("supervisor")
    page = client.get("/staff/calendar").text
    assert len(re.findall(r'<section class="day[^"]* today', page)) == 1
    assert f"{today().month}.{today().day}" in page
    monday = today() - timedelta(days=today().weekday())
    for step in (-7, 7):
        assert f"?start={monday + timedelta(days=step)}&amp;who=all" in page
    other = client.get(f"/staff/calendar?start={MONDAY + timedelta(days=5)}").text
    assert f"?start={MONDAY - timedelta(days=7)}&amp;who=all" in other, "the week of any day"
    assert "今天</span>" not in other


def test_what_is_over_asks_whether_they_came(world: World) -> None:
    day = today() - timedelta(days=1)
    opening = put(world, day, 9)
    with world.sessions() as session:
        talk = service.start(session, channel="widget", place="lijiagou").id
        made = appointments.book(
            session, opening, conversation_id=talk, request_key="p", summary="", phone=None, now=at(day, 1)
        )
    client = world.enter("legal_worker")
    assert "1 位待记" in client.get(f"/staff/calendar?start={day}").text
    client.post(f"/staff/calendar/{opening}/mark", data={"appointment": str(made.id), "to": "attended"})
    assert "来了 1 位" in client.get(f"/staff/calendar?start={day}").text


def test_a_legal_worker_sees_the_own_week_a_unit_that_of_its_people(world: World) -> None:
    with world.sessions() as session:
        for login in ("legal_worker", "colleague"):
            session.scalars(select(Staff).where(Staff.login == login)).one().team_id = 6
        colleague = session.scalars(select(Staff.id).where(Staff.login == "colleague")).one()
        session.commit()
    put(world, TUESDAY, 9)
    put(world, TUESDAY, 10, login="colleague")
    put(world, TUESDAY, 11, login="administrator")

    def seen(login: str, who: str = "") -> list[str]:
        page = world.enter(login).get(f"/staff/calendar?start={TUESDAY}&who={who}").text
        return re.findall(r'title="(\d\d):00 ', page)

    assert seen("legal_worker") == ["09"]
    assert seen("supervisor") == ["09", "10", "11"]
    assert seen("supervisor", "t6") == ["09", "10"]
    assert seen("legal_worker", f"w{colleague}") == ["10"]
    assert seen("administrator", "me") == ["11"]
    assert seen("supervisor", "t" + "9" * 30) == seen("supervisor", "<b>") == ["09", "10", "11"]


def test_a_cell_fills_in_the_hour(world: World) -> None:
    client = world.enter("legal_worker")
    page = client.get(f"/staff/calendar?start={TUESDAY}").text
    assert f"&amp;new={TUESDAY}T14:00#new" in page
    filled = client.get(f"/staff/calendar?start={TUESDAY}&new={TUESDAY}T14:00").text
    assert f'name="starts_at" required value="{TUESDAY}T14:00"' in filled
    assert 'id="new" open' in filled
    assert 'value=""' in client.get("/staff/calendar?new=<script>").text


# --- published


@pytest.mark.parametrize(("mode", "status"), [("visit", 422), ("office", 422), ("phone", 303), ("video", 303)])
def test_who_is_to_come_in_person_is_told_where(world: World, mode: str, status: int) -> None:
    client = world.enter("legal_worker")
    done = client.post("/staff/calendar", data=form(TUESDAY, "09:00", mode=mode, address=" "))
    assert done.status_code == status
    assert ("要写地点" in done.text) == (status == 422)


def test_a_place_is_not_taken_away_from_who_has_booked(world: World) -> None:
    number = put(world, TUESDAY, 9)
    client = world.enter("legal_worker")
    sent = {"starts_at": f"{TUESDAY}T09:00", "minutes": "60", "capacity": "1", "address": ""}
    done = client.post(f"/staff/calendar/{number}/edit", data=sent)
    assert done.status_code == 422
    assert "要写地点" in done.text


def test_two_openings_of_one_worker_never_meet(world: World) -> None:
    """cal.com#3988, easyappointments#1783: 9:00-10:00 in the village and 9:30-10:30 by telephone (T40)."""
    client = world.enter("legal_worker")
    done = client.post("/staff/calendar", data=form(TUESDAY, "09:00"))
    assert done.status_code == 303
    assert "放出了 1 个时段" in client.get(done.headers["location"]).text
    typed = form(TUESDAY, "09:30", mode="phone", address="司法所二楼", note="带欠条")
    refused = client.post("/staff/calendar", data=typed)
    assert refused.status_code == 422
    assert "09:30-10:30 和legal_worker的人已经放出的 09:00-10:00（到村里坐班）撞了，什么都没有改" in refused.text
    for kept in (f'value="{TUESDAY}T09:30"', "司法所二楼", "带欠条", '<option value="phone" selected>'):
        assert kept in refused.text, kept
    assert len(opened(world)) == 1
    assert client.post("/staff/calendar", data=form(TUESDAY, "10:00")).status_code == 303, "one after the other"
    assert world.enter("colleague").post("/staff/calendar", data=form(TUESDAY, "09:30")).status_code == 303


def test_a_series_that_meets_something_once_is_published_not_at_all(world: World) -> None:
    put(world, TUESDAY + timedelta(days=7), 9)
    wanted = form(TUESDAY, "09:30", every="week", until=str(TUESDAY + timedelta(days=13)))
    client = world.enter("legal_worker")
    assert client.post("/staff/calendar", data=wanted).status_code == 422
    assert len(opened(world)) == 1
    elsewhere = {**wanted, "starts_at": f"{TUESDAY}T15:00", "nonce": "other"}
    assert client.post("/staff/calendar", data=elsewhere).status_code == 303
    assert len(opened(world)) == 3
    again = client.post("/staff/calendar", data=elsewhere)
    assert "已经交过了" in client.get(again.headers["location"]).text
    assert len(opened(world)) == 3


def test_whoever_leads_publishes_for_others_and_nobody_else_does(world: World) -> None:
    with world.sessions() as session:
        worker = session.scalars(select(Staff).where(Staff.login == "legal_worker")).one()
    for login, status in (("colleague", 422), ("supervisor", 303)):
        wanted = form(TUESDAY, "09:00", worker=str(worker.id), nonce=login)
        assert world.enter(login).post("/staff/calendar", data=wanted).status_code == status
    assert [(o.worker_id, o.worker_name) for o in opened(world)] == [(worker.id, worker.name)]


# --- changed


def changed(opening: Opening, **more: Any) -> dict[str, str]:
    starts = opening.starts_at.astimezone(SHANGHAI)
    kept = {"starts_at": f"{starts:%Y-%m-%dT%H:%M}", "minutes": "60", "capacity": str(opening.capacity)}
    return {**kept, "address": opening.address, "note": opening.note, **more}


def test_an_opening_nobody_booked_is_changed_at_once(world: World) -> None:
    put(world, TUESDAY, 9)
    [opening] = opened(world)
    client = world.enter("legal_worker")
    sent = changed(opening, starts_at=f"{TUESDAY}T10:30", address="司法所", note="从后门进", capacity="4")
    done = client.post(f"/staff/calendar/{opening.id}/edit", data=sent)
    assert "改好了。" in client.get(done.headers["location"]).text
    [after] = opened(world)
    assert (after.starts_at, after.ends_at) == (at(TUESDAY, 10, 30), at(TUESDAY, 11, 30))
    assert (after.address, after.note, after.capacity) == ("司法所", "从后门进", 4)


def test_what_is_booked_is_moved_only_after_a_second_press_and_everybody_hears_it(world: World) -> None:
    number = put(world, TUESDAY, 9)
    booked, waits = book(world, number), book(world, number, waits=True)
    [opening] = opened(world)
    client = world.enter("legal_worker")
    sent = changed(opening, starts_at=f"{TUESDAY}T15:00", address="司法所", reason="上午开庭")
    asked = client.post(f"/staff/calendar/{number}/edit", data=sent)
    assert asked.status_code == 409
    assert "已经有 1 位约好、1 位在排候补" in asked.text
    assert "有变动，因为上午开庭" in asked.text
    assert f'value="{TUESDAY}T15:00"' in asked.text, "what was typed stays"
    assert opened(world)[0].starts_at == at(TUESDAY, 9)
    assert heard(world, booked) == []
    done = client.post(f"/staff/calendar/{number}/edit", data={**sent, "sure": "1"})
    assert "告诉 2 位居民" in client.get(done.headers["location"]).text
    for talk in (booked, waits):
        [told] = heard(world, talk)
        assert "15:00-16:00" in told
        assert "地点：司法所" in told
        assert "09:00" in told, "the hour that was"
    back = client.post(f"/staff/calendar/{number}/edit", data={**sent, "starts_at": f"{TUESDAY}T09:00", "sure": "1"})
    assert back.status_code == 303
    assert [len(heard(world, talk)) for talk in (booked, waits)] == [2, 2], "each change is told, also the way back"


def test_reminders_follow_the_hour(world: World) -> None:
    number = put(world, TUESDAY, 9)
    talk = book(world, number)

    def reminded(now: datetime) -> int:
        with world.sessions() as session:
            delivery.tell_appointments(session, now=now)
        return sum("快到时间了" in text for text in heard(world, talk))

    with world.sessions() as session:
        session.scalars(select(Appointment).filter_by(conversation_id=talk)).one().reminded_day_at = datetime.now(UTC)
        session.commit()
    assert reminded(at(TUESDAY, 7, 30)) == 1
    [opening] = opened(world)
    sent = changed(opening, starts_at=f"{TUESDAY}T15:00", sure="1")
    assert world.enter("legal_worker").post(f"/staff/calendar/{number}/edit", data=sent).status_code == 303
    assert reminded(at(TUESDAY, 8)) == 1
    assert reminded(at(TUESDAY, 13, 30)) == 2
    assert reminded(at(TUESDAY, 13, 40)) == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"capacity": "0"}, "人数请填 1 到 200"),
        ({"minutes": "5"}, "时长请填"),
        ({"starts_at": "2021-01-01T09:00"}, "开始时间要在现在之后"),
        ({"starts_at": ""}, "请填日期和时间"),
        ({"starts_at": f"{TUESDAY}T10:30"}, "撞了"),
    ],
)
def test_a_change_that_cannot_be_is_told_and_nothing_typed_is_lost(
    world: World, wrong: dict[str, str], says: str
) -> None:
    number = put(world, TUESDAY, 9)
    put(world, TUESDAY, 11)
    sent = changed(opened(world)[0], **{"address": "新地方", **wrong})
    refused = world.enter("legal_worker").post(f"/staff/calendar/{number}/edit", data=sent)
    assert refused.status_code == 422
    assert says in refused.text
    assert 'value="新地方"' in refused.text
    assert opened(world)[0].address == "党群服务中心"


def test_places_given_away_cannot_be_taken_back_and_more_room_lets_who_waits_in(world: World) -> None:
    number = put(world, TUESDAY, 9)
    book(world, number)
    waits = book(world, number, waits=True)
    client, [opening] = world.enter("legal_worker"), opened(world)
    for capacity, status in (("0", 422), ("2", 303)):
        assert client.post(f"/staff/calendar/{number}/edit", data=changed(opening, capacity=capacity)).status_code == (
            status
        )
    with world.sessions() as session:
        assert session.get_one(Opening, number).taken == 2
        held = session.scalars(select(Appointment).filter_by(conversation_id=waits)).one()
        assert held.status is AppointmentStatus.booked
    assert any("多放了位置，您候补上了" in text for text in heard(world, waits))
    with world.sessions() as session:
        [two] = [o for o in session.scalars(select(Opening)) if o.id == number]
        fewer = client.post(f"/staff/calendar/{number}/edit", data=changed(two, capacity="1"))
    assert "已经约好的人不能少" in fewer.text


@pytest.mark.parametrize("do", ["edit", "cancel"])
def test_a_colleague_neither_changes_nor_cancels_and_whoever_leads_may(world: World, do: str) -> None:
    number = put(world, TUESDAY, 9)
    sent = changed(opened(world)[0], address="司法所")
    assert world.enter("colleague").post(f"/staff/calendar/{number}/{do}", data=sent).status_code == 403
    assert "改时间、地点、说明" not in world.enter("colleague").get(f"/staff/calendar/{number}").text
    assert (opened(world)[0].address, opened(world)[0].is_cancelled) == ("党群服务中心", False)
    assert world.enter("supervisor").post(f"/staff/calendar/{number}/{do}", data=sent).status_code == 303


def test_what_is_over_or_called_off_stays_as_it_was(world: World) -> None:
    past, off = put(world, today() - timedelta(days=3), 9), put(world, TUESDAY, 9)
    with world.sessions() as session:
        openings.cancel_opening(session, off, reason="", now=datetime.now(UTC))
    client = world.enter("legal_worker")
    for number, opening in zip((past, off), opened(world), strict=True):
        sent = changed(opening, starts_at=f"{TUESDAY}T16:00")
        refused = client.post(f"/staff/calendar/{number}/edit", data=sent)
        assert "不能再改" in refused.text
        assert "改时间、地点、说明" not in client.get(f"/staff/calendar/{number}").text


# --- copied


def test_a_week_is_copied_once_however_often_one_presses(world: World) -> None:
    before = MONDAY - timedelta(days=7)
    booked = put(world, before, 9, capacity=3, note="从后门进")
    book(world, booked)
    put(world, before + timedelta(days=1), 9)
    put(world, before + timedelta(days=2), 9)
    put(world, before + timedelta(days=5), 9)  # a Saturday, when nobody works this time
    put(world, before + timedelta(days=3), 9, login="colleague")
    put(world, TUESDAY + timedelta(days=1), 9, minutes=30)  # meets the copy of Wednesday's
    off = put(world, before + timedelta(days=4), 9)
    with world.sessions() as session:
        openings.cancel_opening(session, off, reason="", now=datetime.now(UTC))
    client = world.enter("legal_worker")

    def copy(login_client: Any = client) -> str:
        done = login_client.post("/staff/calendar/copy", data={"start": str(MONDAY), "who": "me"})
        return str(re.findall(r'role="status">([^<]+)<', login_client.get(done.headers["location"]).text)[0])

    assert copy() == "复制了 2 个时段。没有复制的：1 个和别的时段撞了，1 个那天休息。"
    made = [o for o in opened(world) if o.starts_at >= at(MONDAY, 0)]
    assert [(o.starts_at, o.capacity, o.taken, o.note) for o in made[:2]] == [
        (at(MONDAY, 9), 3, 0, "从后门进"),
        (at(TUESDAY, 9), 1, 0, ""),
    ]
    assert copy() == "复制了 0 个时段。没有复制的：2 个本来就有，1 个和别的时段撞了，1 个那天休息。"
    assert len(opened(world)) == 9
    assert "上周没有可以复制的时段" in copy(world.enter("administrator"))


def test_a_copy_reaches_only_what_one_may_change(world: World) -> None:
    before = MONDAY - timedelta(days=7)
    put(world, before, 9)
    put(world, before, 10, login="colleague")
    world.enter("colleague").post("/staff/calendar/copy", data={"start": str(MONDAY), "who": "all"})
    assert [o.starts_at for o in opened(world)[2:]] == [at(MONDAY, 10)]
    world.enter("qingshi").post("/staff/calendar/copy", data={"start": str(MONDAY), "who": "all"})
    assert len(opened(world)) == 3
    world.enter("supervisor").post("/staff/calendar/copy", data={"start": str(MONDAY), "who": "all"})
    assert [o.starts_at for o in opened(world)[2:]] == [at(MONDAY, 9), at(MONDAY, 10)]


def test_a_day_of_the_past_is_not_published_again(world: World) -> None:
    monday = today() - timedelta(days=today().weekday())
    put(world, monday - timedelta(days=14), 9)
    done = world.enter("legal_worker").post(
        "/staff/calendar/copy", data={"start": str(monday - timedelta(days=7)), "who": "me"}
    )
    assert done.headers["location"].endswith("copied=0-0-0-0-1")
    assert len(opened(world)) == 1
