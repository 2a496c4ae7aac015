"""A savepoint is a part of its transaction, on SQLite as on PostgreSQL."""

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bot.conversations.models import Conversation


def test_what_a_savepoint_kept_goes_with_its_transaction(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        with session.begin_nested():
            session.add(Conversation(id="c-first", channel="widget"))
        with sessions() as other:
            assert other.scalars(select(Conversation)).all() == [], "nobody sees it before the commit"
        session.rollback()
    with sessions() as session:
        assert session.scalars(select(Conversation)).all() == []


def test_what_a_savepoint_kept_comes_with_its_transaction(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        with session.begin_nested():
            session.add(Conversation(id="c-first", channel="widget"))
        session.add(Conversation(id="c-second", channel="widget"))
        session.commit()
    with sessions() as session:
        assert session.scalars(select(Conversation.id).order_by(Conversation.id)).all() == ["c-first", "c-second"]
