"""A throw-away Milvus, from the package of PyPI that holds a real server: 57 MB, up in seconds."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.run import setup
from tests.conftest import free_port

_PORTS = ("etcd", "root-coord", "proxy", "proxy-internal", "query-coord", "query-node")
_PORTS += ("index-coord", "index-node", "data-coord", "data-node")
_UP_WITHIN_S = 120


class Server:
    """Can be killed and started again on the same port with the same data."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._ports = folder, {name: free_port() for name in _PORTS}
        self._program = setup.milvus_server(Path(__file__).parent)
        self._child: subprocess.Popen[bytes] | None = None
        self._seen = 0  # starts that were told of

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._ports['proxy']}"

    def start(self) -> None:
        ports = [word for name, port in self._ports.items() for word in (f"--{name}-port", str(port))]
        with (self._folder / "out.log").open("ab") as out:
            # A group of its own: the program starts the server as a child, which must go with it.
            self._child = subprocess.Popen(
                [self._program, "--data", self._folder / "data", *ports],
                stdout=out,
                stderr=out,
                cwd=self._folder,
                start_new_session=True,
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + _UP_WITHIN_S
        log = self._folder / "out.log"
        while time.monotonic() < until:
            if self._child is None or self._child.poll() is not None:
                raise RuntimeError(f"Milvus ended: {log.read_text(errors='replace')[-2000:]}")
            # It is the last line that the program prints, once the server answers.
            if log.read_text(errors="replace").count("Ctrl+C") > self._seen:
                self._seen += 1
                return
            time.sleep(0.2)
        raise RuntimeError(f"Milvus isn't up: {log.read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
            self._child = None


@contextmanager
def running() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="linli-milvus-"))
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server() -> Iterator[str]:
    """The address of a fresh one that is gone afterwards."""
    with running() as started:
        yield started.address
