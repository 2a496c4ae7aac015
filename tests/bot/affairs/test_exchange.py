"""Scenario 24 and what lies around it: orders in, news out, over real HTTP."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from actions.cases import filing, moves
from actions.cases.handling import undo
from actions.cases.models import Case, CaseEvent
from actions.cases.status import CaseStatus
from actions.exchange import incoming, outgoing, sharing, systems
from actions.exchange.models import ExternalRef, ExternalSystem, Outbox
from actions.imports import orders, tables
from actions.imports.tables import Outcome
from bot.affairs import exchange
from bot.conversations.models import Conversation
from bot.privacy import own_data
from bot.privacy.masking import ASKED, mask_case
from bot.settings import Settings
from bot.staff.vault import Vault
from tests.actions.exchange.receiver import Receiver, listening
from tests.bot.world import World

NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
STAFF = moves.Actor("staff", "王芳", 1)
ORDER = {
    "工单编号": "GD-2026-0001",
    "所属区域": "柳河镇李家沟村",
    "诉求分类": "生态环境",
    "诉求内容": "村口垃圾堆了半个月没人拉",
    "来电时间": "2026-11-30 18:20",
    "来电号码": "13900001111",
}


@dataclass
class Line:
    """Both ends of the line between us and a system of 12345."""

    world: World
    there: Receiver
    settings: Settings
    key_id: str
    secret: str
    now: datetime = NOW

    @property
    def sessions(self) -> sessionmaker[Session]:
        return self.world.sessions

    def call(self, method: str, path: str, words: Any = None, **changed: str) -> Response:
        """As the other side's programmers would sign it; `changed`: headers that are wrong."""
        body = json.dumps(words, ensure_ascii=False).encode() if words is not None else b""
        at = str(int(self.now.timestamp()))
        signed = f"{at}\n{method}\n{path}\n".encode() + body
        headers = {
            "X-Linli-Key": self.key_id,
            "X-Linli-Time": at,
            "X-Linli-Signature": hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest(),
            **changed,
        }
        self.world.app.state.clock = lambda: self.now
        client = TestClient(self.world.app, client=("203.0.113.8", 50000), raise_server_exceptions=False)
        return client.request(method, path, content=body, headers=headers)

    def tick(self, after: timedelta = timedelta()) -> None:
        self.now += after
        with self.sessions() as session:
            exchange.tick(session, self.settings, self.now)

    def system(self, session: Session) -> ExternalSystem:
        return session.scalars(select(ExternalSystem)).one()

    def case(self, session: Session, number: str) -> Case:
        return session.scalars(select(Case).where(Case.number == number)).one()


@pytest.fixture
def line(world: World, tmp_path: Path) -> Iterator[Line]:
    with listening() as there:
        settings = world.settings.model_copy(update={"exchange_hosts": f"127.0.0.1:{there.port}"})
        vault = Vault.of(settings.secret("tokens"))
        with world.sessions() as session:
            system, secret = systems.add(
                session,
                name="清禾县12345热线",
                place="qinghe",
                contact="电话 12345",
                url=there.url,
                profile="12345工单",
                networks="203.0.113.8",
                by="管理员",
                seal=lambda text, owner: vault.seal(text, owner=owner),
                now=NOW,
            )
            session.commit()
            there.secret = secret
            yield Line(world, there, settings, system.key_id, secret)


def own_case(line: Line, *, phone: str = "13800005678") -> int:
    """A case of a resident who talks to us."""
    with line.sessions() as session:
        case = filing.file(
            session,
            request_key=f"own-{phone}",
            conversation_id=World.conversation,
            place="lijiagou",
            category="环境卫生",
            fields={"what": f"垃圾没人拉，打我电话{phone}或者13700009999", "phone": phone, "contact_name": "张三"},
            now=line.now,
        )
        return case.id


def shared(line: Line, case_id: int) -> int:
    """The same case, given to the other system."""
    with line.sessions() as session:
        case = session.get_one(Case, case_id)
        return outgoing.send_case(session, case, line.system(session), actor=STAFF, key="k-send", now=line.now).id


def move(line: Line, number: str, to: CaseStatus, note: str = "") -> None:
    with line.sessions() as session:
        case = line.case(session, number)
        moves.move(session, case.id, to, actor=STAFF, key=f"{number}-{to}", now=line.now, note=note, team_id=1)


def test_scenario_24_an_order_comes_twice_and_its_news_survive_an_hour_of_silence(line: Line) -> None:
    first, again = line.call("POST", "/api/exchange/cases", ORDER), line.call("POST", "/api/exchange/cases", ORDER)
    assert (first.status_code, again.status_code) == (201, 200)
    number = first.json()["number"]
    assert again.json()["number"] == number
    with line.sessions() as session:
        case = line.case(session, number)
        assert (case.place_id, case.category, case.phone) == ("lijiagou", "环境卫生", "13900001111")
        assert session.scalar(select(func.count()).select_from(ExternalRef)) == 1
    line.tick()
    assert [one["工单状态"] for one in line.there.of("status")] == ["待受理"]
    line.there.status = 503
    for to, note in (
        (CaseStatus.accepted, ""),
        (CaseStatus.assigned, ""),
        (CaseStatus.in_progress, ""),
        (CaseStatus.answered, "今天拉走了，电话13700009999"),
    ):
        line.now += timedelta(seconds=30)
        move(line, number, to, note)
    until = line.now + timedelta(hours=1)
    while line.now < until:
        line.tick(timedelta(minutes=1))
    assert len(line.there.got) == 1
    assert line.there.knocks < 8  # it isn't hammered
    line.there.status = 200
    for _ in range(60):
        line.tick(timedelta(minutes=1))
    told = line.there.of("status")
    assert [one["工单状态"] for one in told] == ["待受理", "已受理", "已派单", "处理中", "已回复"]
    assert set(line.there.times.values()) == {1}
    assert {one["工单编号"] for one in told} == {"GD-2026-0001"}
    assert told[-1]["办理结果"] == "今天拉走了，电话（号码略）"
    assert line.there.wrong == 0
    with line.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Outbox).where(Outbox.sent_at.is_(None))) == 0


def test_a_case_goes_out_without_name_and_telephone_until_its_resident_agrees(line: Line) -> None:
    case_id = own_case(line)
    shared(line, case_id)
    line.there.answer = {"number": "GD-77"}
    line.tick()
    (order,) = line.there.of("case")
    assert order["诉求内容"] == "垃圾没人拉，打我电话（号码略）或者（号码略）"
    assert "来电号码" not in order
    said = json.dumps(line.there.got, ensure_ascii=False)
    assert not any(word in said for word in ("13800005678", "13700009999", "张三", "隔壁占了我家的路"))
    with line.sessions() as session:
        ref = session.scalars(select(ExternalRef)).one()
        assert ref.number == "GD-77"
        sharing.ask(session, ref, actor=STAFF, now=line.now)
        asked = session.scalars(select(CaseEvent).order_by(CaseEvent.id.desc())).first()
        assert asked is not None
        assert asked.say
        assert "清禾县12345热线（电话 12345）" in asked.say
        press = asked.buttons[0]["payload"]
        stranger = sharing.answered(session, "somebody-else", press, now=line.now)
        assert stranger is None
        told = sharing.answered(session, World.conversation, press, now=line.now)
        assert told is not None
        assert "只用来办这件事" in told
        own = own_data.exported(session, session.get_one(Conversation, World.conversation))
        assert own["cases"][0]["shared_with"] == [
            {"system": "清禾县12345热线", "at": NOW.isoformat(), "phone": True},
        ]
    line.tick(timedelta(minutes=1))
    line.tick(timedelta(minutes=1))
    assert [one["来电号码"] for one in line.there.of("contact")] == ["13800005678"]


def test_a_no_sends_nothing_and_the_first_answer_holds(line: Line) -> None:
    shared(line, own_case(line))
    with line.sessions() as session:
        ref = session.scalars(select(ExternalRef)).one()
        number = f"{ref.case.number[:6]}-{ref.case.number[6:-2]}-{ref.case.number[-2:]}"
        name = "清禾县12345热线"
        assert "不把电话给" in (
            sharing.answered(session, World.conversation, f"{number} 不同意转电话给{name}", now=NOW) or ""
        )
        sharing.answered(session, World.conversation, f"{number} 同意转电话给{name}", now=NOW)
        assert ref.shares_phone is False
    line.tick()
    assert line.there.of("contact") == []


def test_what_is_taken_back_never_leaves(line: Line) -> None:
    number = line.call("POST", "/api/exchange/cases", ORDER).json()["number"]
    with line.sessions() as session:
        case = line.case(session, number)
        held = line.now + undo.HELD_FOR
        moves.move(session, case.id, CaseStatus.accepted, actor=STAFF, key="k1", now=line.now, tell_after=held)
        line.tick()
        event = session.scalars(select(CaseEvent).where(CaseEvent.key == "k1")).one()
        undo.take_back(session, case.id, event.id, actor=STAFF, now=line.now)
    line.tick(timedelta(minutes=1))
    assert [one["工单状态"] for one in line.there.of("status")] == ["待受理"]
    assert line.call("GET", "/api/exchange/cases/GD-2026-0001").json()["工单状态"] == "待受理"


def test_a_status_from_outside_reaches_the_resident_and_closes_nothing(line: Line) -> None:
    shared(line, own_case(line))
    with line.sessions() as session:
        number = session.scalars(select(ExternalRef)).one().case.number
    path = f"/api/exchange/cases/{number}/status"
    for _ in range(2):
        assert line.call("POST", path, {"id": "1", "工单状态": "处理中"}).status_code == 200
    closed = {"id": "2", "工单状态": "已办结", "办理结果": "清运了"}
    assert line.call("POST", path, closed).status_code == 200
    with line.sessions() as session:
        case = line.case(session, number)
        assert case.status is CaseStatus.filed
        said = [event.say for event in case.events if event.say and "12345" in event.say][1:]
        assert said == [
            "您的事，清禾县12345热线正在办。",
            "清禾县12345热线说您的事办了：清运了。我们核对以后，再来问您算不算解决。",
        ]
    for to in (CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress):
        move(line, number, to)
    assert line.call("POST", path, {**closed, "id": "3"}).status_code == 200
    with line.sessions() as session:
        case = line.case(session, number)
        assert case.status is CaseStatus.answered
        assert case.events[-1].buttons
    line.tick()
    assert "已回复" not in {
        one["工单状态"] for one in line.there.of("status")
    }  # their own news don't come back to them


def test_what_failed_five_times_waits_for_a_person(line: Line) -> None:
    shared(line, own_case(line))
    line.there.status = 500
    for wait in (timedelta(), *outgoing.WAITS, timedelta(hours=9)):
        line.tick(wait)
    assert line.there.knocks == outgoing.MOST_TRIES
    with line.sessions() as session:
        system = line.system(session)
        (stuck,) = systems.stuck(session, [system.id])
        assert stuck.problem == "对方回了 HTTP 500。"
        assert "没发到" in line.world.enter("supervisor").get("/staff/village").text
    line.there.status = 200
    again = line.world.enter("supervisor").post("/staff/village/exchange/again", data={"row": str(stuck.id)})
    assert again.status_code == 303
    line.now = datetime.now(UTC) + timedelta(seconds=1)
    line.tick()
    assert len(line.there.of("case")) == 1


def test_two_workers_send_a_row_once(line: Line) -> None:
    shared(line, own_case(line))
    with line.sessions() as one, line.sessions() as other:
        (row,) = outgoing.due(one, line.now)
        assert outgoing.due(other, line.now) == [row]
        assert outgoing.claim(one, row, line.now) is not None
        assert outgoing.claim(other, row, line.now) is None


def test_a_worker_killed_while_it_sends_leaves_the_row_to_the_next(line: Line) -> None:
    shared(line, own_case(line))
    with line.sessions() as session:
        (row,) = outgoing.due(session, line.now)
        outgoing.claim(session, row, line.now)
    line.tick(timedelta(minutes=1))
    assert line.there.got == []
    line.tick(timedelta(minutes=2))
    assert line.there.times == {"ref-1-case": 1}


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"X-Linli-Key": "lx0"}, 403, "unknown_caller"),
        ({"X-Linli-Key": "' OR 1=1 --\u00e9"}, 403, "unknown_caller"),
        ({"X-Linli-Signature": ""}, 401, "signature"),
        ({"X-Linli-Signature": "0" * 64}, 401, "signature"),
        ({"X-Linli-Time": str(int(NOW.timestamp()) - 301)}, 401, "time"),
        ({"X-Linli-Time": "soon"}, 401, "time"),
        ({"X-Linli-Time": "9" * 12}, 401, "time"),
    ],
)
def test_whoever_cannot_sign_is_refused(line: Line, changed: dict[str, str], status: int, code: str) -> None:
    before = line.world.rows()
    sent = {name: value.encode("latin-1") for name, value in changed.items()}
    answer = line.call("POST", "/api/exchange/cases", ORDER, **sent)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert line.world.rows() == before


def test_another_address_or_a_changed_body_is_refused(line: Line) -> None:
    good = line.call("POST", "/api/exchange/cases", ORDER)
    request = good.request
    headers = {name: value for name, value in request.headers.items() if name.startswith("x-linli")}
    for client, body in ((("198.51.100.7", 1), request.content), (("203.0.113.8", 1), request.content + b" ")):
        answer = TestClient(line.world.app, client=client).post("/api/exchange/cases", content=body, headers=headers)
        assert answer.status_code in (401, 403)
    elsewhere = TestClient(line.world.app, client=("203.0.113.8", 1))
    assert (
        elsewhere.post("/api/exchange/cases/GD-2026-0001/status", content=request.content, headers=headers).status_code
        == 401
    )


@pytest.mark.parametrize(
    "words",
    [
        [],
        "GD",
        {},
        {"工单编号": "1"},
        {"工单编号": {"$ne": 1}, "诉求内容": "x"},
        {"工单编号": "1", "诉求内容": "长" * 4001},
        {"工单编号": "1", "诉求内容": True},
        {"工单编号": "9" * 61, "诉求内容": "x"},
        {str(i): i for i in range(70)},
    ],
)
def test_what_is_no_order_is_refused_in_both_languages(line: Line, words: Any) -> None:
    before = line.world.rows()
    answer = line.call("POST", "/api/exchange/cases", words)
    assert answer.status_code == 422
    said = answer.json()["error"]["message"]
    assert any("\u4e00" <= c <= "\u9fff" for c in said)
    assert "The " in said
    assert line.world.rows() == before


def test_a_body_that_is_too_large_or_no_json_is_refused(line: Line) -> None:
    assert line.call("POST", "/api/exchange/cases", {"工单编号": "1", "诉求内容": "长" * 30_000}).status_code == 413
    client = TestClient(line.world.app, client=("203.0.113.8", 1), raise_server_exceptions=False)
    at = str(int(line.now.timestamp()))
    for body in (b"{", b"\xff\xfe", b"[" * 5000):
        headers = {
            "X-Linli-Key": line.key_id,
            "X-Linli-Time": at,
            "X-Linli-Signature": exchange.signature(line.secret, at, "POST", "/api/exchange/cases", body),
        }
        line.world.app.state.clock = lambda: line.now
        assert client.post("/api/exchange/cases", content=body, headers=headers).status_code == 422


def test_one_system_sees_nothing_of_anothers(line: Line) -> None:
    with line.sessions() as session:
        stranger = session.get_one(Case, World.case).number
    assert line.call("GET", f"/api/exchange/cases/{stranger}").status_code == 404
    told = line.call("POST", f"/api/exchange/cases/{stranger}/status", {"工单状态": "办结", "办理结果": "好了"})
    assert told.status_code == 404


@pytest.mark.parametrize("status", ["已撤单", "已并单", "重新办理", "没听过", ""])
def test_what_is_not_theirs_to_say_is_refused(line: Line, status: str) -> None:
    line.call("POST", "/api/exchange/cases", ORDER)
    told = line.call("POST", "/api/exchange/cases/GD-2026-0001/status", {"工单状态": status, "办理结果": "x"})
    assert told.status_code == 422


def test_a_table_twice_is_one_case_each(line: Line) -> None:
    head, lamp = "工单编号,所属区域,诉求内容,联系电话", "A-1,李家沟村,路灯不亮,13900001111"
    table = "\n".join((head, lamp, "A-2,没有这个村,井盖坏了,见附件", ",李家沟村,没编号,"))
    with line.sessions() as session:
        system = line.system(session)
        for outcome in (Outcome.new, Outcome.same):
            done = orders.carry_out(session, system, tables.read_text(table), now=line.now)
            assert [one.outcome for one in done.lines] == [outcome, outcome, Outcome.bad]
        cases = [ref.case for ref in session.scalars(select(ExternalRef).order_by(ExternalRef.id))]
        assert [(case.place_id, case.phone) for case in cases] == [("lijiagou", "13900001111"), ("qinghe", None)]
        assert cases[1].spot == "没有这个村"


def test_a_masked_case_is_told_to_nobody_and_its_order_makes_no_new_one(line: Line) -> None:
    line.call("POST", "/api/exchange/cases", ORDER)
    with line.sessions() as session:
        ref = session.scalars(select(ExternalRef)).one()
        outgoing.collect(session, line.now)
        mask_case(session, ref.case, why=ASKED, now=line.now)
        session.commit()
        assert session.scalars(select(Outbox)).all() == []
    line.tick()
    assert line.there.got == []
    assert line.call("POST", "/api/exchange/cases", ORDER).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://10.0.0.8/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://0.0.0.0/",
        "https://localhost/",
        "https://2130706433/",
        "file:///etc/passwd",
        "https://user:pass@example.com/",
        "https://",
        "https://[::1",
        "gopher://example.com",
    ],
)
def test_nothing_inside_the_house_is_called(url: str) -> None:
    with pytest.raises(exchange.Refused):
        exchange.check_target(url, frozenset({"127.0.0.1:9"}))


def test_a_listed_host_is_called_at_that_port_only(line: Line) -> None:
    listed = frozenset({f"127.0.0.1:{line.there.port}"})
    assert exchange.check_target(line.there.url, listed).host == f"127.0.0.1:{line.there.port}"
    with pytest.raises(exchange.Refused):
        exchange.check_target("http://127.0.0.1:5005/", listed)


def test_a_redirect_is_not_followed(line: Line) -> None:
    shared(line, own_case(line))
    line.there.status, line.there.location = 302, f"http://127.0.0.1:{line.there.port}/elsewhere"
    line.tick()
    assert line.there.knocks == 1
    with line.sessions() as session:
        assert session.scalars(select(Outbox)).one().problem == "对方回了 HTTP 302。"


def test_an_answer_that_drips_holds_nobody_up(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_PATIENCE_S", 0.5)
    line.there.drips = 0.05
    shared(line, own_case(line))
    began = time.monotonic()
    line.tick()
    assert time.monotonic() - began < 20  # each byte came in time; all of them never would
    with line.sessions() as session:
        row = session.scalars(select(Outbox)).one()
        assert row.problem == "对方回得太慢，没等到头。"


def test_the_key_stands_nowhere_in_the_database(line: Line) -> None:
    assert line.secret not in repr(line.world.rows())
    assert incoming.HEARD.isdisjoint({CaseStatus.withdrawn, CaseStatus.merged, CaseStatus.filed})
