from alembic import context

# Every module with tables, so that their metadata is whole; tests/test_architecture.py compares.
import actions.bookings.models
import actions.calendar.models
import actions.cases.models
import actions.feedback
import actions.offices.models
import actions.outcomes
import actions.persons
import bot.channels.wechat.models
import bot.conversations.models
import bot.staff.models
import knowledge.documents.models
import knowledge.evaluation.models
import knowledge.law.models
import knowledge.places
from bot.db import make_engine
from knowledge.tables import Base

engine = make_engine(context.config.get_main_option("sqlalchemy.url") or "")
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
