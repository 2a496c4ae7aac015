"""A SQLite database as a file: copied while others write in it, looked over for damage, closed for good."""

import contextlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from knowledge.whole_files import on_disk

BESIDE = ("-wal", "-shm")  # what SQLite keeps next to the file


class DatabaseBusy(Exception):
    """Another process has it open."""


def file_of(url: str) -> Path | None:
    """The file that a SQLAlchemy URL names; None for another kind of database."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def copy(source: Path, target: Path) -> None:
    """All of it as of one moment, whoever writes meanwhile; readable by its owner alone. The copy is one file, there
    whole or not at all. Raises sqlite3.Error and OSError.
    """
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(source, timeout=30)) as read, closing(sqlite3.connect(fresh)) as written:
            read.backup(written)
            written.execute("PRAGMA journal_mode=DELETE")
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def wal_on_disk(path: Path) -> None:
    """All that was committed survives a power cut. Unlike the database itself (closing it would give up this process's
    locks) the WAL may be opened beside SQLite: it is locked by its -shm. Raises OSError.
    """
    with contextlib.suppress(FileNotFoundError):  # the last who closed it wrote all of it into the file
        on_disk(Path(f"{path}-wal"))


def empty_wal(path: Path | None, *, patience_s: float = 1.0) -> bool:
    """What was deleted stands in the WAL until it is written over: all of it goes into the file, and the WAL is cut to
    nothing. False: somebody reads or writes just now, or it can't be done; the next try will do.
    """
    if path is None or not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=patience_s)) as database:
            return bool(database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    except sqlite3.Error:
        return False


def damage(path: Path) -> str | None:
    """What SQLite finds wrong with it; None for a whole one. Reads all of it: a second for some hundred megabytes."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as database:
            told = [row[0] for row in database.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        return str(error)
    return None if told == ["ok"] else "; ".join(told)


def take_alone(path: Path) -> None:
    """What waits in the WAL goes into the file, and the WAL away. Raises DatabaseBusy while anybody else has the
    database open, sqlite3.DatabaseError where it is damaged.
    """
    with closing(sqlite3.connect(path, timeout=1)) as database:
        try:
            mode = database.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
            database.execute("BEGIN EXCLUSIVE")
            database.rollback()
        except sqlite3.OperationalError as error:
            raise DatabaseBusy(str(error)) from error
    if mode != "delete":
        raise DatabaseBusy(f"journal mode stays {mode}")
