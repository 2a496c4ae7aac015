"""A throw-away Milvus, from the package of PyPI that holds a real server: 57 MB, up in seconds."""

import contextlib
import importlib
import json
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.run import setup
from tests.ports import free_port

_PORTS = ("etcd", "root-coord", "proxy", "proxy-internal", "query-coord", "query-node")
_PORTS += ("index-coord", "index-node", "data-coord", "data-node")
_UP_WITHIN_S = 120


class Server:
    """Can be killed and started again on the same port with the same data."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._ports = folder, {name: free_port() for name in _PORTS}
        self._etcd_ports = free_port(), free_port()
        self._program = setup.milvus_server(Path(__file__).parent)
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._ports['proxy']}"

    def start(self) -> None:
        data = self._folder / "data"
        binary = data / "bin" / "milvus"
        if not binary.exists():
            ports = [word for name, port in self._ports.items() for word in (f"--{name}-port", str(port))]
            # It waits so long for one of its own kind that died, else for 30 s, before it takes that one's place.
            ports += ["--extra-config", "common.session.ttl=5"]
            self._run([self._program, "--data", data, *ports], self._folder)
        else:
            # Without the program, which would take the next port where a client's connection to the dead one still
            # lies in TIME_WAIT; what it tells the server is the same.
            env = {"DEPLOY_MODE": "STANDALONE", "METRICS_PORT": str(free_port()), "MILVUS_RUN_DIR": str(data / "run")}
            self._run([binary, "run", "standalone"], data, **env, LD_LIBRARY_PATH=str(binary.parent))
        self._wait()

    def _etcd(self) -> Path:
        """Settings of the etcd within: by itself it takes 2379 and 2380, so that one machine had one Milvus."""
        client, peer = (f"http://127.0.0.1:{port}" for port in self._etcd_ports)
        told = {
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"default={peer}",
        }
        file = self._folder / "etcd.json"  # JSON is YAML
        file.write_text(json.dumps(told))
        return file

    def _run(self, command: Sequence[str | Path], folder: Path, **environment: str) -> None:
        with (self._folder / "out.log").open("ab") as out:
            # A group of its own: the program starts the server as a child, which must go with it.
            self._child = subprocess.Popen(
                command,
                env={**os.environ, **environment, "ETCD_CONFIG_PATH": str(self._etcd())},
                stdout=out,
                stderr=out,
                cwd=folder,
                start_new_session=True,
            )

    def _wait(self) -> None:
        until = time.monotonic() + _UP_WITHIN_S
        while time.monotonic() < until:
            if self._child is None or self._child.poll() is not None:
                raise RuntimeError(f"Milvus ended: {self._said()}")
            if self._answers():
                return
            time.sleep(0.5)
        raise RuntimeError(f"Milvus isn't up: {self._said()}")

    def _answers(self) -> bool:
        """Asked itself: what it prints reaches a file whenever its buffer is full."""
        pymilvus: Any = importlib.import_module("pymilvus")  # only there where these tests run
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it says each time that nobody answers yet
        try:
            client = pymilvus.MilvusClient(self.address, timeout=2)
            try:
                client.list_collections(timeout=2)
            finally:
                client.close()
        except (pymilvus.MilvusException, OSError):
            return False
        return True

    def _said(self) -> str:
        return (self._folder / "out.log").read_text(errors="replace")[-2000:]

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
