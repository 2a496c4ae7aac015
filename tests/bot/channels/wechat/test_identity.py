"""Who is the same person, on two official accounts and in a browser, and that only their own word makes them so."""

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from actions import persons
from actions.bookings import appointments as bookings
from actions.bookings import openings
from actions.bookings.models import Mode
from actions.cases import clock, filing, finding
from actions.cases import moves as cases
from actions.cases.status import CaseStatus
from actions.dialogue.booking import CheckBooking
from actions.dialogue.case import CheckCase
from actions.dialogue.frame.base import Turn
from bot.channels.base import Answer
from bot.channels.simulator.account import Simulator
from bot.channels.simulator.rules import SimulatedAccount
from bot.channels.wechat import push
from bot.channels.wechat.accounts import Account, AccountKind
from bot.channels.wechat.channel import Wechat
from bot.channels.wechat.identity import APART, NOT_TOGETHER, TOGETHER
from bot.channels.wechat.line import Line
from bot.channels.wechat.links import Links
from bot.channels.wechat.models import WechatContact
from bot.channels.wechat.wire.api import WechatApi
from bot.conversations import delivery, messages, service
from bot.conversations.models import Conversation, ConversationStatus, Message
from bot.turns import Turns
from bot.web.resident import wechat as pages
from bot.web.resident.tokens import COOKIE, Tokens
from knowledge import places
from knowledge.exchange.corpus import import_places
from tests.bot.channels.wechat.test_inbound import ANSWER, Clock, Wired, wire
from tests.conftest import CORPUS, DAY
from tests.fakes import FakeRasa, services_that_find_nothing

NAMES = ("liuhe", "qingshi")
TITLES = {"liuhe": "“柳河镇便民”公众号", "qingshi": "“青石乡便民”公众号"}


@dataclass
class County:
    """Two townships' accounts on one installation. A person has another openid on each."""

    accounts: dict[str, Wechat]
    simulators: dict[str, Simulator]
    sessions: sessionmaker[Session]
    rasa: FakeRasa
    clock: Clock
    app: FastAPI
    answer: Answer
    apis: dict[str, WechatApi] = field(default_factory=dict)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(work)

    def say(self, name: str, text: str, person: str = "wang") -> str:
        self.simulators[name].telephone(f"{person}-{name}").is_following = True
        return str(self.run(self.simulators[name].say(f"{person}-{name}", text)).text)

    def event(self, name: str, event: str, key: str = "", person: str = "wang") -> str:
        return str(
            self.run(
                self.simulators[name].deliver(f"{person}-{name}", {"MsgType": "event", "Event": event, "EventKey": key})
            ).text
        )

    def known_as(self, unionid: str | None, person: str = "wang") -> None:
        for name, simulator in self.simulators.items():
            simulator.telephone(f"{person}-{name}").unionid = unionid

    def tend(self) -> None:
        """A round of each account, and what it gives rise to goes out."""
        for name in NAMES:
            self.accounts[name].tend()
        self.clock.ahead += timedelta(seconds=5)
        for name in NAMES:
            self.accounts[name].deliver_due()

    def heard(self, name: str, person: str = "wang") -> list[str]:
        return [s.text for s in self.simulators[name].telephone(f"{person}-{name}").shown if s.via != "resident"]

    def asked(self, person: str = "wang") -> list[str]:
        """On which accounts the question of joining was put, as often as it was."""
        return [name for name in NAMES for text in self.heard(name, person) if "放在一起看" in text]

    def conversation(self, name: str, person: str = "wang") -> str:
        with self.sessions() as session:
            return session.scalars(
                select(WechatContact.conversation_id).where(WechatContact.openid == f"{person}-{name}")
            ).one()

    def file(self, name: str, what: str, person: str = "wang") -> str:
        with self.sessions() as session:
            case = filing.file(
                session,
                request_key=what,
                conversation_id=self.conversation(name, person),
                place="lijiagou",
                category="土地",
                fields={"what": what},
                now=datetime.now(UTC),
            )
            return filing.spoken_number(case)

    def progress(self, name: str, person: str = "wang") -> str:
        """What 我那事咋样了 is answered with."""
        return check(self.sessions, CheckCase, self.conversation(name, person), "我那事咋样了")


def check(sessions: sessionmaker[Session], action: Any, conversation_id: str, text: str) -> str:
    services = services_that_find_nothing(sessions, DAY)
    return str(action(services).do(Turn(conversation_id, text)).replies[0].text)


def county_of(
    sessions: sessionmaker[Session],
    *,
    kinds: tuple[AccountKind, AccountKind] = (AccountKind.service, AccountKind.subscription),
) -> County:
    with sessions() as session:
        import_places(session, CORPUS)
        session.commit()
    clock, rasa, app = Clock(), FakeRasa([{**ANSWER, "citations": []}]), FastAPI()
    transport = httpx.ASGITransport(app=app)
    links = Links(secret="s", public_url="https://linli.example", sessions=sessions)
    turns = Turns(sessions=sessions, rasa=rasa)  # type: ignore[arg-type]
    found = County({}, {}, sessions, rasa, clock, app, turns.answer)
    appids = {name: f"wx{number}9f0ab532d5d035a" for number, name in enumerate(NAMES)}
    for number, name in enumerate(NAMES):
        account = Account(
            name, appids[name], f"token{number}", f"{number}" * 32, kinds[number], place=name, title=TITLES[name]
        )

        async def reach(method: str, query: dict[str, str], body: bytes, name: str = name) -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url="http://linli") as client:
                return await client.request(method, f"/wechat/{name}", params=query, content=body)

        simulator = Simulator(
            SimulatedAccount(
                account.appid, account.secret, account.token, has_customer_service=account.has_customer_service
            ),
            reach=reach,
            clock=clock.unix,
        )
        api = WechatApi(
            account, sessions=sessions, http=TestClient(simulator.app, base_url="http://api"), wait=lambda _: None
        )
        others = {appids[n]: TITLES[n] for n in NAMES if n != name}
        found.simulators[name] = simulator
        found.apis[name] = api
        line = Line(
            account,
            sessions,
            links,
            greeting=lambda village: f"您好，{village or '乡亲'}。",
            others=others,
            now=clock.now,
        )
        found.accounts[name] = Wechat(
            line, answer=lambda message_id: found.answer(message_id), api=api, picture=lambda _: b""
        )
    app.state.channels = list(found.accounts.values())
    app.include_router(push.router)
    pages.include_pages(app, pages.Door(sessions, links, Tokens("s"), cookie_days=1, erase=lambda _: None))
    return found


@pytest.fixture
def county(sessions: sessionmaker[Session]) -> Iterator[County]:
    found = county_of(sessions)
    yield found
    for simulator in found.simulators.values():
        simulator.check()


def test_two_accounts_at_once_keep_token_place_and_window_apart(county: County) -> None:
    async def both() -> None:
        for _ in range(3):
            await asyncio.gather(
                *(
                    s.say(f"{person}-{name}", "邻居占了我家地")
                    for name, s in county.simulators.items()
                    for person in ("wang", "li")
                )
            )

    county.run(both())
    assert [
        county.conversation(n, p) == county.conversation(m, q)
        for n, p, m, q in (("liuhe", "wang", "qingshi", "wang"), ("liuhe", "wang", "liuhe", "li"))
    ] == [False, False]
    with county.sessions() as session:
        assert {
            c.openid.split("-")[1]: session.get_one(Conversation, c.conversation_id).place_id
            for c in session.scalars(select(WechatContact))
        } == {"liuhe": "liuhe", "qingshi": "qingshi"}
        session.execute(update(WechatContact).where(WechatContact.openid == "wang-liuhe").values(said_left=0))
        session.commit()
    assert len(county.rasa.asked) == 12
    for name, others in (("liuhe", "qingshi"), ("qingshi", "liuhe")):
        own = county.accounts[name].remaining(county.conversation(name))
        assert own is not None
        assert own.messages == (0 if name == "liuhe" else 5)
        assert county.accounts[others].remaining(county.conversation(name)) is None


def test_a_conversation_has_the_rights_of_its_own_account(sessions: sessionmaker[Session]) -> None:
    county = county_of(sessions, kinds=(AccountKind.unverified, AccountKind.service))
    county.say("qingshi", "在吗")
    told = [r.text_zh for w in county.accounts.values() if (r := w.remaining(county.conversation("qingshi")))]
    assert len(told) == 1
    assert told[0].startswith("微信还能发 5 条")


def test_what_is_signed_for_one_account_is_refused_by_the_other_like_by_none(county: County) -> None:
    client, answers = TestClient(county.app), []

    async def to_another(method: str, query: dict[str, str], body: bytes) -> httpx.Response:
        for name in ("qingshi", "nobody"):
            answer = client.request(method, f"/wechat/{name}", params=query, content=body)
            answers.append((answer.status_code, answer.text, sorted(answer.headers.items())))
        return httpx.Response(200, text="success")

    county.simulators["liuhe"].reach = to_another
    county.say("liuhe", "在吗")
    assert answers[0] == answers[1]
    assert answers[0][:2] == (403, "")
    assert not county.rasa.asked


def test_the_code_of_a_village_elsewhere_does_not_take_the_townships_people_there(county: County) -> None:
    assert county.event("liuhe", "subscribe", "qrscene_lijiagou") == "您好，李家沟村。"
    with county.sessions() as session:
        elsewhere = next(p for p in places.below(session, "qingshi") if p != "qingshi")
    assert "不归这个公众号管" in county.event("liuhe", "SCAN", elsewhere)
    with county.sessions() as session:
        assert session.get_one(Conversation, county.conversation("liuhe")).place_id == "lijiagou"


def test_without_consent_nothing_crosses(county: County) -> None:
    county.known_as("union-wang")
    county.say("liuhe", "在吗")
    county.file("liuhe", "地被占了")
    county.say("qingshi", "在吗")
    for _ in range(3):
        county.tend()
    assert len(county.asked()) == 1
    assert "还没有登记过的事" in county.progress("qingshi")
    with county.sessions() as session:
        assert persons.threads_of(session, county.conversation("qingshi")) == [county.conversation("qingshi")]


def test_one_person_is_asked_once_and_after_a_yes_sees_both(county: County) -> None:
    county.known_as("union-wang")
    county.say("liuhe", "在吗")
    number = county.file("liuhe", "地被占了")
    county.tend()
    assert county.asked() == []  # nothing is known of them elsewhere
    county.event("qingshi", "subscribe")
    for _ in range(3):
        county.tend()
    assert county.asked() == ["qingshi"]
    question = next(t for t in county.heard("qingshi") if "放在一起看" in t)
    assert question.startswith("您在“柳河镇便民”公众号也和我说过话。")
    assert question.endswith("回复 1：合到一起\n回复 2：不用")
    assert county.say("qingshi", "1").startswith("合好了。")
    assert number in county.progress("qingshi")
    assert number in county.progress("liuhe")
    with county.sessions() as session:
        words = {m.conversation_id for m in session.scalars(select(Message))}
        # staff see the case where it was filed
        assert finding.of_conversation(session, county.conversation("qingshi")) == []
    assert len(words) == 2
    assert county.rasa.asked == [(county.conversation("liuhe"), "在吗")]


def test_a_no_is_remembered_and_can_be_taken_back(county: County) -> None:
    county.known_as("union-wang")
    county.say("liuhe", "在吗")
    number = county.file("liuhe", "地被占了")
    county.event("qingshi", "subscribe")
    county.tend()
    assert "各看各的" in county.say("qingshi", "回复2")
    county.event("qingshi", "unsubscribe")
    county.event("qingshi", "subscribe")
    for _ in range(3):
        county.tend()
    assert county.asked() == ["qingshi"]
    assert number not in county.progress("qingshi")
    assert county.say("qingshi", TOGETHER).startswith("合好了。")
    assert number in county.progress("qingshi")
    assert county.say("liuhe", APART).startswith("分开了")
    assert number not in county.progress("qingshi")
    assert number in county.progress("liuhe")


def test_what_one_booked_shows_on_the_other_side_only_after_a_yes(county: County) -> None:
    county.known_as("union-wang")
    county.say("liuhe", "在吗")
    county.say("qingshi", "在吗")
    now = datetime.now(UTC)
    with county.sessions() as session:
        opening = openings.publish(
            session,
            worker_id=None,
            worker_name="周律师",
            mode=Mode.office,
            place="liuhe",
            address="镇司法所",
            starts_at=now + timedelta(days=1),
            ends_at=now + timedelta(days=1, hours=1),
            capacity=1,
            now=now,
        )
        bookings.book(
            session,
            opening.id,
            conversation_id=county.conversation("liuhe"),
            request_key="k",
            summary="离婚",
            phone=None,
            now=now,
        )
    assert "没有预约" in check(county.sessions, CheckBooking, county.conversation("qingshi"), "我的预约")
    county.tend()
    county.say("qingshi", TOGETHER)
    assert "镇司法所" in check(county.sessions, CheckBooking, county.conversation("qingshi"), "我的预约")


@pytest.mark.parametrize("other", [None, "union-li"])
def test_people_whom_wechat_does_not_call_the_same_are_never_joined(county: County, other: str | None) -> None:
    county.known_as("union-wang")
    county.known_as(other, "li")
    county.say("liuhe", "在吗")
    county.file("liuhe", "地被占了")
    county.say("qingshi", "在吗", "li")
    county.tend()
    county.tend()
    assert county.asked() == county.asked("li") == []
    assert "不用合" in county.say("qingshi", TOGETHER, "li")
    assert "还没有登记过的事" in county.progress("qingshi", "li")


def test_a_form_is_not_disturbed_so_its_number_never_means_a_yes(county: County) -> None:
    county.known_as("union-wang")
    county.say("liuhe", "在吗")
    county.rasa.answers = [
        [
            {
                "kind": "asking",
                "text": "大概什么时候的事？",
                "form": "dispute",
                "step": "when",
                "buttons": [{"title": "今天", "payload": "今天"}],
            }
        ]
    ]
    county.say("qingshi", "我要报个事")
    county.say("liuhe", "我要报个事")
    county.tend()
    assert county.asked() == []
    county.say("qingshi", "1")
    assert county.rasa.asked[-1] == (county.conversation("qingshi"), "今天")
    with county.sessions() as session:
        assert len(persons.threads_of(session, county.conversation("qingshi"))) == 1
    county.rasa.answers = [[{"kind": "case", "text": "登记好了。"}]]
    county.say("qingshi", "对")
    county.tend()
    assert county.asked() == ["qingshi"]


def test_somebody_who_talks_with_a_person_is_not_asked(county: County) -> None:
    county.known_as("union-wang")
    county.say("liuhe", "在吗")
    county.say("qingshi", "在吗")
    with county.sessions() as session:
        session.execute(update(Conversation).values(status=ConversationStatus.open))
        session.commit()
    county.tend()
    assert county.asked() == []
    with county.sessions() as session:
        session.execute(update(Conversation).values(status=ConversationStatus.bot))
        session.commit()
    county.tend()
    assert len(county.asked()) == 1


def test_wechat_is_asked_once_for_a_person_and_again_when_they_follow_anew(county: County) -> None:
    county.say("liuhe", "在吗")
    for _ in range(3):
        county.tend()
    telephone = county.simulators["liuhe"].telephone("wang-liuhe")
    assert telephone.times_looked_up == 1
    county.event("liuhe", "unsubscribe")
    county.tend()
    county.event("liuhe", "subscribe")
    county.tend()
    assert telephone.times_looked_up == 2


@pytest.mark.parametrize(("code", "times"), [(-1, 1), (45009, 1), (48001, 0), (40003, 0)])
def test_wechat_that_cannot_say_is_asked_later_and_one_that_will_not_never(
    county: County, code: int, times: int
) -> None:
    county.say("liuhe", "在吗")
    county.apis["liuhe"].token()
    county.simulators["liuhe"].fail_next = [code]
    county.tend()
    county.tend()
    telephone = county.simulators["liuhe"].telephone("wang-liuhe")
    assert telephone.times_looked_up == 0
    county.clock.ahead += timedelta(minutes=11)
    county.tend()
    assert telephone.times_looked_up == times


def test_one_account_alone_asks_wechat_for_nobody(sessions: sessionmaker[Session]) -> None:
    wired = wire(sessions)
    wired.say("在吗")
    wired.wechat.tend()
    assert wired.simulator.telephone("o1").times_looked_up == wired.simulator.tokens_given == 0


def test_the_reply_does_not_wait_for_wechat_to_say_who_somebody_is(county: County) -> None:
    county.apis["liuhe"].person = lambda _: pytest.fail("asked while answering")  # type: ignore[assignment]
    assert county.say("liuhe", "邻居占了我家地").startswith("可以先找村委会调解。")


def test_joining_twice_and_across_three_is_one_person_until_one_parts(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        persons.join(session, "a", "b")
        persons.join(session, "c", "d")
        persons.join(session, "b", "c")
        persons.join(session, "b", "c")
        assert set(persons.threads_of(session, "d")) == {"a", "b", "c", "d"}
        assert persons.threads_of(session, "d")[0] == "d"
        assert persons.part(session, "d")
        assert not persons.part(session, "d")
        assert persons.threads_of(session, "d") == ["d"]
        assert set(persons.threads_of(session, "a")) == {"a", "b", "c"}


@pytest.fixture
def wired(sessions: sessionmaker[Session]) -> Iterator[Wired]:
    found = wire(sessions)
    yield found
    found.simulator.check()


def browser(wired: Wired) -> TestClient:
    return TestClient(wired.app, base_url="https://linli.example", follow_redirects=False)


def link_of(wired: Wired) -> str:
    return str(wired.say("网页").text.splitlines()[-1])


def test_a_link_opens_once_and_looking_at_it_uses_nothing_up(wired: Wired) -> None:
    link = link_of(wired)
    for _ in range(3):
        assert browser(wired).get(link).status_code == 200  # previews
    own, neighbour = browser(wired), browser(wired)
    assert own.post(link).status_code == 303
    assert wired.held_by(own) == wired.conversation()
    for answer in (neighbour.get(link), neighbour.post(link), neighbour.post(f"{link}/delete")):
        assert answer.status_code == 404
        assert "用过了" in answer.text
    assert wired.held_by(neighbour) is None
    assert wired.held_by(own) == wired.conversation()
    assert own.get(link).headers["location"] == "/"  # the same browser again goes on


def test_the_resident_hears_of_a_browser_and_can_close_it(wired: Wired) -> None:
    wired.follow()
    link, neighbour = link_of(wired), browser(wired)
    later = link_of(wired)
    neighbour.post(link)
    wired.clock.ahead = timedelta(seconds=3)
    wired.wechat.deliver_due()
    assert "关掉网页" in wired.texts()[-1][1]
    assert wired.texts()[-1][0] == "customer_service"
    assert wired.say("关掉网页").text.startswith("网页那边已经关掉")
    assert wired.held_by(neighbour) is None
    assert browser(wired).post(later).status_code == 404  # nor does a link that was sent before
    assert browser(wired).post(link_of(wired)).status_code == 303


def test_a_later_browser_takes_the_place_of_an_earlier_one(wired: Wired) -> None:
    first, second = browser(wired), browser(wired)
    first.post(link_of(wired))
    second.post(link_of(wired))
    assert (wired.held_by(first), wired.held_by(second)) == (None, wired.conversation())


def test_two_who_press_at_once_are_one(wired: Wired) -> None:
    link = link_of(wired)
    with wired.sessions() as session:
        assert [service.open_page(session, wired.conversation(), count=0) for _ in range(2)] == [True, False]
    assert browser(wired).post(link).status_code == 404


def test_another_page_cannot_press_the_button(wired: Wired) -> None:
    link, victim = link_of(wired), browser(wired)
    for path in (link, f"{link}/delete"):
        assert victim.post(path, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert wired.held_by(victim) is None
    assert browser(wired).get(link).status_code == 200


def with_a_past(wired: Wired) -> tuple[TestClient, str, str]:
    """A browser in which somebody talked and filed a case before: it, the conversation, the case's number."""
    with wired.sessions() as session:
        conversation = service.start(session, channel="widget", place="lijiagou")
        messages.receive(session, conversation, client_id="w-1", text="水管漏了")
        case = filing.file(
            session,
            request_key="w",
            conversation_id=conversation.id,
            place="lijiagou",
            category="其他",
            fields={"what": "水管漏了"},
            now=datetime.now(UTC),
        )
        client = browser(wired)
        client.cookies.set(COOKIE, Tokens("s").make(conversation), domain="linli.example")
        return client, conversation.id, filing.spoken_number(case)


@pytest.mark.parametrize("is_together", [True, False])
def test_what_a_browser_had_before_is_asked_for_and_never_lost_silently(wired: Wired, is_together: bool) -> None:
    wired.follow()
    link = link_of(wired)
    client, before, number = with_a_past(wired)
    assert "登记过" not in browser(wired).get(link).text
    shown = client.get(link).text
    assert number in shown
    assert "原来那段在这里就看不到了" in shown
    assert "只打开微信里的这段" in shown
    client.post(link, data={"earlier": "together"} if is_together else {})
    assert wired.held_by(client) == wired.conversation()
    assert (number in check(wired.sessions, CheckCase, wired.conversation(), "我那事咋样了")) is is_together
    with wired.sessions() as session:
        assert session.get(Conversation, before) is not None
        case = finding.of_conversation(session, before)[0]
        assert case.status is CaseStatus.filed
        assert case.conversation_id == before
        assert (len(persons.threads_of(session, before)) == 2) is is_together
    wired.clock.ahead = timedelta(seconds=3)
    wired.wechat.deliver_due()
    assert ("原来登记的事" in wired.texts()[-1][1]) is is_together  # the resident hears of it on WeChat


def test_a_browser_of_before_the_count_still_holds_its_conversation(sessions: sessionmaker[Session]) -> None:
    from itsdangerous import URLSafeSerializer

    with sessions() as session:
        conversation = service.start(session, channel="widget", place=None)
        old = str(URLSafeSerializer("s", salt="conversation").dumps(conversation.id))
        found = Tokens("s").read(session, old)
        assert found is not None
        assert found.id == conversation.id
        service.close_pages(session, conversation.id)
        session.commit()
        session.expire_all()
        assert Tokens("s").read(session, old) is None


def news_waits(wired: Wired) -> None:
    """A word about a case, a look back at it, and an appointment to be reminded of."""
    now = datetime.now(UTC)
    with wired.sessions() as session:
        case = filing.file(
            session,
            request_key="k",
            conversation_id=wired.conversation(),
            place="lijiagou",
            category="土地",
            fields={"what": "地被占了"},
            now=now,
        )
        cases.note(
            session,
            case.id,
            "镇里去看过了。",
            actor=cases.Actor("staff", "小李", 1),
            key="n",
            now=now,
            for_resident=True,
        )
        case.status, case.closed_at = CaseStatus.closed, now - timedelta(days=8)
        session.commit()
        assert clock.tick(session, now=now)  # 回头看
        opening = openings.publish(
            session,
            worker_id=None,
            worker_name="周律师",
            mode=Mode.office,
            place="liuhe",
            address="镇司法所",
            starts_at=now + timedelta(hours=20),
            ends_at=now + timedelta(hours=21),
            capacity=1,
            now=now,
        )
        bookings.book(
            session,
            opening.id,
            conversation_id=wired.conversation(),
            request_key="b",
            summary="离婚",
            phone=None,
            now=now - timedelta(days=2),
        )
        assert delivery.tell_case_events(session)
        assert delivery.tell_appointments(session, now=now)


def test_unfollowing_stops_every_push_and_following_again_brings_what_waited(wired: Wired) -> None:
    wired.say("在吗")
    wired.send(MsgType="event", Event="unsubscribe", EventKey="")
    news_waits(wired)
    before = len(wired.texts())
    for hours in (0, 2, 49, 100):
        wired.clock.ahead = timedelta(hours=hours, minutes=2)
        assert wired.wechat.deliver_due() == 0
        wired.wechat.tend()
    assert len(wired.texts()) == before
    wired.clock.ahead += timedelta(seconds=1)
    wired.follow()
    got = "".join(text for _, text in wired.texts()[before:])
    assert "镇里去看过了。" in got
    assert "真解决了吗" in got
    assert "镇司法所" in got
    assert "您好，乡亲。" in got


def test_an_unfollowing_delivered_late_does_not_undo_following_again(wired: Wired) -> None:
    from bot.channels.wechat.wire.xml import shape

    def event(name: str, at: int) -> bytes:
        return shape(
            {
                "ToUserName": "gh_7f083739789a",
                "FromUserName": "o1",
                "CreateTime": at,
                "MsgType": "event",
                "Event": name,
                "EventKey": "",
            }
        ).encode()

    for body in (event("subscribe", 1), event("unsubscribe", 2), event("subscribe", 3), event("unsubscribe", 2)):
        wired.run(wired.simulator.deliver_once("o1", body))
    with wired.sessions() as session:
        assert session.scalars(select(WechatContact.is_following)).one()
    wired.simulator.telephone("o1").is_following = True


def test_a_no_says_how_to_change_ones_mind() -> None:
    from bot.channels.wechat.identity import answer

    assert TOGETHER in str(answer(None, None, NOT_TOGETHER))  # type: ignore[arg-type]
