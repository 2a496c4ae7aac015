"""The database as backups see it: saved while everything runs, put back when nothing does."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from bot import sqlite_files
from bot.db import MigrationFailed, make_engine, migrate
from bot.keeping.errors import HOW_TO_STOP, BackupFailed, RestoreRefused
from knowledge.identity import identity, renew

# what people do leaves a row in one of these; what is imported at set-up doesn't
_PEOPLE = {
    "message": "created_at",
    "internal_note": "created_at",
    "case": "updated_at",
    "case_event": "at",
    "appointment": "updated_at",
    "audit_entry": "at",
    "version_event": "at",
}
_RUNNING = f"邻里还在运行。{HOW_TO_STOP}"


@dataclass(frozen=True)
class Facts:
    identity: str
    schema: str
    newest: datetime | None


def facts(engine: Engine) -> Facts:
    """Of a database of any version. Raises DBAPIError."""
    with Session(engine) as session:
        here = identity(session)
        tables = inspect(session.connection())
        known = set(tables.get_table_names())
        found: list[datetime] = []
        for table, column in _PEOPLE.items():
            if table in known and column in {c["name"] for c in tables.get_columns(table)}:
                latest = session.scalar(text(f'SELECT max("{column}") FROM "{table}"'))
                if latest is not None:
                    found.append(_utc(latest))
    return Facts(here.database, here.schema, max(found, default=None))


def _utc(value: datetime | str) -> datetime:
    """SQLite has it as text and without its zone."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


class Store(Protocol):
    kind: str
    file: str  # its name in a backup

    def save(self, folder: Path) -> Facts:
        """A copy as of one moment, and what it holds. Raises BackupFailed."""

    def held(self) -> Facts | None:
        """What is there now; None for an empty one. Raises DBAPIError where it is damaged."""

    def refuse_in_use(self) -> None:
        """Raises RestoreRefused."""

    def make_ready(self, folder: Path) -> None:
        """The saved one in the folder is migrated and given a new name, as far as that can be done before anything is
        changed. Raises RestoreRefused.
        """

    def put_back(self, folder: Path, *, aside: str) -> Path | None:
        """What was made ready, in the place of what is there, which lies beside it afterwards: where, or None for
        nothing. Cut short anywhere, one of the two is there. Raises KeepingError.
        """


def store_of(url: str, home: Path) -> Store:
    file = sqlite_files.file_of(url)
    return SqliteStore(file) if file is not None else PostgresStore(url, home)


class SqliteStore:
    kind, file = "sqlite", "linli.sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, folder: Path) -> Facts:
        if not self._path.exists():
            raise BackupFailed(f"还没有数据库：{self._path}。请先运行 linli setup。")
        copied = folder / self.file
        try:
            sqlite_files.copy(self._path, copied)
        except sqlite3.Error as error:
            raise BackupFailed(_said(error)) from error
        if wrong := sqlite_files.damage(copied):
            raise BackupFailed(f"数据库已经坏了（{wrong}），没有备份。请用 linli restore 恢复最近一份好的备份。")
        return _of_file(copied)

    def held(self) -> Facts | None:
        return _of_file(self._path) if self._path.exists() else None

    def refuse_in_use(self) -> None:
        if self._path.exists():
            try:
                sqlite_files.take_alone(self._path)
            except sqlite_files.DatabaseBusy as error:
                raise RestoreRefused(_RUNNING) from error
            except sqlite3.DatabaseError:
                return  # damaged: nobody works with it

    def make_ready(self, folder: Path) -> None:
        fresh = folder / self.file
        try:
            migrate(f"sqlite:///{fresh}")
            _rename(f"sqlite:///{fresh}")
            sqlite_files.take_alone(fresh)
        except (MigrationFailed, DBAPIError, sqlite3.Error) as error:
            raise RestoreRefused(f"{_said(error)}现在的资料一点没动。") from error

    def put_back(self, folder: Path, *, aside: str) -> Path | None:
        fresh, kept = folder / self.file, None
        if self._path.exists():
            kept = self._path.with_name(f"{self._path.name}.{aside}")
            os.link(self._path, kept)
            kept.chmod(0o600)
        for suffix in sqlite_files.BESIDE:  # a damaged one's, which would be read into the new one
            beside = Path(f"{self._path}{suffix}")
            if beside.exists():
                beside.rename(f"{kept or self._path}{suffix}" if kept else f"{beside}.{aside}")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh.replace(self._path)
        return kept


def _said(error: Exception) -> str:
    if isinstance(error, MigrationFailed):
        return str(error)
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    if "disk is full" in reason or "disk I/O" in reason:
        return "磁盘满了，或者硬盘坏了。请腾出空间再试。"
    return f"数据库读写出错：{reason}。请运行 linli doctor。"


def _of_file(path: Path) -> Facts:
    engine = make_engine(f"sqlite:///{path}")
    try:
        return facts(engine)
    finally:
        engine.dispose()
        with contextlib.suppress(sqlite_files.DatabaseBusy, sqlite3.DatabaseError):
            sqlite_files.take_alone(path)


def _rename(url: str) -> None:
    engine = make_engine(url)
    with Session(engine) as session:
        renew(session)
        session.commit()
    engine.dispose()


class PostgresStore:
    kind, file = "postgresql", "linli.dump"

    def __init__(self, url: str, home: Path) -> None:
        self._url, self._home = url, home

    def save(self, folder: Path) -> Facts:
        engine = make_engine(self._url)
        try:
            told = facts(engine)
        except SQLAlchemyError as error:
            raise BackupFailed(f"连不上数据库：{type(error).__name__}。") from error
        finally:
            engine.dispose()
        self._dump(folder / self.file)
        return told

    def _dump(self, target: Path) -> None:
        self._run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        target.chmod(0o600)

    def held(self) -> Facts | None:
        engine = make_engine(self._url)
        try:
            told = facts(engine)
        finally:
            engine.dispose()
        return told if told.schema else None

    def refuse_in_use(self) -> None:
        engine = make_engine(self._url)
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        with engine.connect() as connection:
            count = connection.scalar(text(others))
        engine.dispose()
        if count:
            raise RestoreRefused(_RUNNING)

    def make_ready(self, folder: Path) -> None:
        """The backup is read through; what migrates it comes after it has been put in."""
        self._run("pg_restore", "--list", str(folder / self.file), to=False)

    def put_back(self, folder: Path, *, aside: str) -> Path | None:
        """All in one transaction: tables of a later version go, those of the backup come."""
        kept = None
        if self.held() is not None:
            kept = self._home / f"linli.dump.{aside}"
            self._dump(kept)
        script = folder / "linli.sql"
        self._run("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(folder / self.file), to=False)
        begin = folder / "begin.sql"
        begin.write_text("DROP SCHEMA public CASCADE; CREATE SCHEMA public;")
        told = ("--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", "--no-psqlrc")
        self._run("psql", *told, f"--file={begin}", f"--file={script}")
        migrate(self._url)
        _rename(self._url)
        return kept

    def _run(self, tool: str, *arguments: str, to: bool = True) -> None:
        """`to`: with the database; its password stands in the environment, not in the list of processes."""
        path = shutil.which(tool)
        if path is None:
            raise BackupFailed(f"找不到 {tool}。请安装 PostgreSQL 的客户端（Debian：apt install postgresql-client）。")
        url = make_url(self._url)
        plain = url.set(drivername="postgresql", password=None).render_as_string()
        environ = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
        command = [path, *arguments, *([f"--dbname={plain}"] if to else [])]
        done = subprocess.run(command, capture_output=True, text=True, env=environ, stdin=subprocess.DEVNULL)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["没有说原因"])[-1]
            raise BackupFailed(f"{tool} 没有做成：{reason}")


def newest_here(store: Store) -> tuple[bool, datetime | None]:
    """Whether what is there can be read, and when people last did something in it."""
    try:
        told = store.held()
    except (DBAPIError, sqlite3.Error):
        return False, None
    return True, told.newest if told else None
