"""活动 in the console: announced, changed, called off, ticked off at the door; what was asked; who may."""

import io
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from PIL import Image
from sqlalchemy import select

from actions.bookings.models import Appointment, Opening
from actions.bookings.status import AppointmentStatus
from actions.events import questions, signing_up, suggesting
from actions.events.models import EventPhoto, EventQuestion
from actions.events.signing_up import Coming
from actions.roster.models import VillageProfile
from actions.topics import raising
from actions.topics.models import Topic
from bot.conversations.models import Message
from bot.staff.models import AuditEntry, Role, Staff
from knowledge.clock import SHANGHAI
from tests.bot.world import ATTACK, HASH, World

HOME = "/staff/village/events"
FORM = {
    "place": "lijiagou",
    "kind": "film",
    "title": "露天电影",
    "address": "村部广场",
    "from": "19:00",
    "to": "21:00",
    "capacity": "40",
}


@pytest.fixture
def there(world: World) -> World:
    with world.sessions() as session:
        session.add(Staff(login="own", name="监督的人", password_hash=HASH, role=Role.overseer, place_id="lijiagou"))
        session.add(Staff(login="scribe", name="文书的人", password_hash=HASH, role=Role.clerk, place_id="lijiagou"))
        session.commit()
    return world


def in_days(days: int) -> str:
    return (datetime.now(SHANGHAI) + timedelta(days=days)).date().isoformat()


def events(world: World) -> list[Opening]:
    with world.sessions() as session:
        own = select(Opening).where(Opening.kind != "", Opening.id != World.event)
        return list(session.scalars(own.order_by(Opening.starts_at)))


def somebody(world: World, *, conversation: str = World.conversation, name: str = "王婶") -> int:
    with world.sessions() as session:
        coming = Coming(conversation, name, 2, phone="13800001111")
        row = signing_up.sign_up(session, World.event, coming, key=f"k-{conversation}", now=datetime.now(UTC))
        return row.id


def move_event(world: World, *, hours: float) -> None:
    with world.sessions() as session:
        event = session.get_one(Opening, World.event)
        event.starts_at = datetime.now(UTC) + timedelta(hours=hours)
        event.ends_at = event.starts_at + timedelta(hours=2)
        session.commit()


def test_one_or_many_are_announced_and_a_form_sent_twice_makes_them_once(there: World) -> None:
    clerk = there.enter("scribe")
    sent = {**FORM, "day": in_days(3), "every": "week", "until": in_days(20), "dates": in_days(4), "nonce": "n"}
    for _ in range(2):
        assert clerk.post(f"{HOME}/new", data=sent).headers["location"] == f"{HOME}?place=lijiagou&done=new"
    assert len(events(there)) == 4
    board = clerk.get(f"{HOME}?place=lijiagou&done=new").text
    assert board.count("露天电影") == 4
    assert "排好了" in board


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"day": ""}, "请填日期和时间"),
        ({"to": "18:00"}, "结束时间要晚于开始时间"),
        ({"capacity": "many"}, "人数请填数字"),
        ({"kind": ""}, "请选一种活动"),
        ({"dates": "正月十五"}, "2027-02-10"),
        ({"every": "week", "until": ""}, "一直排到哪一天"),
        ({"title": ATTACK, "address": ""}, "在哪里办"),
    ],
)
def test_a_refused_form_gives_the_words_back(there: World, wrong: dict[str, str], said: str) -> None:
    page = there.enter("scribe").post(f"{HOME}/new", data={**FORM, "day": in_days(3), "about": "带孩子来", **wrong})
    assert page.status_code == 422
    assert said in page.text
    assert "带孩子来" in page.text
    assert ATTACK not in page.text
    assert events(there) == []


def test_a_change_and_calling_off_tell_who_signed_up(there: World) -> None:
    somebody(there)
    clerk = there.enter("scribe")
    moved = {**FORM, "kind": "open_day", "day": in_days(9)}
    assert clerk.post(f"{HOME}/2/change", data=moved).headers["location"] == f"{HOME}/2?done=change"
    bare = clerk.post(f"{HOME}/2/call-off", data={"reason": ""})
    assert bare.status_code == 422
    assert clerk.post(f"{HOME}/2/call-off", data={"reason": "下大雨"}).status_code == 303
    with there.sessions() as session:
        row = session.scalars(select(Appointment).where(Appointment.opening_id == World.event)).one()
        assert row.say
        assert "不办了：下大雨" in row.say
    assert "不办了：下大雨" in there.visitor().get("/v/lijiagou/h2").text


def test_the_door_on_the_day(there: World) -> None:
    row = somebody(there)
    clerk = there.enter("scribe")
    early = clerk.post(f"{HOME}/2/mark", data={"row": str(row), "came": "1"})
    assert early.status_code == 422
    assert "开始前三小时" in early.text
    move_event(there, hours=-0.5)
    with there.sessions() as session:
        code = session.get_one(Appointment, row).code or ""
    wrong = clerk.post(f"{HOME}/2/code", data={"shown": "ABCDEFGH"})
    assert wrong.status_code == 422
    assert "没有找到这个报名码" in wrong.text
    assert "王婶" in wrong.text
    assert clerk.post(f"{HOME}/2/code", data={"shown": code.lower()}).headers["location"] == f"{HOME}/2/door?done=code"
    for _ in range(2):
        clerk.post(f"{HOME}/2/walk-in", data={"name": "老周", "party": "3", "nonce": "w"})
    page = clerk.get(f"{HOME}/2/door").text
    assert "来了 <strong>5</strong> 人" in page
    with there.sessions() as session:
        own = select(Appointment.status).where(Appointment.opening_id == World.event)
        assert session.scalars(own).all() == [AppointmentStatus.attended] * 2


def test_another_events_row_and_a_lawyers_appointment_arent_touched(there: World) -> None:
    move_event(there, hours=-0.5)
    before, clerk = there.rows(), there.enter("scribe")
    for deed, status in (("mark", 422), ("strike", 404)):
        assert clerk.post(f"{HOME}/2/{deed}", data={"row": "1", "came": "1", "why": "试试"}).status_code == status
    assert clerk.post(f"{HOME}/1/call-off", data={"reason": "下雨"}).status_code == 404
    assert there.enter("administrator").get("/staff/calendar/2").status_code == 404
    assert there.enter("administrator").post("/staff/calendar/2/cancel", data={"reason": "x"}).status_code == 404
    assert there.rows() == before


def test_a_name_is_struck_with_a_reason_that_is_told(there: World) -> None:
    row, clerk = somebody(there), there.enter("scribe")
    assert clerk.post(f"{HOME}/2/strike", data={"row": str(row)}).status_code == 422
    assert clerk.post(f"{HOME}/2/strike", data={"row": str(row), "why": "报重了"}).status_code == 303
    with there.sessions() as session:
        held = session.get_one(Appointment, row)
        assert held.status is AppointmentStatus.cancelled
        assert held.say
        assert "报重了" in held.say
        assert session.get_one(Opening, World.event).taken == 0


def test_a_question_of_the_chat_is_answered_on_the_page_and_told(there: World) -> None:
    with there.sessions() as session:
        asked = questions.ask(
            session, 2, conversation_id=World.conversation, text="路灯花了多少", key="q", now=datetime.now(UTC)
        )
        session.commit()
        number = str(asked.id)
    clerk, own = there.enter("scribe"), there.enter("own")
    said = {"question": number, "shown": "路灯花了多少", "text": "一共八千四，发票在公开栏。"}
    hidden = clerk.post(f"{HOME}/2/answer", data={**said, "hide": "1"})
    assert (hidden.status_code, own.post(f"{HOME}/2/answer", data=said).status_code) == (422, 422)
    assert "要由村务监督委员会的人定" in hidden.text
    assert clerk.post(f"{HOME}/2/answer", data=said).status_code == 303
    assert clerk.post(f"{HOME}/2/answer", data=said).status_code == 422
    page = there.visitor().get("/v/lijiagou/h2").text
    assert "一共八千四" in page
    with there.sessions() as session:
        told = session.scalars(select(Message).where(Message.text.contains("一共八千四"))).all()
        assert [message.conversation_id for message in told] == [World.conversation]
        assert session.scalars(select(EventQuestion)).one().answered_by == "文书的人"


def test_unanswered_ones_wait_for_the_clerk_and_late_ones_for_the_overseer(there: World) -> None:
    with there.sessions() as session:
        questions.ask(session, 2, conversation_id=None, text="路灯花了多少", key="q", now=datetime.now(UTC))
        session.commit()
    line = "还有1个问题没有答复"
    clerk, own = there.enter("scribe"), there.enter("own")
    assert line not in clerk.get("/staff/village").text
    move_event(there, hours=-24)
    assert line in clerk.get("/staff/village").text
    assert line not in own.get("/staff/village").text
    move_event(there, hours=-24 * 20)
    assert line in own.get("/staff/village").text


def test_pictures_need_the_word_on_children(there: World) -> None:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "green").save(out, "PNG")
    clerk = there.enter("scribe")

    def put(**said: str) -> int:
        files = {"photo": ("a.png", out.getvalue(), "image/png")}
        return clerk.post(f"{HOME}/2/photo", data=said, files=files).status_code

    assert (put(), put(faces="guardians")) == (422, 422)
    assert put(faces="guardians", said_by="两位妈妈当场同意") == 303
    with there.sessions() as session:
        newest = session.scalars(select(EventPhoto).order_by(EventPhoto.id.desc())).first()
        assert newest is not None
    shown = there.visitor().get(f"/v/lijiagou/h2/pictures/{newest.id}.jpg")
    assert shown.content[:2] == b"\xff\xd8"
    assert "两位妈妈" not in there.visitor().get("/v/lijiagou/h2").text
    assert clerk.post(f"{HOME}/2/photo-away", data={"picture": str(newest.id)}).status_code == 303
    assert there.visitor().get(f"/v/lijiagou/h2/pictures/{newest.id}.jpg").status_code == 404


def test_what_next_is_a_topic_made_once(there: World) -> None:
    move_event(there, hours=-24)
    clerk = there.enter("scribe")
    to = clerk.post(f"{HOME}/2/ask-next").headers["location"]
    assert clerk.post(f"{HOME}/2/ask-next").headers["location"] == to
    assert clerk.get(to).status_code == 200
    with there.sessions() as session:
        topic = session.get_one(Topic, int(to.rsplit("/", 1)[1]))
        assert (topic.raised_by, topic.method, len(topic.options)) == ("clerk", "approval", 5)
        assert topic.legality == ""


def test_a_topic_cut_short_before_its_options_gets_them_when_pressed_again(there: World) -> None:
    move_event(there, hours=-24)
    with there.sessions() as session:  # killed after `raise_topic` had committed
        topic = raising.raise_topic(
            session,
            place="lijiagou",
            text="下次村里办活动，大家想看什么？",
            conversation_id=None,
            by="clerk",
            key="event-2-next",
            now=datetime.now(UTC),
        )
        number = topic.id
    to = there.enter("scribe").post(f"{HOME}/2/ask-next").headers["location"]
    assert to.endswith(f"/{number}")
    with there.sessions() as session:
        assert len(session.get_one(Topic, number).options) == 5


def test_the_calendar_suggests_and_the_clerk_decides(there: World) -> None:
    now = datetime.now(UTC)
    with there.sessions() as session:
        session.merge(VillageProfile(place_id="lijiagou"))
        session.get_one(Opening, World.event).is_cancelled = True
        session.commit()
        suggesting.tick(session, now)
        [code] = [one.code for one in suggesting.open_ones(session, "lijiagou", now) if one.kind == "open_day"]
    clerk = there.enter("scribe")
    assert "村务公开日" in clerk.get(HOME).text
    page = clerk.get(f"{HOME}/new?place=lijiagou&think={code}")
    assert 'value="open_day" selected' in page.text
    gone = {"place": "lijiagou", "think": code}
    assert clerk.post(f"{HOME}/dismiss", data=gone).status_code == 303
    assert "这次不办</button>" not in clerk.get(HOME).text.split(code)[-1] or code not in clerk.get(HOME).text
    with there.sessions() as session:
        assert code not in [one.code for one in suggesting.open_ones(session, "lijiagou", now)]


def test_every_deed_is_in_the_audit_and_none_is_the_overseers_or_a_neighbours(there: World) -> None:
    before = there.rows()
    for login in ("own", "liuhe", "legal_worker"):
        for deed in ("change", "call-off", "sign-up", "strike", "photo", "mark", "walk-in", "ask-next"):
            sent = {**FORM, "day": in_days(5), "reason": "下雨了", "name": "甲", "party": "1", "row": "1", "came": "1"}
            assert there.enter(login).post(f"{HOME}/2/{deed}", data=sent).status_code == 403, (login, deed)
    assert there.rows() == before
    there.enter("scribe").post(f"{HOME}/2/call-off", data={"reason": "下雨了"})
    with there.sessions() as session:
        whats = [entry.what for entry in session.scalars(select(AuditEntry))]
        assert "活动：call-off" in whats


def test_names_and_telephones_are_the_clerks_alone(there: World) -> None:
    somebody(there)
    clerk, own = there.enter("scribe"), there.enter("own")
    assert "13800001111" in clerk.get(f"{HOME}/2").text
    assert "王婶" in clerk.get(f"{HOME}/2/list").text
    assert "13800001111" not in own.get(f"{HOME}/2").text
    assert own.get(f"{HOME}/2/list").status_code == 403


def test_hostile_numbers_and_words_are_answered_and_change_nothing(there: World) -> None:
    before, client, visitor = there.rows(), there.enter("scribe"), there.visitor()
    for value in ("0", "-1", "9" * 9, "9" * 400, "²", "१", "1e3", "null", "\x00", ATTACK, "字" * 3000, "1' OR '1'='1"):
        said = quote(value, safe="")
        for path in (f"{HOME}/{said}", f"{HOME}/{said}/door", f"{HOME}/2/pictures/{said}.jpg", f"/v/lijiagou/h{said}"):
            answer = (visitor if path.startswith("/v/") else client).get(path)
            assert answer.status_code in (404, 405), (path[:40], answer.status_code)
        for query in ("copy", "think", "place"):
            answer = client.get(f"{HOME}/new?{query}={said}")
            assert answer.status_code < 500, (query, value[:20])
            assert ATTACK not in answer.text
        for deed in ("answer", "strike", "photo-away", "mark", "change", "sign-up"):
            fields = ("question", "row", "picture", "party", "capacity", "hours", "day", "from", "name")
            answer = client.post(f"{HOME}/2/{deed}", data={**dict.fromkeys(fields, value), "why": "x", "came": "1"})
            assert 400 <= answer.status_code < 500, (deed, value[:20])
    assert there.rows() == before
