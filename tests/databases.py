"""Databases for tests: migrated and furnished once a process, then copied for each test."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, close_all_sessions, sessionmaker

from bot.db import make_engine, make_sessions, migrate


class Server(Protocol):
    """Where databases are made. All are named by their URL."""

    def create(self) -> str:
        """An empty one."""
        ...

    def copy(self, url: str) -> str:
        """Another with the same content; nobody may be connected to the first."""
        ...

    def drop(self, url: str) -> None: ...


class SqliteFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self) -> str:
        return f"sqlite:///{self._folder / uuid.uuid4().hex}.sqlite"

    def copy(self, url: str) -> str:
        copied = self.create()
        shutil.copyfile(_file(url), _file(copied))
        return copied

    def drop(self, url: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{_file(url)}{suffix}").unlink(missing_ok=True)


class PostgresServer:
    def __init__(self, url: str) -> None:
        """`url`: of any database on it whose user may create others."""
        self._url = url

    def create(self, *, template: str = "template1") -> str:
        name = f"linli_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._url.rsplit("/", 1)[0] + f"/{name}"

    def copy(self, url: str) -> str:
        return self.create(template=_name(url))

    def drop(self, url: str) -> None:
        self._run(f"DROP DATABASE {_name(url)} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _name(url: str) -> str:
    return url.rsplit("/", 1)[1]


Fill = Callable[[Session], None]


class Databases:
    """Copies of templates; each template is made when it is first asked for."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._templates: dict[tuple[Fill, ...], str] = {}

    @contextmanager
    def opened(self, *fills: Fill) -> Iterator[sessionmaker[Session]]:
        """A migrated database of one's own, filled by these functions in this order."""
        url = self._server.copy(self._template(fills))
        engine = make_engine(url)
        try:
            yield make_sessions(engine)
        finally:
            # A connection that the garbage collector rolls back, whenever it comes by, disturbs another test.
            close_all_sessions()
            engine.dispose()
            self._server.drop(url)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The address of one without tables."""
        url = self._server.create()
        try:
            yield url
        finally:
            self._server.drop(url)

    def drop_templates(self) -> None:
        for url in self._templates.values():
            self._server.drop(url)

    def _template(self, fills: tuple[Fill, ...]) -> str:
        if fills not in self._templates:
            self._templates[fills] = self._made(fills)
        return self._templates[fills]

    def _made(self, fills: tuple[Fill, ...]) -> str:
        if not fills:
            url = self._server.create()
            migrate(url)
            return url
        url = self._server.copy(self._template(fills[:-1]))
        engine = make_engine(url)
        with make_sessions(engine)() as session:
            fills[-1](session)
            session.commit()
        engine.dispose()
        return url
