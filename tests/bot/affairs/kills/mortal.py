"""Deeds of village affairs cut short by a real SIGKILL, and looked at afterwards.

A deed runs in a process of its own on a copy of the same database. Its points are every write and both sides of every
commit. It is killed at one of them, then done again twice, and the whole database must read as after one undisturbed
run: nothing lost, nothing doubled, nobody told twice. Only tests load it.
"""

import os
import re
import shutil
import signal
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Engine, Integer, event, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from actions.errors import ActionError
from actions.roster import codes
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from knowledge.tables import Base
from tests import killer
from tests.conftest import PROFILE
from tests.databases import Databases

killer.preload(__name__)

WRITE, BEFORE, AFTER = "w", "b", "a"  # before a write, before a commit, after a commit
_MOST = 8  # points of one walk, where not all are walked
_WRITES = ("INSERT", "UPDATE", "DELETE")
_NUMBER = re.compile(r"\d+")
# Drawn by chance, or the machine's own time.
_BY_CHANCE = {"ballot.receipt", "voucher.code_hash", "appointment.code", "staff_session.seen_at"}
_JUST_NOW = timedelta(minutes=30)


@dataclass(frozen=True)
class Stage:
    """A village of its own: its database, and its home, in which the keys of topics lie."""

    sessions: sessionmaker[Session]
    home: Path

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home)


Deed = Callable[[Stage], None]
Check = Callable[[Session], None]


class _Points:
    """Counts what is passed, and ends the process at the one it was given."""

    def __init__(self, last: int | None, log: Path) -> None:
        self._last, self._count, self._log = last, 0, log

    def watch(self, engine: Engine) -> None:
        stock = engine.dialect.do_commit

        def do_commit(connection: Any) -> None:
            self.passed(BEFORE)
            stock(connection)
            self.passed(AFTER)

        engine.dialect.do_commit = do_commit  # type: ignore[method-assign,assignment]

        @event.listens_for(engine, "before_cursor_execute")
        def _statement(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.lstrip()[:6].upper() in _WRITES:
                self.passed(WRITE)

    def passed(self, kind: str) -> None:
        self._count += 1
        with self._log.open("a") as file:
            file.write(kind)
        if self._count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def _child(url: str, home: Path, deed: Deed, last: int | None, log: Path) -> None:
    codes.use_pepper(lambda: "the pepper of tests")
    engine = make_engine(url)
    _Points(last, log).watch(engine)
    deed(Stage(make_sessions(engine), home))


def run(stage: Stage, deed: Deed, last: int | None = None) -> str:
    """The points that were passed; it ends with the `last`, where the deed had so many."""
    url = stage.sessions.kw["bind"].url.render_as_string(hide_password=False)
    log = stage.home.with_name(uuid.uuid4().hex)
    process = killer.FORKS.Process(target=_child, args=(url, stage.home, deed, last, log))
    process.start()
    process.join()
    passed = log.read_text() if log.exists() else ""
    is_killed = last is not None and len(passed) == last
    assert process.exitcode == (-signal.SIGKILL if is_killed else 0), (deed, process.exitcode, passed)
    return passed


def walk(
    databases: Databases,
    folder: Path,
    fill: Callable[[Stage, Session], None],
    deed: Deed,
    check: Check,
    *,
    again: Deed | None = None,
    at_once: Check | None = None,
    but: Sequence[str] = (),
) -> int:
    """How many points the deed was killed at.

    `again`: what is done after the kill, where it isn't the same, and after the undisturbed run. `at_once` must hold in
    the moment of the death, too. `but`: tables, and columns as table.column, that may differ.
    """
    again, template, made = again or deed, folder / "template", _Made(fill)
    template.mkdir()

    def furnish(session: Session) -> None:
        made.fill(Stage(sessionmaker(session.get_bind()), template), session)

    @contextmanager
    def stage() -> Iterator[Stage]:
        home = folder / uuid.uuid4().hex
        with databases.opened(furnish) as sessions:
            shutil.copytree(template, home)
            yield Stage(sessions, home)

    with stage() as whole:
        passed = run(whole, deed)
        assert passed.count(AFTER) >= 1, "nothing was committed"
        expected = picture(whole.sessions, but)
        _do_again(whole, again)
        _look(whole, check, "done again without a kill")
        after = picture(whole.sessions, but)
        if again is deed:
            _same(expected, after, "done again without a kill")
        expected = after
    chosen = sample(passed)
    for last in chosen:
        where = f"killed at {last} of {passed}, {_SAID[passed[last - 1]]}"
        with stage() as cut:
            assert run(cut, deed, last) == passed[:last], where
            if at_once is not None:
                _look(cut, at_once, f"{where}, at once")
            _do_again(cut, again)
            _look(cut, check, where)
            _same(expected, picture(cut.sessions, but), where)
    return len(chosen)


_SAID = {WRITE: "before a write", BEFORE: "before a commit", AFTER: "after a commit"}


class _Made:
    def __init__(self, fill: Callable[[Stage, Session], None]) -> None:
        self.fill = fill


def sample(passed: str, profile: str = PROFILE) -> list[int]:
    """All points of a night's run, else some: commits first, for between two of them a deed is half done."""
    every = range(1, len(passed) + 1)
    if profile == "night":
        return list(every)
    commits = [n for n in every if passed[n - 1] != WRITE]
    writes = [n for n in every if passed[n - 1] == WRITE]
    kept = _spread(commits, _MOST - min(2, len(writes)))
    return sorted([*kept, *_spread(writes, _MOST - len(kept))])


def _spread(points: list[int], most: int) -> list[int]:
    """The first, the last and what lies between at equal distances."""
    if len(points) <= most:
        return points
    if most == 1:
        return points[:1]
    return [points[round(n * (len(points) - 1) / (most - 1))] for n in range(most)]


def _do_again(stage: Stage, again: Deed) -> None:
    """Twice, by somebody who knows nothing of the first try. What is refused in words is no fault."""
    with stage.sessions() as session:
        _ids_without_gaps(session)
    for _ in range(2):
        with suppress(ActionError):
            again(stage)


def _look(stage: Stage, check: Check, where: str) -> None:
    with stage.sessions() as session:
        try:
            check(session)
        except AssertionError as error:
            raise AssertionError(f"{where}: {error}") from error


def _same(expected: Counter[str], found: Counter[str], where: str) -> None:
    lost, more = sorted((expected - found).elements()), sorted((found - expected).elements())
    assert (lost, more) == ([], []), f"{where}: lost {lost}, too much {more}"


def picture(sessions: sessionmaker[Session], but: Sequence[str] = ()) -> Counter[str]:
    """Every row of every table in words, without numbers of rows, what chance drew and the machine's own time."""
    found: Counter[str] = Counter()
    with sessions() as session:
        for table in Base.metadata.sorted_tables:
            if table.name in but:
                continue
            kept = [
                c for c in table.columns if not _is_number(c) and f"{table.name}.{c.name}" not in {*_BY_CHANCE, *but}
            ]
            for row in session.execute(select(*kept) if kept else select(func.count()).select_from(table)):
                words = {c.name: _said(c.name, value) for c, value in zip(kept, row, strict=False)}
                found[f"{table.name} {words if kept else row}"] += 1
    return found


def _is_number(column: Column[Any]) -> bool:
    return isinstance(column.type, Integer) and (column.primary_key or bool(column.foreign_keys))


def _said(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return "now" if abs(value - datetime.now(UTC)) < _JUST_NOW else value.isoformat()
    if name == "key" or name.endswith("_key") or name == "client_id":
        return _NUMBER.sub("#", str(value))
    if name == "claimed_by":
        return "a process" if value else value
    return value


def _ids_without_gaps(session: Session) -> None:
    """PostgreSQL's counters go on over what was rolled back, so that the next row would have another number."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        for column in table.primary_key.columns:
            if isinstance(column.type, Integer) and not column.foreign_keys and len(table.primary_key.columns) == 1:
                counter = session.scalar(
                    text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": f'"{table.name}"', "c": column.name}
                )
                if counter:
                    last = session.scalar(select(func.max(column)))
                    session.execute(
                        text("SELECT setval(:s, :n, :called)"), {"s": counter, "n": last or 1, "called": bool(last)}
                    )
    session.commit()
