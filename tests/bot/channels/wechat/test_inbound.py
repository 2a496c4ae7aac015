import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from actions.replies import Button, Reply, ReplyKind
from bot.channels.base import Answer
from bot.channels.simulator.account import Simulator
from bot.channels.simulator.rules import SimulatedAccount
from bot.channels.wechat import outbound, push
from bot.channels.wechat.accounts import Account, AccountKind
from bot.channels.wechat.channel import Wechat
from bot.channels.wechat.events import MENU_SAYS
from bot.channels.wechat.line import USUAL, Line, Patience
from bot.channels.wechat.links import Links
from bot.channels.wechat.models import WechatContact, WechatReceipt, WechatSent
from bot.channels.wechat.wire.api import WechatApi
from bot.channels.wechat.wire.xml import shape
from bot.conversations import delivery, service
from bot.conversations.models import Conversation, Message, Sender
from bot.turns import Turns
from bot.web.resident import wechat as pages
from bot.web.resident.tokens import Tokens
from knowledge.exchange.corpus import import_places
from tests.conftest import CORPUS
from tests.fakes import FakeRasa

KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
APPID = "wx49f0ab532d5d035a"
SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = "token123456"
ANSWER = {
    "kind": "answer",
    "text": "可以先找村委会调解。",
    "next": "带上身份证。",
    "citations": [
        {
            "title": "中华人民共和国人民调解法",
            "article": "第四条",
            "text": "人民调解不收费。",
            "kind_label": "法律",
            "in_force_from": "2011-01-01",
            "in_force_to": None,
            "note": None,
        }
    ],
}
LONG = {"kind": "answer", "text": "先找村委会调解，调解不成再去法院。" * 200}


class Clock:
    """A clock that tests move; the database and the simulator both live by it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def unix(self) -> float:
        return self.now().timestamp()


@dataclass
class Wired:
    """An account, the simulator of its servers, and the doubles that a test may change in between."""

    simulator: Simulator
    sessions: sessionmaker[Session]
    rasa: FakeRasa
    clock: Clock
    app: FastAPI
    api: WechatApi
    links: Links
    answer: Answer
    picture: Callable[[str], bytes] = lambda _: b""
    wechat: Wechat = None  # type: ignore[assignment]

    def start(self, line: Line) -> None:
        """As a process that was just started has it."""
        self.wechat = Wechat(
            line,
            answer=lambda message_id: self.answer(message_id),
            api=self.api,
            picture=lambda url: self.picture(url),
        )
        self.app.state.channels = [self.wechat]

    def change(self, **line: Any) -> None:
        self.start(replace(self.wechat.line, **line))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(work)

    def say(self, text: str, openid: str = "o1", **more: Any) -> Any:
        return self.run(self.simulator.say(openid, text, **more))

    def send(self, openid: str = "o1", **fields: Any) -> Any:
        return self.run(self.simulator.deliver(openid, fields))

    def follow(self, key: str = "", openid: str = "o1") -> Any:
        return self.send(openid, MsgType="event", Event="subscribe", EventKey=key)

    def texts(self, openid: str = "o1") -> list[tuple[str, str]]:
        return [(s.via, s.text) for s in self.simulator.telephone(openid).shown]

    def rows(self, table: Any) -> int:
        with self.sessions() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def held_by(self, client: TestClient) -> str | None:
        """The conversation that a browser holds."""
        with self.sessions() as session:
            found = Tokens("s").read(session, client.cookies.get("linli_conversation") or "")
            return found.id if found else None

    def conversation(self, openid: str = "o1") -> str:
        with self.sessions() as session:
            return session.scalars(select(WechatContact.conversation_id).where(WechatContact.openid == openid)).one()


def simulated(account: Account, mode: str) -> SimulatedAccount:
    """The account as WeChat's servers know it."""
    return SimulatedAccount(
        account.appid,
        account.secret,
        account.token,
        aes_key=account.aes_key,
        mode=mode,
        has_customer_service=account.has_customer_service,
        has_templates=account.template_id is not None,
    )


def wire(
    sessions: sessionmaker[Session],
    *,
    kind: AccountKind = AccountKind.service,
    mode: str = "plain",
    template: str | None = "notice-1",
    rasa: FakeRasa | None = None,
    patience: Patience = USUAL,
) -> Wired:
    with sessions() as session:
        import_places(session, CORPUS)
        session.commit()
    clock, rasa = Clock(), rasa or FakeRasa([ANSWER])
    account = Account(
        "qinghe",
        APPID,
        TOKEN,
        SECRET,
        kind,
        aes_key=KEY if mode != "plain" else None,
        must_be_sealed=mode == "safe",
        template_id=template,
    )
    app = FastAPI()
    transport = httpx.ASGITransport(app=app)

    async def reach(method: str, query: dict[str, str], body: bytes) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://linli") as client:
            return await client.request(method, "/wechat/qinghe", params=query, content=body)

    simulator = Simulator(simulated(account, mode), reach=reach, clock=clock.unix)
    api = WechatApi(
        account, sessions=sessions, http=TestClient(simulator.app, base_url="http://api"), wait=lambda _: None
    )
    links = Links(secret="s", public_url="https://linli.example", sessions=sessions)
    turns = Turns(sessions=sessions, rasa=rasa)  # type: ignore[arg-type]
    app.include_router(push.router)
    pages.include_pages(app, pages.Door(sessions, links, Tokens("s"), cookie_days=1, erase=lambda _: None))
    wired = Wired(simulator, sessions, rasa, clock, app, api, links, turns.answer)
    wired.start(
        Line(
            account,
            sessions,
            links,
            greeting=lambda village: f"您好，{village or '乡亲'}。",
            patience=patience,
            now=clock.now,
        )
    )
    return wired


@pytest.fixture
def wired(sessions: sessionmaker[Session]) -> Iterator[Wired]:
    found = wire(sessions)
    yield found
    found.simulator.check()


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_the_address_is_verified_and_a_question_answered_in_every_mode(
    sessions: sessionmaker[Session], mode: str
) -> None:
    wired = wire(sessions, mode=mode)
    wired.run(wired.simulator.verify())
    wired.follow("qrscene_lijiagou")
    said = wired.say("邻居占了我家地")
    assert said.deliveries == 1
    assert said.text.startswith(
        "可以先找村委会调解。\n下一步：带上身份证。\n依据：《人民调解法》第四条\n看原文：https://linli.example/w/s/"
    )
    assert wired.texts()[0] == ("passive", "您好，李家沟村。")
    with sessions() as session:
        assert session.get_one(Conversation, wired.conversation()).place_id == "lijiagou"
    wired.simulator.check()


def test_three_deliveries_at_once_are_one_message_and_one_reply(wired: Wired) -> None:
    said = wired.say("邻居占了我家地", at_once=True)
    assert said.text
    assert wired.rows(Message) == 2
    assert len(wired.rasa.asked) == 1
    assert [via for via, _ in wired.texts()] == ["resident", "passive"]


def test_a_late_answer_goes_by_the_customer_service_api(wired: Wired) -> None:
    wired.change(patience=Patience(reply_s=0.2))
    slow = threading.Event()

    async def answer(message_id: int) -> list[Message]:
        await asyncio.to_thread(slow.wait, 5)
        return await Turns(sessions=wired.sessions, rasa=wired.rasa).answer(message_id)  # type: ignore[arg-type]

    wired.answer = answer

    async def story() -> None:
        wired.simulator.telephone("o1").is_following = True
        said = await wired.simulator.say("o1", "邻居占了我家地")
        assert (said.deliveries, said.text) == (1, "")
        slow.set()
        while wired.rows(Message) < 2:
            await asyncio.sleep(0.05)

    wired.run(story())
    wired.clock.ahead = timedelta(seconds=3)
    assert (wired.wechat.deliver_due(), wired.wechat.deliver_due()) == (1, 0)
    assert [via for via, _ in wired.texts()] == ["resident", "customer_service"]
    with wired.sessions() as session:
        assert session.scalars(select(WechatContact.said_left)).one() == 4


def test_an_account_without_the_api_gives_the_result_on_the_next_word(
    sessions: sessionmaker[Session],
) -> None:
    wired = wire(sessions, kind=AccountKind.unverified, patience=Patience(reply_s=0.2))

    async def never(_: int) -> None:
        await asyncio.sleep(5)

    ready, wired.answer = wired.answer, never
    first = wired.say("邻居占了我家地")
    assert "回复任意一个字" in first.text
    assert "https://linli.example/w/" in first.text
    with sessions() as session:
        message = session.scalars(select(Message.id).where(Message.sender == Sender.resident)).one()
    asyncio.run(ready(message))  # type: ignore[arg-type]
    wired.answer = ready
    assert wired.say("好").text.startswith("可以先找村委会调解。")
    assert len(wired.rasa.asked) == 1
    assert wired.wechat.deliver_due() == 0
    wired.simulator.check()


def test_a_word_that_asks_for_a_late_answer_waits_for_it(
    sessions: sessionmaker[Session],
) -> None:
    wired = wire(sessions, kind=AccountKind.unverified, patience=Patience(reply_s=0.2))

    async def never(_: int) -> None:
        await asyncio.sleep(5)

    ready, wired.answer = wired.answer, never
    wired.say("邻居占了我家地")
    assert "回复任意一个字" in wired.say("好").text
    wired.change(patience=Patience(reply_s=4.0))
    wired.answer = ready
    assert wired.say("嗯").text.startswith("可以先找村委会调解。")
    assert [text for _, text in wired.rasa.asked] == ["邻居占了我家地"], "好 and 嗯 are no words to the assistant"
    wired.simulator.check()


def test_a_short_word_is_a_message_where_none_was_asked_for(sessions: sessionmaker[Session]) -> None:
    wired = wire(sessions, kind=AccountKind.unverified)
    wired.say("我要报事")
    with sessions() as session:
        delivery.tell(session, wired.conversation(), Reply(ReplyKind.case, "您的事有答复了。"), key="news")
        session.commit()
    assert wired.say("没有").text.startswith("您的事有答复了。\n\n可以先找村委会调解。")
    assert [text for _, text in wired.rasa.asked] == ["我要报事", "没有"]


def test_a_cry_for_help_is_never_taken_for_a_word_that_was_asked_for(sessions: sessionmaker[Session]) -> None:
    wired = wire(sessions, kind=AccountKind.unverified, rasa=FakeRasa([LONG]))
    assert wired.say("讲讲").text.endswith("接着看）")
    wired.say("救命")
    with sessions() as session:
        assert session.get_one(Conversation, wired.conversation()).emergency_kind == "violence"


@pytest.mark.parametrize("kind", AccountKind)
def test_a_number_stands_for_what_was_shown(sessions: sessionmaker[Session], kind: AccountKind) -> None:
    wired = wire(
        sessions,
        kind=kind,
        rasa=FakeRasa([{"kind": "case", "text": "办理中。", "buttons": [{"title": "撤回", "payload": "撤回这件事"}]}]),
    )
    wired.say("办得咋样")
    with sessions() as session:
        delivery.tell(
            session,
            wired.conversation(),
            Reply(
                ReplyKind.case,
                "有答复了。",
                buttons=(Button("解决了", "这件事解决了"), Button("没解决", "这件事没解决")),
            ),
            key="news",
        )
        session.commit()
    assert wired.say("1").text == "有答复了。\n可以回：解决了、没解决\n\n办理中。\n回复 1：撤回"
    wired.say("1")
    assert [text for _, text in wired.rasa.asked] == ["办得咋样", "撤回这件事", "撤回这件事"]


@pytest.mark.parametrize("kind", AccountKind)
def test_a_long_answer_arrives_whole(sessions: sessionmaker[Session], kind: AccountKind) -> None:
    wired = wire(sessions, kind=kind, rasa=FakeRasa([LONG]))
    wired.follow()
    wired.say("讲讲")
    for _ in range(6):
        wired.clock.ahead += timedelta(seconds=3)
        wired.wechat.deliver_due()
        if kind is AccountKind.unverified and wired.texts()[-1][1].endswith("接着看）"):
            wired.say("好")
    got = "".join(text.removesuffix(outbound.MORE) for via, text in wired.texts()[2:] if via != "resident")
    assert "".join(got.split()) == LONG["text"]
    wired.simulator.check()


def test_more_than_the_window_allows_ends_in_a_link_and_the_rest_waits(wired: Wired) -> None:
    wired.follow()
    wired.say("在吗")
    with wired.sessions() as session:
        for number in range(9):
            delivery.tell(
                session,
                wired.conversation(),
                Reply(ReplyKind.case, f"第{number}段。" + "很长的话。" * 300),
                key=f"t{number}",
            )
        session.commit()
    wired.clock.ahead = timedelta(minutes=2)
    sent = wired.wechat.deliver_due()
    api = [text for via, text in wired.texts() if via == "customer_service"]
    assert (sent, len(api)) == (5, 5)
    assert "https://linli.example/w/" in api[-1]
    assert wired.wechat.remaining(wired.conversation()).text_zh.startswith(
        "他说话以后的 5 条发完了，剩 0 条：您写的先用通知提醒他"
    )  # type: ignore[union-attr]


def test_after_49_hours_a_notice_without_the_matter_and_then_the_words(wired: Wired) -> None:
    wired.say("想离婚")
    wired.clock.ahead = timedelta(hours=49)
    with wired.sessions() as session:
        delivery.tell(session, wired.conversation(), Reply(ReplyKind.case, "您反映的离婚纠纷已受理。"), key="late")
        session.commit()
    wired.simulator.telephone("o1").is_following = True
    assert wired.wechat.deliver_due() == 0
    wired.clock.ahead += timedelta(minutes=2)
    wired.wechat.deliver_due()
    notices = [s for s in wired.simulator.telephone("o1").shown if s.via == "template"]
    assert len(notices) == 1
    assert "离婚" not in notices[0].text
    assert notices[0].url.startswith("https://linli.example/w/")
    assert "您反映的离婚纠纷已受理。" in wired.say("好的").text


def test_nobody_who_unfollowed_is_sent_anything(wired: Wired) -> None:
    wired.say("在吗")
    wired.send(MsgType="event", Event="unsubscribe", EventKey="")
    with wired.sessions() as session:
        delivery.tell(session, wired.conversation(), Reply(ReplyKind.case, "有进展了。"), key="late")
        session.commit()
    wired.clock.ahead = timedelta(minutes=1)
    assert wired.wechat.deliver_due() == 0
    assert "取消关注" in wired.wechat.remaining(wired.conversation()).text_zh  # type: ignore[union-attr]


def test_whoever_wechat_says_has_left_is_left_alone_until_their_next_word(wired: Wired) -> None:
    wired.say("在吗")
    wired.wechat.deliver_due()
    with wired.sessions() as session:
        delivery.tell(session, wired.conversation(), Reply(ReplyKind.case, "有进展了。"), key="late")
        session.commit()
    wired.clock.ahead = timedelta(minutes=1)
    wired.simulator.fail_next = [0, 43004]
    assert wired.wechat.deliver_due() == 0
    wired.clock.ahead = timedelta(hours=3)
    assert wired.wechat.deliver_due() == 0
    assert wired.simulator.fail_next == []
    assert "取消关注" in wired.wechat.remaining(wired.conversation()).text_zh  # type: ignore[union-attr]
    assert "有进展了。" in wired.say("又关注了").text


def test_buttons_are_numbers_that_are_understood(sessions: sessionmaker[Session]) -> None:
    rasa = FakeRasa(
        [
            {
                "kind": "smalltalk",
                "text": "要登记吗？",
                "buttons": [{"title": "要", "payload": "帮我登记上报"}, {"title": "先不用", "payload": "先不用"}],
            }
        ]
    )
    wired = wire(sessions, rasa=rasa)
    assert wired.say("隔壁占了路").text == "要登记吗？\n回复 1：要\n回复 2：先不用"
    wired.say("回复1")
    wired.say("3")
    assert [text for _, text in rasa.asked] == ["隔壁占了路", "帮我登记上报", "3"]


@pytest.mark.parametrize(
    ("fields", "heard"),
    [
        ({"MsgType": "voice", "Recognition": "邻居占了我家地"}, "调解"),
        ({"MsgType": "voice"}, "没听清"),
        ({"MsgType": "location", "Location_X": "23.1", "Location_Y": "113.3", "Label": "清河县柳河镇"}, "报这里的事"),
        ({"MsgType": "location"}, "位置没收全"),
        ({"MsgType": "video", "MediaId": "x"}, "视频"),
        ({"MsgType": "link", "Url": "http://x"}, "打不开"),
        ({"MsgType": "image", "PicUrl": "http://x"}, "照片"),
        ({"MsgType": "wxcard"}, "看不懂"),
        ({"MsgType": "text", "Content": ""}, "还没写字"),
        ({"MsgType": "text", "Content": "长" * 2001}, "太长"),
        ({"MsgType": "event", "Event": "CLICK", "EventKey": "ask"}, "彩礼能退吗"),
        ({"MsgType": "event", "Event": "CLICK", "EventKey": "book"}, "调解"),
    ],
)
def test_every_kind_of_message_gets_a_kind_sentence(wired: Wired, fields: dict[str, Any], heard: str) -> None:
    assert heard in wired.send(**fields).text


@pytest.mark.parametrize("event", ["VIEW", "LOCATION", "TEMPLATESENDJOBFINISH", "subscribe_msg_popup_event", "made_up"])
def test_other_events_are_taken_in_silence(wired: Wired, event: str) -> None:
    assert wired.send(MsgType="event", Event=event, EventKey="x").text == ""


def test_a_menu_pressed_twice_in_a_second_is_one_press(wired: Wired) -> None:
    assert wired.rows(WechatReceipt) == 0
    for _ in range(2):
        wired.run(wired.simulator.deliver_once("o1", pages_body()))
    assert (wired.rows(WechatReceipt), [t for _, t in wired.rasa.asked]) == (1, [MENU_SAYS["report"]])


def pages_body() -> bytes:
    return shape(
        {
            "ToUserName": "gh_7f083739789a",
            "FromUserName": "o1",
            "CreateTime": 1395658920,
            "MsgType": "event",
            "Event": "CLICK",
            "EventKey": "report",
        }
    ).encode()


def test_a_delivery_after_a_kill_before_the_response_left_gets_the_reply(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the commit and the network: nothing was marked as having left us, so the next delivery carries
    the same words.
    """
    monkeypatch.setattr(wired.wechat.inbound, "left_us", lambda _: None)
    first = wired.run(wired.simulator.deliver_once("o1", text_body()))
    assert first
    assert wired.run(wired.simulator.deliver_once("o1", text_body())) == first
    assert len(wired.rasa.asked) == 1
    assert wired.rows(WechatSent) == 1


def test_a_delivery_that_overlaps_one_already_answered_is_only_acknowledged(wired: Wired) -> None:
    first = wired.run(wired.simulator.deliver_once("o1", text_body()))
    assert first
    assert wired.run(wired.simulator.deliver_once("o1", text_body())) == ""
    wired.clock.ahead = timedelta(seconds=5)
    assert wired.run(wired.simulator.deliver_once("o1", text_body())) == first  # five seconds on, WeChat never got it


def text_body() -> bytes:
    return shape(
        {
            "ToUserName": "gh_7f083739789a",
            "FromUserName": "o1",
            "CreateTime": 1395658920,
            "MsgType": "text",
            "Content": "邻居占了我家地",
            "MsgId": 77,
        }
    ).encode()


def test_requests_that_wechat_did_not_sign_are_refused_alike(wired: Wired) -> None:
    client = TestClient(wired.app)
    for path, query in (
        ("/wechat/qinghe", {}),
        ("/wechat/nobody", {"signature": "x"}),
        ("/wechat/qinghe", {"signature": "0" * 40, "timestamp": "1", "nonce": "n"}),
        ("/wechat/qinghe", {"encrypt_type": "aes", "msg_signature": "x"}),
    ):
        for answer in (client.get(path, params=query), client.post(path, params=query, content=text_body())):
            assert (answer.status_code, answer.text) == (403, "")
    assert wired.rows(WechatContact) == 0


def test_a_dead_token_is_renewed_once_and_the_message_sent_once(wired: Wired) -> None:
    wired.say("在吗")
    wired.simulator.telephone("o1").is_following = True
    with wired.sessions() as session:
        delivery.tell(session, wired.conversation(), Reply(ReplyKind.case, "有进展了。"), key="late")
        session.commit()
    wired.api.token()
    wired.simulator.tokens.clear()
    wired.clock.ahead = timedelta(minutes=1)
    assert (wired.wechat.deliver_due(), wired.simulator.tokens_given) == (1, 2)
    assert [text for via, text in wired.texts() if via == "customer_service"] == ["有进展了。"]


@pytest.mark.parametrize("code", [45009, -1])
def test_patience_is_kept_and_nothing_lost(wired: Wired, code: int) -> None:
    wired.say("在吗")
    wired.simulator.telephone("o1").is_following = True
    with wired.sessions() as session:
        delivery.tell(session, wired.conversation(), Reply(ReplyKind.case, "有进展了。"), key="late")
        session.commit()
    wired.api.token()
    wired.simulator.fail_next = [code]
    wired.clock.ahead = timedelta(minutes=1)
    assert (wired.wechat.deliver_due(), wired.wechat.deliver_due()) == (0, 0)
    wired.clock.ahead = timedelta(minutes=2)
    assert wired.wechat.deliver_due() == 1


def test_the_page_behind_a_link_shows_sources_and_joins_only_on_a_press(wired: Wired) -> None:
    text = wired.say("邻居占了我家地").text
    client = TestClient(wired.app, base_url="https://linli.example", follow_redirects=False)
    found = client.get(text.split("看原文：")[1].strip())
    assert found.status_code == 200
    assert "人民调解不收费。" in found.text
    assert "邻居占了" not in found.text
    link = wired.links.page(wired.conversation())
    assert "占了" not in client.get(link).text
    assert not client.cookies
    joined = client.post(link)
    assert joined.status_code == 303
    assert wired.held_by(client) == wired.conversation()
    assert client.get("/w/made-up").status_code == 404
    assert client.post("/w/made-up").status_code == 404
    assert client.get("/w/s/made-up").status_code == 404


def test_a_resident_deletes_everything_by_a_link(wired: Wired) -> None:
    wired.say("邻居占了我家地")
    link = wired.say("删除记录").text.splitlines()[-1]
    client = TestClient(wired.app, base_url="https://linli.example")
    assert "删除这段对话" in client.get(link).text
    assert "已经删除" in client.post(f"{link}/delete").text
    assert wired.rows(WechatContact) == wired.rows(Message) == 0
    assert client.post(f"{link}/delete").status_code == 404


def test_forgetting_a_conversation_forgets_the_person_on_wechat(wired: Wired) -> None:
    wired.say("在吗")
    with wired.sessions() as session:
        service.forget(session, wired.conversation())
    assert [wired.rows(t) for t in (WechatContact, WechatReceipt, WechatSent, Conversation)] == [0, 0, 0, 0]
    assert wired.say("又来了").text
