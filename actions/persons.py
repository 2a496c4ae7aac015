"""One person in several conversations: two official accounts, or WeChat and a browser. Only their own word joins them,
and only for what they filed and booked; what was said stays where it was said.
"""

import secrets

from sqlalchemy import String, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from knowledge.tables import Base, changed


class PersonThread(Base):
    """A conversation that its resident joined to others: those with the same `person_id`."""

    __tablename__ = "person_thread"

    conversation_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(40), index=True)


def threads_of(session: Session, conversation_id: str) -> list[str]:
    """This conversation first, and those joined to it.

    For what a resident is shown, never for staff, whose places may differ.
    """
    own = session.get(PersonThread, conversation_id)
    if own is None:
        return [conversation_id]
    joined = session.scalars(
        select(PersonThread.conversation_id)
        .where(PersonThread.person_id == own.person_id)
        .order_by(PersonThread.conversation_id)
    )
    return [conversation_id, *(c for c in joined if c != conversation_id)]


def join(session: Session, *conversation_ids: str) -> None:
    """These are one person's from now on, with all that was joined to any of them. Said twice, it changes nothing."""
    known = {
        t.conversation_id: t.person_id
        for t in session.scalars(select(PersonThread).where(PersonThread.conversation_id.in_(conversation_ids)))
    }
    person = min(known.values(), default=secrets.token_urlsafe(12))
    session.execute(update(PersonThread).where(PersonThread.person_id.in_(known.values())).values(person_id=person))
    session.add_all(
        PersonThread(conversation_id=c, person_id=person) for c in dict.fromkeys(conversation_ids) if c not in known
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()  # the same word in another process


def part(session: Session, conversation_id: str) -> bool:
    """This conversation stands for itself again; the caller commits. False: it was joined to none."""
    return changed(session, delete(PersonThread).where(PersonThread.conversation_id == conversation_id)) > 0
