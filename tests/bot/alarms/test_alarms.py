"""Danger is told to robots outside our pages: by a real server on the loopback, until it is told, without content."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from bot.alarms import rows
from bot.alarms.robots import Kind, Robot, RobotSetting, robots_of
from bot.alarms.sending import Sending
from bot.conversations import handoff, messages, queue, service
from bot.conversations.models import Alarm, Conversation
from bot.turns import Turns
from tests.fakes import FakeRasa

_SAID = "他拿刀砍我家门，救命，我在李家沟东头"
_LINK = "https://linli.example/staff/inbox"
_TAKEN = {Kind.wecom: {"errcode": 0}, Kind.dingtalk: {"errcode": 0}, Kind.feishu: {"code": 0}, Kind.json: {}}


@dataclass
class Server:
    """Groups of several makers, on one port; what a path answers is as a test says."""

    port: int = 0
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def robot(self, kind: Kind) -> Robot:
        self.answers.setdefault(f"/{kind}", (200, _TAKEN[kind]))
        return Robot(kind, f"http://127.0.0.1:{self.port}/{kind}")

    def paths(self) -> list[str]:
        return [path for path, _ in self.got]


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()

    class Groups(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.got.append((self.path, json.loads(body)))
            status, answer = found.answers[self.path]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Groups)
    found.port = listening.server_port
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield found
    listening.shutdown()
    listening.server_close()
    thread.join()


Call = Callable[[], str]


@pytest.fixture
def call(sessions: sessionmaker[Session]) -> Call:
    """A resident in danger, as a turn hears them; the conversation's id."""

    def said() -> str:
        with sessions() as session:
            conversation = service.start(session, channel="widget", place=None)
            message = messages.receive(session, conversation, client_id="c1", text=_SAID)
            conversation_id, message_id = conversation.id, message.id
        turns = Turns(sessions=sessions, rasa=FakeRasa([]))  # type: ignore[arg-type]  # a double
        asyncio.run(turns.answer(message_id))
        return conversation_id

    return said


def _later(sessions: sessionmaker[Session]) -> None:
    """As if the wait before the next try were over."""
    with sessions() as session:
        session.execute(update(Alarm).values(next_try_at=datetime.now(UTC) - timedelta(seconds=1)))
        session.commit()


def test_every_robot_hears_of_danger_in_its_own_format_and_nothing_of_what_was_said(
    sessions: sessionmaker[Session], server: Server, call: Call
) -> None:
    conversation_id = call()
    sending = Sending(sessions, [server.robot(kind) for kind in Kind], link=_LINK)
    assert sending.send_due() == 1
    assert sending.send_due() == 0, "told once"
    text = f"【邻里】有人有危险，请打开工作台：{_LINK}"
    of_two = {"msgtype": "text", "text": {"content": text}}
    assert dict(server.got) == {
        "/wecom": of_two,
        "/dingtalk": of_two,
        "/feishu": {"msg_type": "text", "content": {"text": text}},
        "/json": {"text": text},
    }
    assert len(server.got) == 4
    left = json.dumps([body for _, body in server.got], ensure_ascii=False)
    assert conversation_id not in left
    assert not any(word in left for word in ("刀", "李家沟", "救命"))


@pytest.mark.parametrize("refusal", [(500, {}), (200, {"errcode": 93000, "errmsg": "invalid webhook url"}), (200, "?")])
def test_a_robot_that_refused_is_tried_again_and_the_others_are_not(
    sessions: sessionmaker[Session], server: Server, call: Call, refusal: tuple[int, Any]
) -> None:
    call()
    robots = [server.robot(Kind.wecom), server.robot(Kind.feishu)]
    server.answers["/wecom"] = refusal
    assert Sending(sessions, robots, link=_LINK).send_due() == 0
    assert Sending(sessions, robots, link=_LINK).send_due() == 0, "not before the wait is over"
    assert server.paths() == ["/wecom", "/feishu"]
    _later(sessions)
    server.answers["/wecom"] = (200, {"errcode": 0})
    assert Sending(sessions, robots, link=_LINK).send_due() == 1, "also by a process started anew"
    assert server.paths() == ["/wecom", "/feishu", "/wecom"]
    with sessions() as session:
        alarm = session.scalars(select(Alarm)).one()
        assert (alarm.tries, alarm.told_at is not None) == (2, True)
        assert str(server.port) not in str(alarm.told), "the address is a secret"


def test_a_server_that_is_away_costs_nothing_but_a_try(sessions: sessionmaker[Session], call: Call) -> None:
    call()
    assert Sending(sessions, [Robot(Kind.wecom, "http://127.0.0.1:9/robot")], link=_LINK).send_due() == 0
    with sessions() as session:
        alarm = session.scalars(select(Alarm)).one()
        assert alarm.told_at is None
        assert alarm.next_try_at > datetime.now(UTC) + timedelta(seconds=2)


def test_who_was_taken_by_an_agent_rings_nobody(sessions: sessionmaker[Session], server: Server, call: Call) -> None:
    conversation_id = call()
    with sessions() as session:
        handoff.accept(session, conversation_id, agent_id=1, agent_name="小钱", now=datetime.now(UTC))
    assert Sending(sessions, [server.robot(Kind.wecom)], link=_LINK).send_due() == 0
    assert server.got == []


@pytest.mark.parametrize(("is_open", "minutes", "rings"), [(True, 6, 1), (True, 4, 0), (False, 6, 0)])
def test_who_waits_too_long_in_office_hours_is_told_once_for_all(
    sessions: sessionmaker[Session],
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    is_open: bool,
    minutes: int,
    rings: int,
) -> None:
    """An agent whose console is shut heard of danger alone (chatwoot#9464)."""
    monkeypatch.setattr(queue, "is_open", lambda *_: is_open)
    with sessions() as session:
        for is_demo in (False, False, True):
            conversation = service.start(session, channel="widget", place=None)
            conversation.is_demo = is_demo
            queue.request(session, conversation, reason="asked", now=datetime.now(UTC) - timedelta(minutes=minutes))
        session.commit()
    sending = Sending(sessions, [server.robot(Kind.json)], link=_LINK, waiting=timedelta(minutes=5))
    assert [sending.send_due() for _ in range(2)] == [rings, 0]
    assert [body["text"] for _, body in server.got] == [
        f"【邻里】有居民在等，还没有人接，请打开工作台：{_LINK}"
    ] * rings
    assert Sending(sessions, [server.robot(Kind.json)], link=_LINK).send_due() == 0


def test_danger_is_told_as_such_beside_one_who_waits(
    sessions: sessionmaker[Session], server: Server, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "is_open", lambda *_: True)
    call()
    with sessions() as session:
        waiting = service.start(session, channel="widget", place=None)
        queue.request(session, waiting, reason="asked", now=datetime.now(UTC) - timedelta(minutes=9))
        session.commit()
    Sending(sessions, [server.robot(Kind.json)], link=_LINK, waiting=timedelta(minutes=5)).send_due()
    assert sorted(body["text"][4:9] for _, body in server.got) == ["有人有危险", "有居民在等"]


def test_many_messages_in_a_row_are_one_alarm_and_a_later_one_is_another(
    sessions: sessionmaker[Session], call: Call
) -> None:
    conversation_id, now = call(), datetime.now(UTC)
    with sessions() as session:
        queue.raise_alarm(session, conversation_id, now=now + timedelta(minutes=5))
        assert len(session.scalars(select(Alarm)).all()) == 1
        queue.raise_alarm(session, conversation_id, now=now + timedelta(minutes=11))
        assert len(session.scalars(select(Alarm)).all()) == 2


def test_of_two_processes_one_makes_the_try(sessions: sessionmaker[Session], call: Call) -> None:
    call()
    now = datetime.now(UTC)
    with sessions() as one, sessions() as two:
        (alarm_id,) = rows.due(one, now=now)
        assert rows.due(two, now=now) == [alarm_id]  # both saw it at the same moment
        assert rows.claim(one, alarm_id, now=now) is not None
        assert rows.claim(two, alarm_id, now=now) is None


def test_an_alarm_goes_with_its_conversation(sessions: sessionmaker[Session], call: Call) -> None:
    conversation_id = call()
    with sessions() as session:
        service.forget(session, conversation_id)
        assert session.scalars(select(Alarm)).all() == []
        assert session.get(Conversation, conversation_id) is None


def test_the_setting_names_kinds_and_addresses() -> None:
    found = robots_of("wecom=https://a.example/?key=1&x=2, feishu=http://b.example/hook，json=https://c.example")
    assert [(r.kind, r.url) for r in found] == [
        (Kind.wecom, "https://a.example/?key=1&x=2"),
        (Kind.feishu, "http://b.example/hook"),
        (Kind.json, "https://c.example"),
    ]
    assert "a.example" not in repr(found)
    assert robots_of(" ") == []
    for wrong in ("https://a.example", "wecom=", "qq=https://a.example", "wecom=ftp://a.example"):
        with pytest.raises(RobotSetting):
            robots_of(wrong)
