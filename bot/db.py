"""Engine and sessions; SQLite in WAL mode by default, PostgreSQL by URL."""

import threading
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

from bot.settings import ROOT

_POOL_S = 2.0  # then 503, instead of threads that all wait for each other


def make_engine(url: str, *, patience_s: float = 30) -> Engine:
    """`patience_s`: how long a writer waits for another one; a connection is waited for two seconds."""
    if not url.startswith("sqlite"):
        # residents' words stay out of logged errors
        return create_engine(url, pool_pre_ping=True, pool_size=50, hide_parameters=True, pool_timeout=_POOL_S)
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    # As many connections as threads that may ask for one: 40 of the pool for requests, and the loops' own.
    engine = create_engine(
        url,
        connect_args={"timeout": patience_s, "check_same_thread": False},
        hide_parameters=True,
        pool_size=50,
        pool_timeout=_POOL_S,
    )

    busy = f"busy_timeout={int(1000 * patience_s)}"

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", busy):
            connection.execute(f"PRAGMA {pragma}")

    _take_turns(engine, patience_s)
    return engine


def _take_turns(engine: Engine, patience_s: float) -> None:
    """The writers of this process queue before SQLite has to: its own waiting is sleep and try again, which starved the
    event loop for seconds while another thread wrote one message after the other. Other processes still meet its
    busy timeout.
    """
    turn = threading.Lock()

    @event.listens_for(engine, "before_cursor_execute")
    def _begins(
        connection: Any, _cursor: object, _statement: str, _parameters: object, context: Any, _many: bool
    ) -> None:
        if (context.isinsert or context.isupdate or context.isdelete) and not connection.info.get("writes"):
            # not had: SQLite says that the database is locked, as it would have
            connection.info["writes"] = turn.acquire(timeout=patience_s)

    @event.listens_for(engine, "checkin")  # a session's transaction is over
    def _ends(_connection: object, record: Any) -> None:
        if record.info.pop("writes", False):
            turn.release()


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False)


def migrate(url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "bot" / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")
