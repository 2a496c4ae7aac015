from typing import Any

from alembic import context
from sqlalchemy import Connection, event

# Every module with tables, so that their metadata is whole; tests/test_architecture.py compares.
import actions.bookings.models
import actions.calendar.models
import actions.cases.models
import actions.checkup.models
import actions.decisions.models
import actions.demands.models
import actions.deputies.models
import actions.disclosure.models
import actions.events.models
import actions.exchange.models
import actions.feedback
import actions.hearings.models
import actions.helpers.models
import actions.history.models
import actions.joint.models
import actions.offices.models
import actions.outcomes
import actions.persons
import actions.points.models
import actions.projects.models
import actions.roster.models
import actions.shelf.models
import actions.topics.models
import actions.topics.statements.models
import actions.visits.models
import bot.channels.wechat.models
import bot.conversations.models
import bot.sites.models
import bot.staff.models
import knowledge.documents.models
import knowledge.evaluation.models
import knowledge.identity
import knowledge.law.models
import knowledge.places
from bot.db import make_engine
from knowledge.tables import Base

engine = make_engine(context.config.get_main_option("sqlalchemy.url") or "")

if engine.dialect.name == "sqlite":
    # Python's driver begins no transaction before DDL, so a migration that was killed left half of its tables.
    # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html (serializable isolation, savepoints, transactional DDL)

    @event.listens_for(engine, "connect")
    def _by_hand(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        # a table that is made anew under its name would take along all rows that point to the old one
        connection.execute("PRAGMA foreign_keys=OFF")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


_OURS = 8_015_140  # any number that nobody else locks by


with engine.connect() as connection:
    if engine.dialect.name == "postgresql":
        # another process that upgrades waits, and then finds nothing to do; the lock ends with the connection
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_OURS})")
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        transactional_ddl=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
