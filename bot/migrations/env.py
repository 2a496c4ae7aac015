from alembic import context

# Every table must be known before the metadata is compared.
import actions.bookings.models
import actions.cases.models
import actions.feedback  # noqa: F401
import bot.accounts
import bot.channels.wechat_models
import bot.conversations.models  # noqa: F401
import knowledge.law.models  # noqa: F401
from bot.db import make_engine
from knowledge.models import Base

engine = make_engine(context.config.get_main_option("sqlalchemy.url") or "")
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
