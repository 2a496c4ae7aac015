"""A job that one process does at a time, however many were started for it, on however many machines."""

import contextlib
import fcntl
import zlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

_OURS = 0x6C696E6C  # of all advisory locks of that database; the second number is the job's


class Once:
    """On PostgreSQL by advisory locks of a session: the server gives them up when their process dies or its machine
    goes. On SQLite, which means one machine, by locked files in `folder`, which the kernel gives up.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine, self._folder = engine, folder
        self._is_shared = engine.dialect.name == "postgresql"
        self._kept: dict[str, tuple[contextlib.ExitStack, Connection | None]] = {}

    @contextlib.contextmanager
    def held(self, job: str) -> Iterator[bool]:
        """Whether the job is ours until the block ends; False: somebody else is at it. Raises SQLAlchemyError."""
        with self._in_database(job) if self._is_shared else self._in_a_file(job) as given:
            yield given is not None

    def keep(self, job: str) -> bool:
        """Whether the job is ours from now on, until `close` or the end of this process. To be asked again before each
        piece of work: a database that was started anew has given it up. Raises SQLAlchemyError.
        """
        if job in self._kept and not self._is_alive(job):
            with contextlib.suppress(SQLAlchemyError):
                self._kept.pop(job)[0].close()
        if job in self._kept:
            return True
        stack = contextlib.ExitStack()
        given = stack.enter_context(self._in_database(job) if self._is_shared else self._in_a_file(job))
        if given is None:
            stack.close()
            return False
        self._kept[job] = stack, given if isinstance(given, Connection) else None
        return True

    def close(self) -> None:
        for stack, _ in self._kept.values():
            with contextlib.suppress(SQLAlchemyError):
                stack.close()
        self._kept.clear()

    def _is_alive(self, job: str) -> bool:
        connection = self._kept[job][1]
        if connection is None:
            return True
        try:
            connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    @contextlib.contextmanager
    def _in_database(self, job: str) -> Iterator[Connection | None]:
        number = zlib.crc32(job.encode()) - 2**31  # PostgreSQL's integer has a sign
        which = {"ours": _OURS, "job": number}
        # No transaction: an hour of one would keep the database from clearing up.
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.scalar(text("SELECT pg_try_advisory_lock(:ours, :job)"), which):
                yield None
                return
            try:
                yield connection
            finally:
                try:
                    connection.execute(text("SELECT pg_advisory_unlock(:ours, :job)"), which)
                except SQLAlchemyError:
                    connection.invalidate()  # back in the pool it might hold the lock for good

    @contextlib.contextmanager
    def _in_a_file(self, job: str) -> Iterator[Path | None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{job}.lock"
        with path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield None
                return
            yield path
