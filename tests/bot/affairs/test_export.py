"""`linli affairs export`: the same things as JSON, CSV and xlsx; nothing in them runs, and nothing tells who it was."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy.orm import Session, sessionmaker

from actions.topics.counting import sealing
from actions.topics.models import Ballot, Opinion, Topic
from actions.topics.status import TopicState
from bot.cli.main import make_parser
from bot.settings import Settings
from tests.actions.topics.village import NOW, PLACE, village

EVIL = '=HYPERLINK("http://evil.example")'


@pytest.fixture
def number(sessions: sessionmaker[Session], tmp_path: Path) -> str:
    """Of an open topic with one voice and one opinion."""
    with sessions() as session:
        topic = village(session, tmp_path).opened()
        ballot = Ballot(topic_id=topic.id, voter_key="key-of-wang", receipt="r-1", choice=[1], is_verified=True)
        ballot.source, ballot.day = "chat", NOW.date()
        said = Opinion(topic_id=topic.id, key="o", asker="c-wang", stance="担心", text=EVIL, normal="o")
        said.source, said.at, said.state, said.is_verified = "chat", NOW, "shown", True
        said.adoption, said.adoption_why = "part", "@灯罩朝下"
        session.add_all([ballot, said])
        session.commit()
        return topic.number


def close(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        topic = session.query(Topic).one()
        topic.seal = sealing.seal_of(sealing.ballots_of(session, topic))
        topic.sealed_at = topic.result_at = NOW + timedelta(days=11)
        topic.state, topic.result, topic.shown = TopicState.result, "装在西头。", ["1人参加"]
        topic.tasks = [{"text": "西头装灯", "team_id": 7, "due_on": "2026-12-31", "case_id": None}]
        session.commit()


def export(sessions: sessionmaker[Session], *rest: str) -> int:
    url = sessions.kw["bind"].url.render_as_string(hide_password=False)
    args = make_parser().parse_args(["affairs", "export", PLACE, *rest])
    status: int = args.run(Settings(database_url=url), args)
    return status


def test_a_table_holds_what_the_json_holds_and_no_cell_of_it_runs(
    sessions: sessionmaker[Session], number: str, tmp_path: Path
) -> None:
    close(sessions)
    files = {kind: tmp_path / f"t.{kind}" for kind in ("json", "csv", "xlsx")}
    for kind, path in files.items():
        assert export(sessions, number, "--as", kind, "--out", str(path)) == 0
    found = json.loads(files["json"].read_text())
    data = files["csv"].read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")  # or Excel takes it for GBK
    rows = [tuple(row) for row in csv.reader(io.StringIO(data.decode("utf-8-sig")))]
    assert ("大家说的", "担心", f"'{EVIL}", "部分采纳：@灯罩朝下") in rows
    assert ("票（回执，没有人名）", "r-1", "[1]", "西头") in rows
    assert ("交给谁办", "单位编号7", "西头装灯", "2026-12-31前办完") in rows
    assert ("议题", "封条（SHA-256）", found["seal"], "") in rows
    assert len([row for row in rows if row[0] == "经过"]) == len(found["events"]) > 0
    sheet = load_workbook(files["xlsx"]).active
    assert [tuple(cell or "" for cell in row) for row in sheet.iter_rows(values_only=True)] == rows
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert not any(word in data.decode() for word in ("key-of-wang", "c-wang", "c-raiser"))


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_while_it_is_open_no_table_is_a_live_count(
    sessions: sessionmaker[Session], number: str, kind: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert export(sessions, number, "--as", kind) == 0
    told = capfdbinary.readouterr().out
    assert "装路灯".encode() in told
    assert b"r-1" not in told
    assert b"evil" not in told


def test_a_file_is_never_written_over_and_a_fault_is_said_in_words(
    sessions: sessionmaker[Session], number: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = tmp_path / "held.csv"
    held.write_text("old")
    for rest, told in (
        (("--as", "xlsx"), "请用 --out"),
        (("--out", str(held)), "没有覆盖"),
        (("--out", str(tmp_path / "none" / "t.csv")), "没有找到"),
    ):
        assert export(sessions, number, *rest) == 1
        assert told in "".join(capsys.readouterr())
    assert held.read_text() == "old"
    assert export(sessions, "议-99-999", "--out", str(tmp_path / "new")) == 1
    assert not (tmp_path / "new").exists()
