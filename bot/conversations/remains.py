"""What a turn still wrote when its conversation had been deleted meanwhile: Rasa and actions write at the end."""

import sqlite3
import time
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from sqlalchemy import String, cast, delete, literal, select, update
from sqlalchemy.orm import Session

from actions.bookings.models import Appointment
from actions.cases.models import Case, Photo
from actions.feedback import UnansweredQuestion
from actions.outcomes import ActionOutcome
from actions.persons import PersonThread
from actions.roster.models import ParticipantThread
from bot.conversations.models import Conversation, Message
from bot.remote import trackers
from knowledge.tables import changed

_SETTLED_S = 600.0  # a turn takes seconds; an evaluation of ours talks to Rasa without a conversation for minutes


def sweep(session: Session) -> int:
    """Rows that name a conversation which isn't there: words go, what was filed or booked is cut loose. Commits."""
    here = select(Conversation.id)
    left = (
        delete(UnansweredQuestion).where(
            UnansweredQuestion.conversation_id.is_not(None), UnansweredQuestion.conversation_id.not_in(here)
        ),
        delete(PersonThread).where(PersonThread.conversation_id.not_in(here)),
        delete(ParticipantThread).where(
            ParticipantThread.asker.not_in(here), ParticipantThread.asker.not_like("page:%")
        ),
        delete(Photo).where(Photo.case_id.is_(None), Photo.conversation_id.not_in(here)),
        delete(ActionOutcome).where(ActionOutcome.message_id.not_in(select(Message.id))),
    )
    found = sum(changed(session, statement) for statement in left)
    lost = select(Case.conversation_id).where(Case.conversation_id.is_not(None), Case.conversation_id.not_in(here))
    booked = select(Appointment.conversation_id).where(
        Appointment.conversation_id.is_not(None), Appointment.conversation_id.not_in(here)
    )
    for conversation_id in {*session.scalars(lost), *session.scalars(booked)}:
        cut_loose(session, str(conversation_id))
        found += 1
    session.commit()
    return found


def cut_loose(session: Session, conversation_id: str) -> None:
    """A filed case stays with the office that handles it, an appointment with its worker; nothing of them names the
    conversation any more, keys included. The caller commits.
    """
    of_case = {"conversation_id": None, "request_key": literal("cut:") + cast(Case.id, String)}
    session.execute(
        update(Photo)
        .where(Photo.conversation_id == conversation_id, Photo.case_id.is_not(None))
        .values(conversation_id=literal("case:") + cast(Photo.case_id, String))
    )
    session.execute(update(Case).where(Case.conversation_id == conversation_id).values(of_case))
    mine = Appointment.conversation_id == conversation_id
    key = literal("cut:") + cast(Appointment.id, String)
    session.execute(update(Appointment).where(mine, Appointment.seat_key.is_not(None)).values(seat_key=key))
    session.execute(update(Appointment).where(mine).values(conversation_id=None, request_key=key))


def stray_trackers(path: Path | str, known: Collection[str]) -> list[str]:
    """Whom Rasa remembers though we don't, and hasn't heard for ten minutes. `path`: its file, or the address of its
    database. Raises sqlite3.OperationalError or DBAPIError.
    """
    heard = trackers.heard(path) if isinstance(path, str) else _heard(path)
    return [str(who) for who, at in heard if who not in known and float(at or 0) < time.time() - _SETTLED_S]


def _heard(path: Path) -> list[tuple[str, float]]:
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=10)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
            return []
        return db.execute("SELECT sender_id, MAX(timestamp) FROM events GROUP BY sender_id").fetchall()
