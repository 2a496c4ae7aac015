"""Engine and sessions; SQLite in WAL mode by default, PostgreSQL by URL."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from bot import sqlite_files
from bot.settings import ROOT
from bot.writing.turn import WritersTurn

_KEPT_COPIES = 2  # of the database as it was before an upgrade


class MigrationFailed(Exception):
    """One sentence that says what to do; the database is as its last whole migration left it."""


_POOL_S = 2.0  # then 503, instead of threads that all wait for each other
_NOTICED_S = 0.1  # of waiting for one's turn; less is the ordinary traffic


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
        # secure_delete: what is deleted is overwritten, or it would lie in the file until its page is used again
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON", busy):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "savepoint")
    def _begin_before(connection: Connection, _name: str | None) -> None:
        # The driver begins a transaction with the first write. A savepoint before it would be the transaction itself
        # and its release a commit: a kill behind it left the half of a deed, and no rollback took it back.
        driver: Any = connection.connection.dbapi_connection
        if not driver.in_transaction:
            driver.execute("BEGIN")

    _take_turns(engine, patience_s)
    return engine


def _take_turns(engine: Engine, patience_s: float) -> None:
    """One writer of this process at a time. Patience is for the whole, the queue here and SQLite's own waiting: each
    had its own, and what was said while another process wrote was refused after twice as long.
    """
    turn = WritersTurn(patience_s)

    @event.listens_for(engine, "before_cursor_execute")
    def _begins(
        connection: Connection, _cursor: object, statement: str, _parameters: object, context: Any, _many: bool
    ) -> None:
        if not (context.isinsert or context.isupdate or context.isdelete) or connection.info.get("writes"):
            return
        waited_s = turn.take()
        if waited_s is None:  # as SQLite would have said it
            raise OperationalError(statement, None, sqlite3.OperationalError("database is locked"))
        connection.info["writes"] = True
        if waited_s > _NOTICED_S:
            connection.info["hurries"] = True
            _wait_at_most(connection.connection.dbapi_connection, patience_s - waited_s)

    @event.listens_for(engine, "checkin")  # a session's transaction is over
    def _ends(connection: Any, record: Any) -> None:
        if record.info.pop("writes", False):
            turn.give()
        if record.info.pop("hurries", False) and connection is not None:
            _wait_at_most(connection, patience_s)


def _wait_at_most(driver: Any, seconds: float) -> None:
    driver.execute(f"PRAGMA busy_timeout={max(1, int(1000 * seconds))}")


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False)


def migrate(url: str) -> None:
    """To the tables of this code. Killed in the middle, the next run goes on with the migration that was cut short:
    each is one transaction. A SQLite database that holds something is copied beside itself first. Raises
    MigrationFailed.
    """
    config = Config()
    config.set_main_option("script_location", str(ROOT / "bot" / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    file = sqlite_files.file_of(url)
    with _one_at_a_time(file) as under_way:
        try:
            head = ScriptDirectory.from_config(config).get_current_head()
            found = revision_of(file) if file is not None and file.exists() else None
            if found is not None and found == head:
                return
            if file is not None and found is not None and not under_way.read_text():
                _copy_before_upgrade(file, found)
                under_way.write_text(found)
            command.upgrade(config, "head")
            under_way.write_text("")
        except CommandError as error:
            raise MigrationFailed(
                f"数据库是更新版本的邻里用过的，这个版本读不了。请换回新版本，或者恢复以前的备份。（{error}）"
            ) from error
        except (sqlite3.Error, DBAPIError, OSError) as error:
            raise MigrationFailed(_unfinished(error, url)) from error


def _unfinished(error: Exception, url: str) -> str:
    if "disk is full" in str(error) or getattr(error, "errno", None) == 28:
        return "磁盘满了，数据库升级没有做完，资料都还在。请腾出空间，再运行同一条命令，会接着做。"
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    name = make_url(url).render_as_string()  # the password stays out
    return f"数据库 {name} 升级没有做完：{reason}。请先运行 linli doctor；数据库坏了就用 linli restore 恢复备份。"


@contextlib.contextmanager
def _one_at_a_time(file: Path | None) -> Iterator[Path]:
    """`linli serve` and a command beside it would both find the old tables; a server's database locks for itself
    (bot/migrations/env.py). The file that is locked tells from where an upgrade began that hasn't ended.
    """
    if file is None:
        yield Path(os.devnull)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    under_way = file.with_name(f".{file.name}.upgrading")
    with under_way.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield under_way


def revision_of(file: Path) -> str | None:
    """The last migration of a SQLite database; None where nothing was ever in it. Raises sqlite3.DatabaseError."""
    with closing(sqlite3.connect(file, timeout=30)) as database:
        try:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return None
            raise
    return str(row[0]) if row else None


def _copy_before_upgrade(file: Path, found: str) -> None:
    """`linli.sqlite` at 0011 becomes `linli.sqlite.before-0011` too: what to go back to when the new version fails."""
    copied = file.with_name(f"{file.name}.before-{found}")
    if not copied.exists():
        sqlite_files.copy(file, copied)
    for old in sorted(file.parent.glob(f"{file.name}.before-*"), key=lambda f: f.stat().st_mtime)[:-_KEPT_COPIES]:
        old.unlink()
