"""Every kind of message and event: taken for what it is, in a report under way and outside of one, and never twice."""

import contextlib
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import filing
from actions.cases.models import Photo
from actions.cases.photos import MAX_BYTES, PhotoRefused
from actions.dialogue.dispute import AskDispute, ReportDispute, ValidateDispute
from actions.dialogue.frame.base import Services, Turn
from actions.dialogue.question import AnswerQuestion
from bot.channels.wechat.models import WechatPicture
from bot.channels.wechat.wire.api import PictureUnreachable, fetch_picture
from bot.channels.wechat.wire.text import is_only_signs
from bot.channels.wechat.wire.xml import shape
from bot.conversations import service
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from tests.bot.channels.wechat.test_inbound import Wired, wire
from tests.conftest import DAY
from tests.fakes import FakeRasa, services_that_find_nothing

LABEL = "清河县柳河镇李家沟村12号"
SPOT = f"{LABEL}(地图 23.13452,113.35880)"  # as `normalise` hands it on
POINT = {"MsgType": "location", "Location_X": "23.134521", "Location_Y": "113.358803", "Scale": 16}


def jpeg(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "JPEG")
    return out.getvalue()


def given(sessions: sessionmaker[Session]) -> Services:
    """What an action is given, with nothing in the knowledge base."""
    return services_that_find_nothing(sessions, DAY)


def question(step: str) -> dict[str, Any]:
    """A question of the form, as its action says it."""
    asks = AskDispute(given(sessionmaker()), f"action_ask_dispute_{step}")
    return asks.do(Turn("c", "好")).replies[0].as_custom()


READ_BACK = {
    "kind": "asking",
    "text": "我念一遍，您听对不对：\n事情：墙\n\n这样报上去，行吗？",
    "form": "dispute",
    "step": "confirm",
    "buttons": [{"title": "对，报上去", "payload": "对，报上去"}],
}


class Pictures:
    """WeChat's server of pictures. `held`: until set, it gives nothing."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.answers, self.times, self.held = list(answers), 0, threading.Event()
        self.held.set()

    def __call__(self, url: str) -> bytes:
        self.times += 1
        self.held.wait(10)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def wired(sessions: sessionmaker[Session]) -> Iterator[Wired]:
    found = wire(sessions)
    found.follow("qrscene_lijiagou")
    yield found
    found.simulator.check()


def in_form(wired: Wired, step: str = "when") -> None:
    wired.rasa.answers = [[READ_BACK if step == "confirm" else question(step)]]
    wired.say("我要报个事")


def photos(wired: Wired) -> list[Photo]:
    with wired.sessions() as session:
        return list(session.scalars(select(Photo).order_by(Photo.id)))


def picture(number: int = 1) -> bytes:
    return shape(
        {
            "ToUserName": "gh_7f083739789a",
            "FromUserName": "o1",
            "CreateTime": 1395658920,
            "MsgType": "image",
            "PicUrl": f"http://mmbiz.qpic.cn/{number}",
            "MediaId": "m",
            "MsgId": number,
        }
    ).encode()


def test_a_picture_delivered_three_times_is_fetched_once_and_waits_for_nobody(wired: Wired) -> None:
    server = wired.picture = Pictures(jpeg())
    server.held.clear()
    texts = [wired.run(wired.simulator.deliver_once("o1", picture())) for _ in range(3)]
    # answered before anything is fetched
    assert texts[0].startswith("收到照片")
    assert texts[1:] == ["", ""]
    assert server.times == 0
    server.held.set()
    wired.wechat.tend()
    wired.wechat.tend()
    assert (len(photos(wired)), server.times, wired.rows(WechatPicture)) == (1, 1, 0)


def test_two_processes_that_fetch_at_once_attach_one(wired: Wired) -> None:
    server = wired.picture = Pictures(jpeg())
    wired.run(wired.simulator.deliver_once("o1", picture()))
    server.held.clear()
    both = [threading.Thread(target=wired.wechat.tend) for _ in range(2)]
    for thread in both:
        thread.start()
    while server.times < 2:
        pass
    server.held.set()
    for thread in both:
        thread.join()
    assert (len(photos(wired)), wired.rows(WechatPicture)) == (1, 0)


def test_a_picture_in_a_report_is_added_and_the_question_asked_on(wired: Wired) -> None:
    wired.picture = Pictures(jpeg())
    in_form(wired)
    for number in (1, 2):
        said = wired.run(wired.simulator.deliver_once("o1", picture(number)))
        assert said.startswith("收到照片，和您正在报的事一起交上去。\n咱们接着来：大概什么时候的事？")
        assert "回复 1：今天" in said
        assert said.count("接着来") == 1
    wired.say("1")
    assert wired.rasa.asked[-1][1] == "今天"


def test_a_picture_at_the_end_does_not_read_everything_back_again(wired: Wired) -> None:
    wired.picture = Pictures(jpeg())
    in_form(wired, "confirm")
    said = wired.run(wired.simulator.deliver_once("o1", picture()))
    assert "我念一遍" not in said
    assert "这样报上去，行吗？" in said
    assert "回复 1：对，报上去" in said


def test_a_picture_outside_of_a_report_waits_for_one(wired: Wired) -> None:
    wired.picture = Pictures(jpeg())
    assert "说“我要报个事”" in wired.run(wired.simulator.deliver_once("o1", picture()))
    wired.wechat.tend()
    assert [p.case_id for p in photos(wired)] == [None]
    with wired.sessions() as session:
        case = filing.file(
            session,
            request_key="k",
            conversation_id=wired.conversation(),
            place="lijiagou",
            category="土地",
            fields={"what": "墙"},
            now=datetime.now(UTC),
        )
    assert [p.case_id for p in photos(wired)] == [case.id]


def test_a_picture_still_on_its_way_when_the_report_is_filed_goes_to_that_case(wired: Wired) -> None:
    wired.picture = Pictures(jpeg())
    wired.run(wired.simulator.deliver_once("o1", picture()))
    with wired.sessions() as session:
        case = filing.file(
            session,
            request_key="k",
            conversation_id=wired.conversation(),
            place="lijiagou",
            category="土地",
            fields={"what": "墙"},
            now=datetime.now(UTC) + timedelta(seconds=1),
        )
    wired.wechat.tend()
    assert [p.case_id for p in photos(wired)] == [case.id]


def test_a_picture_that_cannot_be_had_is_tried_again_and_then_told(wired: Wired) -> None:
    server = wired.picture = Pictures(PictureUnreachable())
    wired.send(MsgType="image", PicUrl="http://mmbiz.qpic.cn/1", MediaId="m")
    for _ in range(5):
        wired.clock.ahead += timedelta(seconds=30)
        wired.wechat.tend()
    wired.wechat.deliver_due()
    assert server.times == 3
    assert wired.texts()[-1] == (
        "customer_service",
        "刚才那张照片没能存上：没有从微信取到，请再发一次。",
    )


@pytest.mark.parametrize(
    ("given", "told"), [(b"GIF89a", "换一张 JPG"), (b"x" * (MAX_BYTES + 1), "太大"), (PhotoRefused(), "打不开")]
)
def test_a_picture_that_is_none_is_told_once(wired: Wired, given: bytes | Exception, told: str) -> None:
    wired.picture = Pictures(given)
    wired.run(wired.simulator.deliver_once("o1", picture()))
    wired.wechat.tend()
    wired.clock.ahead += timedelta(seconds=10)
    wired.wechat.tend()
    wired.wechat.deliver_due()
    assert [told in text for _, text in wired.texts()].count(True) == 1
    assert not photos(wired)


def test_the_seventh_picture_is_told_to_be_too_many(wired: Wired) -> None:
    wired.picture = Pictures(*(jpeg(c) for c in ("red", "blue", "green", "black", "white", "yellow", "gray")))
    for number in range(1, 8):
        wired.run(wired.simulator.deliver_once("o1", picture(number)))
    wired.wechat.tend()
    wired.clock.ahead += timedelta(seconds=10)
    wired.wechat.deliver_due()
    assert len(photos(wired)) == 6
    assert "最多发 6 张" in wired.texts()[-1][1]


def test_what_was_deleted_while_a_picture_was_on_its_way_stays_deleted(wired: Wired) -> None:
    server = wired.picture = Pictures(jpeg())
    wired.run(wired.simulator.deliver_once("o1", picture()))
    server.held.clear()
    fetching = threading.Thread(target=wired.wechat.tend)
    fetching.start()
    while not server.times:
        pass
    with wired.sessions() as session:
        service.forget(session, wired.conversation())
    server.held.set()
    fetching.join()
    assert not photos(wired)
    assert wired.rows(Conversation) == 0


HOSTS = ("qpic.cn", "qq.com")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://127.0.0.1:8001/",
        "http://localhost/",
        "file:///etc/passwd",
        "ftp://mmbiz.qpic.cn/1",
        "http://qpic.cn.evil.example/1",
        "http://evilqpic.cn/1",
        "http://mmbiz.qpic.cn@evil.example/1",
        "http://evil.example/mmbiz.qpic.cn",
        "http://[::1]/",
        "http://[",
        "http://mmbiz.qpic.cn:99999999/",
        "http://\x00mmbiz.qpic.cn/",
        "//mmbiz.qpic.cn/1",
        "",
        "x" * 5000,
        "http://mmbiz.qpic.cn\\@evil.example/",
    ],
)
def test_pictures_come_from_wechats_servers_only(url: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(200, content=b"x")

    with contextlib.suppress(PhotoRefused):
        fetch_picture(httpx.Client(transport=httpx.MockTransport(answer)), url, hosts=HOSTS)
    assert all(h == "qpic.cn" or h.endswith((".qpic.cn", ".qq.com")) for h in asked)


def test_a_redirect_and_an_endless_or_slow_picture_are_refused() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.path == "/moved":
            return httpx.Response(302, headers={"location": "http://127.0.0.1/secret"})
        return httpx.Response(
            503 if request.url.path == "/busy" else 200, content=(b"x" * 100_000 for _ in range(10_000))
        )

    http, now = httpx.Client(transport=httpx.MockTransport(answer)), iter(range(0, 1000, 20))
    with pytest.raises(PhotoRefused) as moved:
        fetch_picture(http, "http://mmbiz.qpic.cn/moved", hosts=HOSTS)
    assert not isinstance(moved.value, PictureUnreachable)
    assert asked == ["http://mmbiz.qpic.cn/moved"]
    assert MAX_BYTES < len(fetch_picture(http, "http://mmbiz.qpic.cn/endless", hosts=HOSTS)) <= MAX_BYTES + 100_000
    for path, clock in (("busy", lambda: 0.0), ("slow", lambda: float(next(now)))):
        with pytest.raises(PictureUnreachable):
            fetch_picture(http, f"http://mmbiz.qpic.cn/{path}", hosts=HOSTS, clock=clock)


def test_a_location_answers_the_question_where_with_its_point(wired: Wired) -> None:
    in_form(wired, "where")
    wired.send(**POINT, Label=LABEL)
    assert wired.rasa.asked[-1][1] == SPOT


def test_a_location_at_another_question_changes_the_place(wired: Wired) -> None:
    in_form(wired, "when")
    wired.send(**POINT, Label=LABEL)
    assert wired.rasa.asked[-1][1] == f"地点改成{SPOT}"


@pytest.mark.parametrize("step", ["what", "where", "when", "wish", "confirm"])
def test_the_form_takes_a_location_for_the_place_whatever_it_asked(sessions: sessionmaker[Session], step: str) -> None:
    text = SPOT if step == "where" else f"地点改成{SPOT}"
    held = {
        "requested_slot": f"dispute_{step}",
        "dispute_what": None if step == "what" else "墙倒了",
        "dispute_where": "村口",
    }
    turn = Turn("c", text, intent="ask_law", sure=0.9, message=7, form="dispute_form", slots=held)
    events = ValidateDispute(given(sessions)).do(turn).events
    assert {e["name"]: e["value"] for e in events}["dispute_where"] == SPOT


def test_a_location_alone_is_asked_about_and_begins_a_report_with_its_place(wired: Wired) -> None:
    text = wired.send(**POINT, Label=LABEL).text
    assert text.startswith(f"收到您的位置：{LABEL}")
    assert "回复 1：报这里的事" in text
    assert not wired.rasa.asked
    wired.say("1")
    said = wired.rasa.asked[-1][1]
    events = ReportDispute(given(wired.sessions)).do(Turn("c", said, intent="report_dispute", sure=1.0)).events
    filled = {e["name"]: e["value"] for e in events if e["event"] == "slot" and e["value"]}
    assert filled["dispute_where"] == SPOT
    assert not {"dispute_what", "dispute_when"} & set(filled)


def test_a_location_in_another_village_offers_that_village(wired: Wired) -> None:
    assert "我是李家沟村的" not in wired.send(**POINT, Label=LABEL).text  # it is theirs already
    with wired.sessions() as session:
        session.get_one(Conversation, wired.conversation()).place_id = "liuhe"
        session.commit()
    assert "回复 2：我是李家沟村的，按这个村的村规来答" in wired.send(**POINT, Label=LABEL).text
    wired.say("2")
    assert wired.rasa.asked[-1][1] == "我是李家沟村的"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Location_X": "999", "Location_Y": "113"},
        {"Location_X": "nan", "Location_Y": "1e9"},
        {"Location_X": "23.1"},
    ],
)
def test_a_location_that_is_none_is_asked_for_again(wired: Wired, fields: dict[str, str]) -> None:
    assert "请再发一次" in wired.send(MsgType="location", **fields).text


def test_an_agent_sees_where_the_resident_is(wired: Wired) -> None:
    with wired.sessions() as session:
        session.get_one(Conversation, wired.conversation()).status = ConversationStatus.open
        session.commit()
    wired.send(**POINT, Label=LABEL)
    wired.say("/::)")
    with wired.sessions() as session:
        assert [
            m.text
            for m in session.scalars(select(Message).where(Message.sender == Sender.resident).order_by(Message.id))
        ] == [f"我的位置：{LABEL}（地图 23.13452，113.35880）", "/::)"]


def test_a_townships_person_is_asked_for_the_village_before_its_rules(sessions: sessionmaker[Session]) -> None:
    from knowledge import places
    from knowledge.places import Place

    wire(sessions)  # imports the places
    turn = Turn("c", "我们村办酒席有什么规定", intent="ask_village_rule", place="liuhe")
    asked = AnswerQuestion(given(sessions)).do(turn).replies[0]
    with sessions() as session:
        own = {session.get_one(Place, p).name for p in places.below(session, "liuhe") if p != "liuhe"}
    assert asked.text.startswith("您是哪个村的？")
    assert {b.title.split("（")[0] for b in asked.buttons} == own


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"MsgType": "voice", "MediaId": "x", "Format": "amr"}, "没听清"),
        ({"MsgType": "voice", "Recognition": "  "}, "没听清"),
        ({"MsgType": "video", "MediaId": "x"}, "视频"),
        ({"MsgType": "shortvideo", "MediaId": "x"}, "视频"),
        ({"MsgType": "file", "Title": "x.doc"}, "文件"),
        ({"MsgType": "link", "Url": "http://x"}, "打不开"),
        ({"MsgType": "wxcard"}, "看不懂"),
        ({"MsgType": "text", "Content": "/::)"}, "收到您的表情"),
    ],
)
def test_what_cannot_be_read_says_so_and_a_report_goes_on(wired: Wired, fields: dict[str, str], told: str) -> None:
    said = wired.send(**fields).text
    assert told in said
    assert "接着来" not in said
    in_form(wired)
    said, before = wired.send(**fields).text, len(wired.rasa.asked)
    assert told in said
    assert "咱们接着来：大概什么时候的事？" in said
    assert "回复 1：今天" in said
    assert len(wired.rasa.asked) == before


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("/::)", True),
        ("/::)/::)", True),
        ("/:rose/:<L>", True),
        ("[微笑]", True),
        ("[强][强]", True),
        ("👍", True),
        ("😀😭", True),
        ("👨‍👩‍👧❤️", True),
        ("……", True),
        ("？", True),
        ("好[微笑]", False),
        ("1", False),
        ("嗯/::)", False),
        ("/help", False),
        ("彩礼", False),
        ("ok", False),
        ("/:好的", False),
        ("2️⃣", False),
    ],
)
def test_stickers_are_told_from_words(text: str, is_so: bool) -> None:
    assert is_only_signs(text) is is_so


def test_danger_in_brackets_is_danger(wired: Wired) -> None:
    assert "110" in wired.say("[救命]").text or "120" in wired.texts()[-1][1]
    with wired.sessions() as session:
        assert session.get_one(Conversation, wired.conversation()).emergency_at is not None


@pytest.mark.parametrize(
    "event",
    [
        "VIEW",
        "LOCATION",
        "TEMPLATESENDJOBFINISH",
        "subscribe_msg_popup_event",
        "subscribe_msg_change_event",
        "subscribe_msg_sent_event",
        "MASSSENDJOBFINISH",
        "made_up",
        "",
    ],
)
def test_events_without_a_wish_are_taken_in_silence_and_open_no_window(wired: Wired, event: str) -> None:
    before, window = wired.rows(Message), wired.wechat.remaining(wired.conversation())
    assert (
        wired.send(
            MsgType="event", Event=event, EventKey="http://x", Latitude="23.1", Longitude="113.3", Status="success"
        ).text
        == ""
    )
    assert wired.rows(Message) == before
    assert wired.wechat.remaining(wired.conversation()) == window


def test_a_follower_who_scans_a_villages_code_is_of_that_village(wired: Wired) -> None:
    with wired.sessions() as session:
        session.get_one(Conversation, wired.conversation()).place_id = "liuhe"
        session.commit()
    assert (
        wired.send(MsgType="event", Event="SCAN", EventKey="lijiagou").text
        == "好，记下了，您是李家沟村的，村规和办事我按李家沟村的来答。想问什么，直接说。"
    )
    wired.send(MsgType="event", Event="SCAN", EventKey="no-such-village")
    with wired.sessions() as session:
        assert session.get_one(Conversation, wired.conversation()).place_id == "lijiagou"


def test_kinds_are_kept_apart_from_a_form_that_has_ended(sessions: sessionmaker[Session]) -> None:
    wired = wire(sessions, rasa=FakeRasa([question("when")], [{"kind": "case", "text": "登记好了。"}]))
    wired.say("我要报个事")
    assert "接着来" in wired.say("/::)").text
    wired.say("对")
    assert "接着来" not in wired.say("/::)").text
