"""A throw-away Redis: Debian's `redis-server`, on a free port of the loopback, with nothing on the disk."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import RedisError

from tests.ports import free_port

_UP_WITHIN_S = 30


def _program() -> str:
    if not shutil.which("redis-server"):
        print("安装 Redis……", file=sys.stderr)
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "redis-server"],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    return shutil.which("redis-server") or "/usr/bin/redis-server"


class Server:
    """Can be killed and started again on the same port, with nothing in it."""

    def __init__(self) -> None:
        self._port = free_port()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        alone = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._child = subprocess.Popen([_program(), *alone], stdout=subprocess.DEVNULL)
        until, client = time.monotonic() + _UP_WITHIN_S, Redis.from_url(self.address)
        while time.monotonic() < until:
            with contextlib.suppress(RedisError):
                client.ping()
                client.close()
                return
            time.sleep(0.05)
        raise RuntimeError("Redis isn't up")

    def kill(self) -> None:
        if self._child is not None:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait()
            self._child = None


@contextmanager
def running() -> Iterator[Server]:
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def server() -> Iterator[str]:
    """The address of a fresh one that is gone afterwards."""
    with running() as started:
        yield started.address
