"""Of several processes one does a job; the next one takes over when it dies. On PostgreSQL and on files."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select, text
from sqlalchemy.orm import Session, sessionmaker

from bot.alarms import rows
from bot.conversations import queue, service
from bot.conversations.models import Alarm
from bot.db import make_engine, make_sessions
from bot.run import worker
from bot.settings import Settings
from bot.writing.once import Once
from tests.databases import Databases
from tests.killer import FORKS, preload

preload("bot.run.worker")
preload(__name__)


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    with databases.opened() as sessions:
        yield sessions.kw["bind"].url.render_as_string(hide_password=False)


def work_until_told(url: str, home: Path, pipe: Connection) -> None:
    """A worker's lease in a process of its own: says whether it has it, and keeps it until it is killed."""
    once = Once(make_engine(url), home / "locks")
    pipe.send(once.keep("children"))
    pipe.recv()


def test_a_job_is_ours_alone_until_the_block_ends(url: str, tmp_path: Path) -> None:
    one, other = Once(make_engine(url), tmp_path), Once(make_engine(url), tmp_path)
    with one.held("round") as is_ours, other.held("round") as is_theirs, other.held("sweep") as is_another:
        assert (is_ours, is_theirs, is_another) == (True, False, True)
    with other.held("round") as is_theirs:
        assert is_theirs


def test_a_job_is_given_up_where_it_failed(url: str, tmp_path: Path) -> None:
    one, other = Once(make_engine(url), tmp_path), Once(make_engine(url), tmp_path)
    with pytest.raises(ZeroDivisionError), one.held("round"):
        _ = 1 / 0
    with other.held("round") as is_theirs:
        assert is_theirs


def test_the_job_of_a_killed_worker_goes_to_the_next(url: str, tmp_path: Path) -> None:
    ours, theirs = FORKS.Pipe()
    child = FORKS.Process(target=work_until_told, args=(url, tmp_path, theirs))
    child.start()
    try:
        assert ours.recv() is True
        next_one = Once(make_engine(url), tmp_path / "locks")
        assert not next_one.keep("children")
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        deadline = time.monotonic() + 20  # the server sees that its client is gone
        while not next_one.keep("children") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert next_one.keep("children")
        next_one.close()
    finally:
        child.kill()


def test_a_database_started_anew_gives_the_job_to_whoever_asks_first(url: str, tmp_path: Path) -> None:
    if make_url(url).get_backend_name() != "postgresql":
        pytest.skip("a file's lock ends with its process")
    one, other = Once(make_engine(url), tmp_path), Once(make_engine(url), tmp_path)
    assert one.keep("children")
    with make_engine(url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        )
    assert other.keep("children")
    assert not one.keep("children")


def waiting(session: Session) -> None:
    """A resident who has waited for an hour, at an hour at which everybody works."""
    conversation = service.start(session, channel="widget", place=None)
    queue.request(session, conversation, reason="asked", now=datetime.now(UTC) - timedelta(hours=1), is_manned=True)
    session.commit()


def raise_at(url: str, at: float) -> None:
    queue.is_open = lambda *_: time.sleep(0.5) or True  # type: ignore[assignment, func-returns-value]
    with make_sessions(make_engine(url))() as session:
        session.execute(select(1))
        session.rollback()
        time.sleep(max(0.0, at - time.time()))
        rows.raise_for_waiting(session, after=timedelta(minutes=5), now=datetime.now(UTC))


def test_of_several_apps_one_raises_the_alarm_for_those_who_wait(url: str) -> None:
    if make_url(url).get_backend_name() != "postgresql":
        pytest.skip("one machine, one app")
    sessions = make_sessions(make_engine(url))
    with sessions() as session:
        waiting(session)
    children = [FORKS.Process(target=raise_at, args=(url, time.time() + 2.0)) for _ in range(6)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Alarm)) == 1


def run_worker(url: str, home: Path, log: Path) -> None:
    """The real worker; each job writes its name and time instead of doing what takes minutes."""
    os.environ["LINLI_HOME"], os.environ["LINLI_DATABASE_URL"] = str(home), url

    def noted(job: str) -> None:
        with log.open("a") as file:
            file.write(f"{job} {os.getpid()} begins\n")
        time.sleep(0.3)
        with log.open("a") as file:
            file.write(f"{job} {os.getpid()} ends\n")

    worker._ROUND_S, worker._SWEEP_S = 1, 1  # type: ignore[assignment]
    worker.work = lambda *_, **__: noted("round")  # type: ignore[assignment]
    worker.sweep_remains = lambda *_, **__: noted("sweep")  # type: ignore[assignment]
    worker.Rebuild.poll = lambda _: noted("build")  # type: ignore[assignment, method-assign]
    worker.Publications.step = lambda _: noted("publish")  # type: ignore[assignment, method-assign, return-value]
    worker.run(Settings())


def test_two_workers_never_do_the_same_job_at_once(url: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    children = [FORKS.Process(target=run_worker, args=(url, tmp_path, log)) for _ in range(2)]
    for child in children:
        child.start()
    time.sleep(12)
    assert children[0].pid
    os.kill(children[0].pid, signal.SIGKILL)
    killed, before = children[0].pid, len(log.read_text().splitlines())
    time.sleep(5)
    assert children[1].pid
    os.kill(children[1].pid, signal.SIGTERM)
    children[1].join(30)
    assert children[1].exitcode == 0
    lines = [line.split() for line in log.read_text().splitlines()]
    at_it: dict[str, str] = {}
    for number, (job, who, what) in enumerate(lines):
        if what == "begins":
            assert at_it.get(job) in (None, str(killed) if number >= before else None), (job, number, lines)
            at_it[job] = who
        else:
            assert at_it.pop(job, None) == who
    assert {job for job, *_ in lines} == {"round", "sweep", "build", "publish"}
    assert {job for job, who, _ in lines[before:] if who == str(children[1].pid)} >= {"round", "build"}


def test_a_lock_takes_no_transaction(url: str, tmp_path: Path, sessions: sessionmaker[Session]) -> None:
    """One that lasts as long as its process would keep PostgreSQL from clearing up."""
    if make_url(url).get_backend_name() != "postgresql":
        pytest.skip("a file's lock is no connection")
    once = Once(make_engine(url), tmp_path)
    assert once.keep("children")
    with make_engine(url).connect() as connection:
        idle = connection.scalar(
            text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'")
        )
    assert idle == 0
