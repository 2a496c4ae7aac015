"""Kills a server that is known by its address alone, and starts it anew as it was, some seconds later."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

_UP_WITHIN_S = 60


def redis(address: str, *, away_s: float) -> None:
    """It comes back with nothing in it."""
    with contextlib.closing(Redis.from_url(address)) as client:
        told = client.info("server")
        port, process, program = told["tcp_port"], told["process_id"], told["executable"]
        os.kill(process, signal.SIGKILL)
        time.sleep(away_s)
        alone = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "yes"]
        subprocess.run([program, *alone], check=True, stdout=subprocess.DEVNULL)
        until = time.monotonic() + _UP_WITHIN_S
        while time.monotonic() < until:
            with contextlib.suppress(RedisError):
                client.ping()
                return
            time.sleep(0.05)
    raise RuntimeError("Redis isn't back")


def postgres(address: str, *, away_s: float) -> None:
    """The postmaster and all that it started, at once; what was committed is there again when it comes back."""
    engine = create_engine(address)
    with engine.connect() as connection:
        data = Path(str(connection.scalar(text("SHOW data_directory"))))
        binaries = Path(f"/proc/{connection.scalar(text('SELECT pg_backend_pid()'))}/exe").resolve().parent
    engine.dispose()
    postmaster = int(data.joinpath("postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGSTOP)  # or it would end its children in peace
    of_it = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True, check=True).stdout.split()
    for process in (*map(int, of_it), postmaster):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    time.sleep(away_s)
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    again = [*as_postgres, str(binaries / "pg_ctl"), "-D", str(data), "-l", str(data.parent / "log"), "-w", "restart"]
    subprocess.run(again, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + _UP_WITHIN_S
    while time.monotonic() < until:
        engine = create_engine(address)
        with contextlib.suppress(SQLAlchemyError), engine.connect() as connection:
            connection.scalar(text("SELECT 1"))
            engine.dispose()
            return
        time.sleep(0.2)
    raise RuntimeError("PostgreSQL isn't back")
