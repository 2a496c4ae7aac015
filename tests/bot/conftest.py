from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings import appointments as bookings
from actions.bookings import openings
from actions.bookings.models import Mode
from actions.cases import filing, mediation
from actions.cases import moves as cases
from actions.cases.models import Photo
from actions.cases.status import CaseStatus
from actions.feedback import UnansweredQuestion
from actions.offices.defaults import import_offices
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.settings import Settings
from bot.staff.models import Staff
from bot.turns import Turns
from bot.web import errors
from bot.web.knowledge import bulk_import, documents, golden, law, try_it, unanswered
from bot.web.resident import progress, widget
from bot.web.staff import bookings as booking_pages
from bot.web.staff import cases as case_pages
from bot.web.staff import imports, inbox, sign_in
from bot.web.staff import settings as staff_settings
from bot.web.staff.desk import Desk
from knowledge.documents import comments, versions
from knowledge.documents.models import Document, Kind
from knowledge.documents.versions import Person
from knowledge.evaluation.models import GoldenQuestion
from knowledge.exchange.corpus import import_places
from tests.bot.world import DAY, HASH, STAFF, World
from tests.conftest import CORPUS
from tests.fakes import FakeRasa, NoSearch, no_intent, no_slots


@pytest.fixture()
def empty(sessions: sessionmaker[Session], tmp_path: Path) -> World:
    """The pages over a database with places and offices, and nobody in it."""
    with sessions() as session:
        import_places(session, CORPUS)
        import_offices(session, CORPUS / "offices.yml")
        session.commit()
    settings = Settings(home=tmp_path / "home", messages_per_minute=100_000)
    app, desk = FastAPI(), Desk(settings=settings, sessions=sessions)
    errors.install(app)
    for router in (
        sign_in.router(desk),
        case_pages.router(desk),
        booking_pages.router(desk),
        imports.router(desk),
        staff_settings.router(desk),
        inbox.router(desk, NoSearch(), today=lambda: DAY, slots=no_slots),  # type: ignore[arg-type]
        bulk_import.router(desk),
        law.router(desk, NoSearch(), today=lambda: DAY),  # type: ignore[arg-type]
        try_it.router(desk, NoSearch(), today=lambda: DAY, intent=no_intent),  # type: ignore[arg-type]
        golden.router(desk, NoSearch(), today=lambda: DAY),  # type: ignore[arg-type]
        unanswered.router(desk, NoSearch(), today=lambda: DAY, topic=lambda _: "其他"),
        documents.router(
            desk,
            today=lambda: DAY,
            gate=lambda session, version: [],
            is_indexed=lambda version: True,
            live=NoSearch().live,
        ),  # type: ignore[arg-type]
    ):
        app.include_router(router)
    app.include_router(progress.router(sessions))
    turns = Turns(sessions=sessions, rasa=FakeRasa([{"kind": "answer", "text": "可以。"}]))  # type: ignore[arg-type]
    app.include_router(widget.router(settings=settings, sessions=sessions, turns=turns, degraded=lambda: None))
    return World(app, sessions, settings, 0, "", 0, 0)


@pytest.fixture()
def world(empty: World) -> World:
    now = datetime.now(UTC)
    actor = cases.Actor("staff", "王芳", 1)
    with empty.sessions() as session:
        session.add_all(
            Staff(login=login, name=f"{login}的人", password_hash=HASH, role=role, place_id=place)
            for login, (role, place) in STAFF.items()
        )
        session.add(
            Conversation(
                id="conversation-1",
                channel="widget",
                place_id="lijiagou",
                status=ConversationStatus.waiting,
                waiting_since=now,
                handoff_reason="asked",
            )
        )
        session.flush()
        session.add(
            Message(conversation_id="conversation-1", sender=Sender.resident, text="隔壁占了我家的路", answered_at=now)
        )
        session.flush()
        case = filing.file(
            session,
            request_key="r1",
            conversation_id="conversation-1",
            place="lijiagou",
            category="其他",
            fields={"what": "隔壁砌墙占了路", "phone": "13800001234"},
            now=now,
        )
        session.add(Photo(conversation_id="conversation-1", case_id=case.id, sha256="0" * 64, jpeg=b"\xff\xd8"))
        for to in (CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress):
            cases.move(session, case.id, to, actor=actor, key=f"k-{to}", now=now, team_id=1)
        mediation.start_mediation(
            session, case.id, mediator="王芳", parties=[{"name": "甲"}, {"name": "乙"}], actor=actor, now=now
        )
        for party in (0, 1):
            mediation.consent(session, case.id, party, "yes", actor=actor, now=now)
        mediation.sign_agreement(
            session, case.id, facts="占路", terms="退回去", method="", signed_on=DAY, actor=actor, now=now
        )
        worker = session.scalars(select(Staff).where(Staff.login == "legal_worker")).one()
        starts = now + timedelta(days=3)
        opening = openings.publish(
            session,
            worker_id=worker.id,
            worker_name=worker.name,
            mode=Mode.visit,
            place="lijiagou",
            address="党群服务中心",
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            capacity=2,
            now=now,
        )
        appointment = bookings.book(
            session,
            opening.id,
            conversation_id="conversation-1",
            request_key="b1",
            summary="想问离婚的事",
            phone="13900005678",
            now=now,
        )
        bookings.write_note(session, appointment.id, "当事人情绪不稳", worker_id=worker.id)
        session.add(Document(id="rule-1", kind=Kind.village_rule, title="", place_id="lijiagou"))
        session.flush()
        clauses = [
            {
                "number": "第一条",
                "text": "违者罚款五百元。",
                "answer": "不能罚。",
                "status": "conflicts",
                "conflict": {"articles": ["行政处罚法 10"], "says": "村里没有权罚款。"},
            }
        ]
        version = versions.start_draft(
            session,
            by=Person(900, "离职的人"),
            now=now,
            document_id="rule-1",
            content={"title": "李家沟村规", "clauses": clauses},
            in_force_from=DAY,
        )
        session.add(
            GoldenQuestion(
                key="k1",
                ask="红事能罚款吗",
                place_id="lijiagou",
                must=["rule-1 第一条"],
                any_of=["law 民法典 1042"],
                must_not=[],
                source="console",
                created_by="李",
            )
        )
        session.add(
            UnansweredQuestion(question="李家沟的粪坑占了我家", reason="abstained", place_id="lijiagou", created_at=now)
        )
        comments.comment(session, version.id, by=Person(900, "离职的人"), now=now, text="看看第一条")
        session.commit()
        photo = session.scalars(select(Photo.id)).one()
        empty.case, empty.conversation, empty.opening, empty.photo = case.id, "conversation-1", opening.id, photo
    assert (empty.case, empty.opening, version.id) == (1, 1, 1)  # `DEEDS` names them
    return empty
