"""A Redis of one test, which it kills and starts again. Beside tests/scale/redis.py, whose Python is another."""

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

from redis import Redis
from redis.exceptions import RedisError


class Server:
    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        alone = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._child = subprocess.Popen(["redis-server", *alone], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(RedisError):
                with Redis.from_url(self.url) as client:
                    client.ping()
                return
            time.sleep(0.05)
        raise RuntimeError("Redis isn't up")

    def kill(self) -> None:
        if self._child is not None:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait()
            self._child = None


@contextlib.contextmanager
def running() -> Iterator[Server]:
    server = Server()
    server.start()
    try:
        yield server
    finally:
        server.kill()
