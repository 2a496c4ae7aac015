"""Deleted is deleted, also by a turn that was under way (red team H5, H6)."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings.models import Appointment
from actions.cases.models import Case, Photo
from actions.feedback import UnansweredQuestion, record_unanswered
from actions.outcomes import ActionOutcome
from bot.conversations import remains, service
from bot.conversations.models import Conversation, Message
from bot.run.worker import sweep_remains
from tests.bot.world import World

GONE, ASKED = "deleted-in-between", "命令行里问的"


def naming(session: Session, conversation_id: str) -> list[str]:
    """Every table and column of the database in which the id stands."""
    found = []
    for table in Conversation.metadata.sorted_tables:
        for row in session.execute(select(table)).mappings():
            found += [f"{table.name}.{name}" for name, value in row.items() if conversation_id in str(value)]
    return found


def test_what_was_filed_and_booked_names_a_forgotten_conversation_nowhere(world: World) -> None:
    with world.sessions() as session:
        assert {"case.conversation_id", "message.conversation_id"} <= set(naming(session, world.conversation))
        held = session.scalars(select(Case.id)).all(), session.scalars(select(Appointment.id)).all()
        assert service.forget(session, world.conversation)
        assert naming(session, world.conversation) == []
        assert (session.scalars(select(Case.id)).all(), session.scalars(select(Appointment.id)).all()) == held


def test_what_a_turn_wrote_afterwards_is_swept_up(world: World) -> None:
    with world.sessions() as session:
        session.get_one(Case, world.case).conversation_id = GONE
        session.get_one(Photo, world.photo).conversation_id = GONE
        session.add(Photo(conversation_id=GONE, sha256="f" * 64, jpeg=b"x"))
        record_unanswered(session, "我叫王建国", reason="abstained", conversation_id=GONE, message_id=9, place=None)
        record_unanswered(
            session, "命令行里问的", reason="abstained", conversation_id=None, message_id=None, place=None
        )
        last = max(session.scalars(select(Message.id)))
        session.add(ActionOutcome(message_id=last + 100, replies=[{"text": "登记好了"}]))
        session.commit()
        assert remains.sweep(session) >= 4
        assert naming(session, GONE) == []
        assert [u.question for u in session.scalars(select(UnansweredQuestion)) if "王" in u.question] == []
        assert ASKED in [u.question for u in session.scalars(select(UnansweredQuestion))]
        assert session.get(Case, world.case), "what was reported is still to be done"
        assert remains.sweep(session) == 0


def test_rasa_forgets_whom_we_have_forgotten(world: World) -> None:
    path: Path = world.settings.rasa_trackers
    path.parent.mkdir(parents=True, exist_ok=True)
    long_ago = time.time() - 3600
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE events (sender_id TEXT, timestamp REAL, data TEXT)")
        rows = [(GONE, long_ago), (world.conversation, long_ago), ("speaks now", time.time())]
        db.executemany("INSERT INTO events VALUES (?, ?, '')", rows)
    sweep_remains(world.settings, world.sessions)
    with closing(sqlite3.connect(path)) as db:
        assert {who for (who,) in db.execute("SELECT sender_id FROM events")} == {world.conversation, "speaks now"}
    path.unlink()
    sweep_remains(world.settings, world.sessions)
