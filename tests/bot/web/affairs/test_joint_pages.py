"""联席 and 证明和派活 in the console; the sheets that anybody may print."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import select

from actions.cases.models import Case, CaseEvent
from actions.demands.certificates import CERTIFICATES
from actions.demands.models import Demand
from actions.joint.models import JointMeeting, JointTask, TaskState
from bot.conversations.models import Message
from knowledge.clock import SHANGHAI
from tests.bot.world import ATTACK, World

HOME = "/staff/village/joint"
SOON = (datetime.now(SHANGHAI) + timedelta(days=3)).strftime("%Y-%m-%dT09:30")


def number(world: World) -> str:
    with world.sessions() as session:
        return session.get_one(Case, World.case).number


def called(world: World) -> int:
    fields = {
        "title": "占道",
        "held_at": SOON,
        "spot": "镇里",
        "agenda": f"{number(world)} 占道的墙",
        "team": ["1", "2"],
    }
    sent = world.enter("supervisor").post(HOME, data={**fields, "nonce": "n"})
    assert sent.status_code == 303, sent.text
    return int(sent.headers["location"].split("/")[-1].split("?")[0])


def held(world: World, meeting: int) -> None:
    """The day has come."""
    with world.sessions() as session:
        session.get_one(JointMeeting, meeting).held_at = datetime.now(UTC) - timedelta(hours=1)
        session.commit()


def test_a_meeting_goes_from_the_call_to_what_the_resident_reads(world: World) -> None:
    meeting, chief = called(world), world.enter("supervisor")
    assert called(world) == meeting  # the same press twice
    held(world, meeting)
    page = chief.get(f"{HOME}/{meeting}").text
    assert "占道的墙" in page
    with world.sessions() as session:
        units = [unit.id for unit in session.get_one(JointMeeting, meeting).units]
    for unit, do in zip(units, ("came", "absent"), strict=True):
        assert chief.post(f"{HOME}/{meeting}/{do}", data={"unit": str(unit)}).status_code == 303
    task = {
        "case": "1",
        "team": "1",
        "what": "量清楚路宽",
        "due_on": (datetime.now(SHANGHAI) + timedelta(days=5)).date(),
    }
    for _ in range(2):
        sent = chief.post(f"{HOME}/{meeting}/task", data={**task, "due_on": str(task["due_on"]), "nonce": "t"})
        assert sent.status_code == 303, sent.text
    assert chief.post(f"{HOME}/{meeting}/hold", data={"minutes": "主管主持，量清楚再说。"}).status_code == 303
    with world.sessions() as session:
        (row,) = session.scalars(select(JointTask)).all()
    refused = chief.post(f"{HOME}/{meeting}/refuse", data={"task": str(row.id), "why": "这段路归县里管", "team": "1"})
    assert refused.status_code == 422
    assert "这段路归县里管" in refused.text
    assert (
        chief.post(f"{HOME}/{meeting}/done", data={"task": str(row.id), "result": "量好了，宽三米"}).status_code == 303
    )
    with world.sessions() as session:
        assert session.get_one(JointTask, row.id).state is TaskState.done
        told = list(session.scalars(select(Message.text).where(Message.conversation_id == World.conversation)))
    for words in ("坐到一起商量", "前量清楚路宽", "办了：量好了，宽三米"):
        assert sum(words in one for one in told) == 1, words


def test_the_papers_name_units_and_no_resident(world: World) -> None:
    meeting = called(world)
    client = world.enter("supervisor")
    for paper in ("invitation", "minutes"):
        word = client.get(f"{HOME}/{meeting}/{paper}.docx")
        document = Document(io.BytesIO(word.content))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        text = "\n".join([*(p.text for p in document.paragraphs), *cells])
        assert "清禾县矛盾调解中心" in text
        assert "占道的墙" in text
        assert not any(words in text for words in ("砌墙占了路", "13800001234"))
        assert client.get(f"{HOME}/{meeting}/{paper}.pdf").content[:4] == b"%PDF"
        assert client.get(f"{HOME}/{meeting}/{paper}.exe").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"held_at": ""},
        {"held_at": "9999-12-31T00:00"},
        {"agenda": "随便写的"},
        {"agenda": "261124-001-99"},
        {"agenda": ""},
        {"team": []},
        {"team": ["1", ATTACK]},
        {"title": ATTACK, "spot": ""},
    ],
)
def test_a_refused_call_gives_the_words_back(world: World, wrong: dict[str, object]) -> None:
    fields = {
        "title": "占道的事",
        "held_at": SOON,
        "spot": "镇里",
        "agenda": number(world),
        "team": ["1", "2"],
        **wrong,
    }
    before = world.rows()
    answer = world.enter("supervisor").post(HOME, data=fields)
    assert answer.status_code == 422
    assert str(fields["title"]) == ATTACK or "占道的事" in answer.text
    assert ATTACK not in answer.text
    assert world.rows() == before


def test_only_the_township_calls_and_a_neighbour_puts_nothing_of_others_on_the_agenda(world: World) -> None:
    fields = {"title": "占道", "held_at": SOON, "spot": "镇里", "agenda": number(world), "team": ["1", "2"]}
    before = world.rows()
    assert world.enter("agent").post(HOME, data=fields).status_code == 403
    assert world.enter("qingshi").post(HOME, data=fields).status_code == 422
    assert world.enter("qingshi").get(f"{HOME}/1").status_code == 403
    assert world.rows() == before


def test_a_clerk_writes_down_and_the_township_reads_by_unit(world: World) -> None:
    home, clerk = "/staff/village/demands", world.enter("clerk")
    today = datetime.now(SHANGHAI).date().isoformat()
    fields = {"place": "lijiagou", "kind": "certificate", "asked_by": "=县农商行", "certificate": "qinshu", "on": today}
    for _ in range(2):
        assert clerk.post(home, data={**fields, "nonce": "n"}).status_code == 303
    with world.sessions() as session:
        (row,) = session.scalars(select(Demand)).all()
        assert (row.what, row.certificate) == ("亲属关系证明", "qinshu")
    page = world.enter("supervisor").get(home).text
    assert "=县农商行" in page
    assert "不该村里开" in page
    table = world.enter("supervisor").get(f"{home}/list.xlsx?month={today[:7]}")
    book = load_workbook(io.BytesIO(table.content))
    cells = [cell.value for cell in list(book.worksheets[0].rows)[1]]
    assert cells[2] == "'=县农商行"
    assert world.enter("overseer").post(home, data=fields).status_code == 403
    assert world.enter("qingshi").post(home, data=fields).status_code == 403


@pytest.mark.parametrize(
    "wrong", [{"kind": "x"}, {"on": "昨天"}, {"hours": "很多"}, {"hours": "nan"}, {"case": "1"}, {"asked_by": ""}]
)
def test_a_refused_demand_gives_the_words_back(world: World, wrong: dict[str, str]) -> None:
    today = datetime.now(SHANGHAI).date().isoformat()
    fields = {"place": "lijiagou", "kind": "task", "asked_by": "镇农业办", "what": "填养殖情况表", "on": today, **wrong}
    before = world.rows()
    answer = world.enter("clerk").post("/staff/village/demands", data=fields)
    assert answer.status_code == 422
    assert "填养殖情况表" in answer.text
    assert world.rows() == before


def test_every_sheet_is_read_without_sign_in_and_without_script(world: World) -> None:
    visitor = world.visitor()
    every = visitor.get("/paper").text
    for code, paper in CERTIFICATES.items():
        assert f'href="/paper/{code}"' in every
        page = visitor.get(f"/paper/{code}")
        assert page.status_code == 200
        assert paper.instead in page.text
        assert "<script" not in page.text
    for code in ("none", "../etc/passwd", "%00", "x" * 3000):
        assert visitor.get(f"/paper/{code}").status_code == 404


def test_the_page_of_a_case_shows_where_it_was_sent(world: World) -> None:
    admin = world.enter("administrator")
    fields = {"name": "清禾县12345热线", "place": "qinghe", "url": "https://93.184.216.34/in", "profile": "12345工单"}
    made = admin.post("/staff/village/exchange/add", data=fields)
    assert "密钥只显示这一次" in made.text
    key = made.text.split("密钥编号 ")[1].split("，")[0]
    assert key in admin.get("/staff/village/exchange").text
    secret = made.text.split("密钥 ")[-1].split("<")[0]
    assert secret not in admin.get("/staff/village/exchange").text
    agent = world.enter("agent")
    assert "转给清禾县12345热线" in agent.get("/staff/cases/1").text
    for _ in range(2):
        assert agent.post("/staff/exchange/cases/1", data={"do": "send", "system": "1"}).status_code == 303
    page = agent.get("/staff/cases/1").text
    assert "转过去的" in page
    assert "问居民给不给电话" in page
    assert agent.post("/staff/exchange/cases/1", data={"do": "agree", "system": "1", "how": ""}).status_code == 422
    assert agent.post("/staff/exchange/cases/1", data={"do": "ask", "system": "1"}).status_code == 303
    with world.sessions() as session:
        told = [e.what for e in session.scalars(select(CaseEvent)) if "12345" in e.what]
    assert told == ["转给清禾县12345热线", "问居民：电话能不能给清禾县12345热线"]
    assert world.enter("qingshi").post("/staff/exchange/cases/1", data={"do": "send", "system": "1"}).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://example.com/"},
        {"url": "https://127.0.0.1:5005/"},
        {"url": "javascript:alert(1)"},
        {"networks": "0.0.0.0/0"},
        {"networks": "everybody"},
        {"name": "x"},
        {"profile": "没有"},
    ],
)
def test_a_system_that_would_be_dangerous_is_refused(world: World, wrong: dict[str, str]) -> None:
    fields = {"name": "清禾县12345热线", "place": "qinghe", "profile": "通用", **wrong}
    before = world.rows()
    answer = world.enter("administrator").post("/staff/village/exchange/add", data=fields)
    assert answer.status_code == 422
    assert world.rows() == before


def test_only_the_administrator_of_the_place_sets_systems_up(world: World) -> None:
    fields = {"name": "清禾县12345热线", "place": "qinghe", "profile": "通用"}
    before = world.rows()
    for login in ("supervisor", "qingshi"):
        for what in ("add", "change", "rotate", "switch"):
            answer = world.enter(login).post(f"/staff/village/exchange/{what}", data=fields)
            assert answer.status_code in (403, 404)
    assert world.rows() == before
