"""What was filed or booked is found, given out and deleted by its number or telephone, though its conversation is gone;
and it goes by itself in the end (red team H5).
"""

import argparse
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from actions.bookings.models import Appointment, Opening
from actions.bookings.status import AppointmentStatus
from actions.cases.models import CalledUnit, Case, CaseEvent, CaseLink, Mediation, Photo
from actions.cases.status import CaseStatus
from bot.cli import privacy as command
from bot.conversations import service
from bot.conversations.models import Message
from bot.privacy import finding, retention
from bot.privacy.columns import personal
from bot.run import worker
from bot.settings import ROOT, Settings
from bot.staff.models import AuditEntry
from knowledge.tables import Base
from tests.bot.world import World

PHONE, WORDS, NAME = "13732412355", "蓝鲸密语一七", "郑翠花"
AGE = timedelta(days=1095)
NOW = datetime.now(UTC)


def fill(session: Session) -> None:
    """Everything that people can put into a case and an appointment."""
    case = session.scalars(select(Case)).one()
    case.what = case.spot = case.when_said = case.other_party = case.wish = WORDS
    case.contact_name, case.phone, case.green = NAME, "137-3241 2355", [WORDS]
    for event in case.events:
        event.note, event.say, event.buttons = WORDS, WORDS, [{"title": WORDS, "payload": WORDS}]
        event.told_at = NOW
    case.units.append(CalledUnit(team_id=1, reason=WORDS, result=WORDS, called_at=NOW, due_at=NOW, arrived_at=NOW))
    assert case.mediation
    case.mediation.parties = [{"name": NAME, "phone": PHONE, "consent": "yes"}, {"name": "乙", "phone": "13800001111"}]
    case.mediation.sessions = [{"at": NOW.isoformat(), "place": WORDS, "note": WORDS}]
    case.mediation.facts = case.mediation.terms = case.mediation.method = WORDS
    session.add(CaseLink(token_hash=WORDS, case_id=case.id, made_at=NOW, ends_at=NOW))
    held = session.scalars(select(Appointment)).one()
    held.name, held.phone, held.summary, held.private_note, held.say = NAME, f"+86 {PHONE}", WORDS, WORDS, WORDS
    for event in case.events:
        if "-consent-" in event.key:
            event.what = f"{NAME}同意调解"
    session.commit()


def end(session: Session, *, ago: timedelta) -> None:
    session.execute(
        update(Case).values(status=CaseStatus.closed, closed_at=NOW - ago, updated_at=NOW - ago, looked_back=2)
    )
    session.execute(update(Opening).values(starts_at=NOW - ago - timedelta(hours=1), ends_at=NOW - ago))
    session.execute(update(Mediation).values(confirm_reminded_at=NOW - ago))
    session.execute(update(Appointment).values(status=AppointmentStatus.attended))
    session.commit()


def standing(session: Session, *marks: str) -> list[str]:
    """Every table and column in which one of the words stands."""
    found = set()
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)).mappings():
            found |= {f"{table.name}.{name}" for name, value in row.items() if any(m in str(value) for m in marks)}
    return sorted(found)


def run(world: World, action: str, **more: object) -> int:
    url = world.sessions.kw["bind"].url.render_as_string(hide_password=False)
    settings = Settings(home=world.settings.home, database_url=url)
    given = {"conversation": "", "case": "", "phone": "", "yes": False, **more}
    return command.privacy(settings, argparse.Namespace(action=action, **given))


@pytest.fixture
def number(world: World) -> str:
    """Of a case that was filed from a conversation which its resident has deleted since."""
    with world.sessions() as session:
        fill(session)
        service.forget(session, world.conversation)
        return session.scalars(select(Case.number)).one()


def test_a_closed_case_is_found_exported_and_deleted_by_its_number(
    world: World, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(world, "find", case=number) == 0
    assert f"{number[:6]}-" in capsys.readouterr().out
    assert run(world, "export", case=number) == 0
    given = json.loads(capsys.readouterr().out)["cases"][0]
    assert (given["what"], given["name"], len(given["photos"])) == (WORDS, NAME, 1)
    with world.sessions() as session:
        end(session, ago=timedelta(days=1))
    assert run(world, "delete", case=number) == 1, "who asks has to be known first"
    with world.sessions() as session:
        assert "case.what" in standing(session, WORDS)
    assert run(world, "delete", case=number, yes=True) == 0
    with world.sessions() as session:
        assert [c for c in standing(session, WORDS, NAME, PHONE, "137-3241") if not c.startswith("appointment.")] == []
        case = session.scalars(select(Case)).one()
        assert (case.number, case.category, case.place_id, case.status) == (
            number,
            "其他",
            "lijiagou",
            CaseStatus.closed,
        )
        assert "应本人要求" in case.what
        assert case.events[-1].what == "内容已删除"
        assert session.scalars(select(Photo)).all() == []
        assert session.scalars(select(AuditEntry.subject).where(AuditEntry.what == "删除事项内容")).one() == number


def test_a_telephone_finds_whose_contact_it_is_and_counts_where_others_wrote_it(
    world: World, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with world.sessions() as session:
        other = service.start(session, channel="widget", place=None)
        session.add(Message(conversation_id=other.id, sender="resident", text="找 137 3241 2355 问问", answered_at=NOW))
        session.commit()
        found = finding.by_phone(session, "+86 137-3241-2355")
        assert [c.number for c in found.cases] == [number]
        assert len(found.appointments) == 1
        assert [(c.number, n) for c, n in found.parties] == [(number, 0)]
        assert dict(found.mentions) == {"message.text": 1}
        part = finding.by_phone(session, "3732412355")
        assert (part.cases, part.appointments, part.parties) == ((), (), ()), "a part of a number is nobody's"
        assert not finding.by_phone(session, "137")
        end(session, ago=timedelta(days=1))
    assert run(world, "delete", phone=PHONE, yes=True) == 0
    assert "message.text" in capsys.readouterr().out
    with world.sessions() as session:
        assert standing(session, WORDS, NAME, PHONE) == []
        assert standing(session, "137 3241 2355") == ["message.text"]


def test_an_export_by_a_partys_telephone_gives_that_line_alone(
    world: World, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(world, "export", phone="138 0000 1111") == 0
    given = json.loads(capsys.readouterr().out)
    assert given["cases"] == given["appointments"] == []
    assert [m["party"]["name"] for m in given["mediations"]] == ["乙"]


def test_what_is_still_worked_on_stays_and_the_command_says_why(
    world: World, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(world, "delete", phone=PHONE, yes=True) == 1
    told = capsys.readouterr().out
    assert "还在办" in told
    assert "请先取消" in told
    with world.sessions() as session:
        assert "case.what" in standing(session, WORDS)


@pytest.mark.parametrize(("ago", "is_masked"), [(AGE - timedelta(days=1), False), (AGE + timedelta(days=1), True)])
def test_what_has_ended_long_ago_loses_its_words_by_itself(world: World, ago: timedelta, is_masked: bool) -> None:
    with world.sessions() as session:
        fill(session)
        service.forget(session, world.conversation)
        end(session, ago=ago)
    url = world.sessions.kw["bind"].url.render_as_string(hide_password=False)
    worker.work(Settings(home=world.settings.home, database_url=url), world.sessions)
    with world.sessions() as session:
        assert (standing(session, WORDS, NAME, PHONE) == []) is is_masked
        assert ("超过保存期" in session.scalars(select(Case.what)).one()) is is_masked
        if is_masked:
            assert retention.mask_old(session, after=AGE, now=NOW) == 0, "once"


def test_while_the_clock_is_doubted_nothing_is_masked(world: World) -> None:
    with world.sessions() as session:
        fill(session)
        end(session, ago=AGE * 2)
    worker.work(world.settings, world.sessions, is_clock_sure=False)
    with world.sessions() as session:
        assert "case.what" in standing(session, WORDS)


def test_a_case_merged_into_one_that_goes_on_is_kept(world: World) -> None:
    with world.sessions() as session:
        fill(session)
        lead = session.scalars(select(Case)).one()
        session.add(Case(number="1", request_key="r2", what=WORDS, status=CaseStatus.merged, merged_into_id=lead.id,
                         filed_at=NOW - AGE * 2, updated_at=NOW - AGE * 2))  # fmt: skip
        session.commit()
        assert retention.mask_old(session, after=AGE, now=NOW) == 0


def test_every_personal_column_of_a_case_is_emptied_with_it(world: World, number: str) -> None:
    """What `columns.yml` says goes with a case does so."""
    with world.sessions() as session:
        end(session, ago=timedelta(days=1))
    assert run(world, "delete", phone=PHONE, yes=True) == 0
    emptied = {"", None, "[]", "{}"}
    with world.sessions() as session:
        for table in (Case, CaseEvent, CalledUnit, Mediation, Photo, CaseLink, Appointment):
            held = [o for o in personal() if o.table == table.__tablename__ and "--" in o.way_out]
            for row in session.execute(select(*(table.__table__.c[c] for o in held for c in o.columns))).mappings():
                left = {n: v for n, v in row.items() if str(v) not in emptied and v is not None}
                said = {n: v for n, v in left.items() if n not in ("what", "summary", "parties", "sessions")}
                assert said in ({}, {"note": "应本人要求"}), said


def test_a_picture_that_no_report_took_goes_after_two_days(world: World) -> None:
    with world.sessions() as session:
        for hours in (47, 49):
            at = NOW - timedelta(hours=hours)
            session.add(Photo(conversation_id=f"c{hours}", sha256=str(hours), jpeg=b"x", created_at=at))
        session.commit()
        assert retention.drop_waiting_photos(session, now=NOW) == 1
        assert sorted(session.scalars(select(Photo.conversation_id))) == ["c47", world.conversation]


def test_deleted_words_lie_neither_in_the_file_nor_in_its_wal(world: World) -> None:
    if world.sessions.kw["bind"].dialect.name != "sqlite":
        pytest.skip("a file of SQLite's")
    file = Path(world.sessions.kw["bind"].url.database or "")
    with world.sessions() as session:
        session.add_all(
            Message(conversation_id=world.conversation, sender="resident", text=f"{WORDS}{n}" * 40, answered_at=NOW)
            for n in range(200)
        )
        session.commit()

    def held() -> bool:
        return any(WORDS.encode() in p.read_bytes() for p in file.parent.glob(f"{file.name}*"))

    assert held()
    assert run(world, "delete", conversation=world.conversation) == 0
    assert not held()


def test_the_command_as_people_run_it_finds_it_too(world: World, number: str) -> None:
    """In a process of its own, which loads no more than it needs."""
    environ = {
        **os.environ,
        "LINLI_HOME": str(world.settings.home),
        "LINLI_DATABASE_URL": world.sessions.kw["bind"].url.render_as_string(hide_password=False),
    }
    command = [sys.executable, "-m", "bot.cli", "privacy", "find", "--phone", PHONE]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
    assert f"事项 {number[:6]}-" in done.stdout
    assert "预约" in done.stdout
