"""The pack of a topic and of a decision: who gets it, what is in it, what never is."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions.decisions import files
from actions.decisions.models import DecisionStep, Meeting
from actions.topics.counting import sealing
from actions.topics.models import Ballot, Opinion, Topic, TopicEvent
from actions.topics.status import TopicState
from bot.staff.models import AuditEntry
from tests.actions.reports import pdf
from tests.bot.world import World

TOPIC, DECISION = "/staff/village/archive/topics/1.zip", "/staff/village/archive/decisions/1.zip"


def pack_of(world: World, path: str, login: str = "clerk") -> zipfile.ZipFile:
    answer = world.enter(login).get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["content-length"]) == len(answer.content)
    pack = zipfile.ZipFile(io.BytesIO(answer.content))
    assert pack.testzip() is None
    return pack


def text_of(pack: zipfile.ZipFile, name: str) -> str:
    return pdf.text_of(pack.read(name))


def everything(pack: zipfile.ZipFile) -> str:
    return "".join(
        text_of(pack, name) if name.endswith(".pdf") else pack.read(name).decode("utf-8", "replace")
        for name in pack.namelist()
    )


def answered(world: World) -> str:
    """The county's topic with two voices, an opinion and its result. Returns its seal."""
    now = datetime.now(UTC)
    with world.sessions() as session:
        topic = session.get_one(Topic, world.topic)
        for n, voter in enumerate(("key-of-wang", "key-of-li")):
            row = Ballot(topic_id=topic.id, voter_key=voter, receipt=f"receipt-{n}", choice=[n], is_verified=True)
            row.source, row.day = "chat", now.date()
            session.add(row)
        said = Opinion(
            topic_id=topic.id, key="o", asker="conversation-of-wang", stance="担心", text="晃眼睛", normal="o"
        )
        said.source, said.at, said.state, said.is_verified = "chat", now, "shown", True
        said.adoption, said.adoption_why = "part", "灯罩朝下"
        session.add(said)
        session.flush()
        topic.seal = sealing.seal_of(sealing.ballots_of(session, topic))
        topic.key_file = "1-key"
        note = TopicEvent(
            topic_id=topic.id, key=sealing.closing_key(topic), actor="system", what="截止", note=topic.seal
        )
        topic.sealed_at, topic.result_at, topic.state = now, now, TopicState.result
        topic.result, topic.shown = "装在东头。", ["2人参加"]
        session.add(note)
        session.commit()
        return topic.seal


def test_the_sealed_file_has_the_seal_as_its_sum_and_says_that_it_fits(world: World) -> None:
    seal = answered(world)
    pack = pack_of(world, TOPIC)
    assert hashlib.sha256(pack.read("03-封条.txt")).hexdigest() == seal
    how = pack.read("04-怎么核对.txt").decode("utf-8-sig")
    assert seal in how
    assert "系统核对：对得上" in how
    page = text_of(pack, "01-议题.pdf")
    for said in ("村口路段装路灯", "装在东头", "晃眼睛", "灯罩朝下", "这是征求意见，不是表决", seal[:20]):
        assert said in page
    assert json.loads(pack.read("02-议题.json"))["seal"] == seal


def test_a_voice_that_was_touched_afterwards_is_told_in_the_pack(world: World) -> None:
    answered(world)
    with world.sessions() as session:
        session.get_one(Topic, 1).seal = "0" * 64
        session.commit()
    assert "对不上" in pack_of(world, TOPIC).read("04-怎么核对.txt").decode("utf-8-sig")


def test_nobody_who_spoke_or_chose_is_in_it(world: World) -> None:
    answered(world)
    text = everything(pack_of(world, TOPIC))
    for hidden in ("key-of-wang", "key-of-li", "conversation-of-wang", "voter", "asker"):
        assert hidden not in text


def test_while_a_topic_is_open_its_pack_has_no_voice_and_no_opinion(world: World) -> None:
    answered(world)
    with world.sessions() as session:
        topic = session.get_one(Topic, 1)
        topic.state, topic.result_at = TopicState.open, None
        session.commit()
    pack = pack_of(world, TOPIC)
    assert [name for name in pack.namelist() if name.endswith(".txt")] == ["SHA256SUMS.txt"]
    text = everything(pack)
    assert "还没有公布" in text
    for hidden in ("receipt-0", "晃眼睛", "装在东头"):
        assert hidden not in text


def test_a_decision_has_its_way_and_every_paper_once(world: World) -> None:
    with world.sessions() as session:
        now = datetime.now(UTC)
        keep = {"place": "lijiagou", "by_id": 1, "now": now}
        minutes = files.keep(session, kind="pdf", data=b"%PDF-minutes", **keep)  # type: ignore[arg-type]
        board = files.keep(session, kind="photo", data=b"\xff\xd8a board", **keep)  # type: ignore[arg-type]
        session.get_one(Meeting, 1).minutes_id = minutes.id
        for step in session.scalars(select(DecisionStep).order_by(DecisionStep.id).limit(2)):
            step.file_id = board.id
        session.commit()
    pack = pack_of(world, DECISION, "supervisor")
    names = pack.namelist()
    assert names[:2] == ["01-决定.pdf", "02-会议记录.pdf"]
    assert pack.read("02-会议记录.pdf") == b"%PDF-minutes"
    photos = [name for name in names if name.endswith(".jpg")]
    assert [pack.read(name) for name in photos] == [b"\xff\xd8a board"]
    page = text_of(pack, "01-决定.pdf")
    for said in ("南沟水渠整修", "两委商议", "以前的文书", "到会"):
        assert said in page


@pytest.mark.parametrize(
    ("login", "status"),
    [
        ("clerk", 200),
        ("overseer", 200),
        ("supervisor", 200),
        ("legal_worker", 403),
        ("grid_worker", 403),
        ("agent", 403),
    ],
)
def test_only_who_keeps_or_oversees_gets_it(world: World, login: str, status: int) -> None:
    client = world.enter(login)
    assert [client.get(path).status_code for path in (TOPIC, DECISION)] == [status] * 2
    page = client.get("/staff/village/topics/1").text
    assert ("档案包" in page) is (status == 200)


def test_a_neighbouring_township_gets_nothing_and_every_pack_is_in_the_audit(world: World) -> None:
    assert [world.enter("qingshi").get(path).status_code for path in (TOPIC, DECISION)] == [403, 403]
    for number in ("0", "99", "x", "1' OR 1=1", "9" * 30, "%00"):
        assert world.enter("clerk").get(f"/staff/village/archive/topics/{number}.zip").status_code == 404, number
    with world.sessions() as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.what == "导出档案")).all() == []
    pack = pack_of(world, TOPIC)
    with world.sessions() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.what == "导出档案"))
    assert entry.subject == "议-26-001"
    assert hashlib.sha256(pack.read("SHA256SUMS.txt")).hexdigest() in entry.detail


def test_the_list_of_what_is_late_names_things_and_nobody(world: World) -> None:
    past = datetime.now(UTC) - timedelta(days=9)
    with world.sessions() as session:
        topic = session.get_one(Topic, 1)
        topic.state, topic.answer_due_on, topic.title = TopicState.raised, past.date(), "王大爷家的狗"
        session.commit()
    for login in ("overseer", "supervisor"):
        page = world.enter(login).get("/staff/village/reports").text
        assert "议题到期没有答复" in page
        assert "过了" in page
        assert "王大爷" not in page
    text = world.enter("supervisor").get("/staff/village/reports/overdue.csv").content.decode("utf-8-sig")
    assert text.startswith("村,哪一类")
    assert "李家沟村,议题到期没有答复,议-26-001," in text
    assert "王大爷" not in text
    assert "议-26-001" not in world.enter("qingshi").get("/staff/village/reports/overdue.csv").text
    assert world.enter("clerk").get("/staff/village/reports/county.csv").status_code == 403
    assert world.enter("clerk").get("/staff/village/reports/overdue.exe").status_code == 404
