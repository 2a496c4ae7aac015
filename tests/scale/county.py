"""Two apps and two Rasas over one PostgreSQL and one Redis, each a process of its own, as a county runs them."""

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from bot.run import setup
from bot.run.preparing import prepare, rasa_environ
from bot.run.stack import rasa_command
from bot.settings import ROOT, Settings
from tests.ports import free_port

_UP_WITHIN_S = 120
# Learned from our files alone, in minutes; each says in `steps` from which, and is learned anew where those changed.
_LEARNED = ("rasa-models", "kept-models", "answers.npz", "steps")


def prepared(settings: Settings) -> None:
    """The home, with what the last run learned. What is learned of topics and of danger is left out: the rules do
    without.
    """
    kept, setup.HOME = settings.cache / "tests-scale", settings.home
    _copy_learned(kept, settings.home)
    settings.home.joinpath("steps", "snapshot").unlink(missing_ok=True)  # it was made of another database
    prepare(settings)
    shutil.rmtree(kept, ignore_errors=True)
    _copy_learned(settings.home, kept)


def _copy_learned(start: Path, end: Path) -> None:
    end.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in (start / name for name in _LEARNED):
        if path.is_dir():
            shutil.copytree(path, end / path.name, dirs_exist_ok=True)
        elif path.exists():
            shutil.copy2(path, end / path.name)


class Door:
    """What a proxy of level four does in front of the apps' ports for Rasa: the next one that is there."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports, self._turn = list(ports), itertools.count()
        self.port = free_port()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(self._turn)
        for n in range(len(self._ports)):
            with contextlib.suppress(OSError):
                port = self._ports[(first + n) % len(self._ports)]
                there, back = await asyncio.open_connection("127.0.0.1", port), (reader, writer)
                await asyncio.gather(_pump(reader, there[1]), _pump(there[0], back[1]))
                return
        writer.close()

    async def _serve(self, ended: asyncio.Event) -> None:
        async with await asyncio.start_server(self._pass, "127.0.0.1", self.port):
            await ended.wait()
        for left in asyncio.all_tasks() - {asyncio.current_task()}:
            left.cancel()

    @contextmanager
    def open(self) -> Iterator[None]:
        loop, ended = asyncio.new_event_loop(), asyncio.Event()
        thread = threading.Thread(target=loop.run_until_complete, args=(self._serve(ended),), daemon=True)
        thread.start()
        try:
            yield
        finally:
            loop.call_soon_threadsafe(ended.set)
            thread.join(10)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while got := await reader.read(65536):
            writer.write(got)
            await writer.drain()
    writer.close()


class Part:
    def __init__(self, name: str, command: list[str], environ: dict[str, str], logs: Path) -> None:
        self.name, self._log = name, logs / f"{name}.log"
        self._command, self._environ = command, environ
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as out:
            self._child = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environ, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def number(self) -> int:
        """Of its process."""
        return self._child.pid if self._child else 0

    def kill(self) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()

    def until_up(self, url: str) -> None:
        until = time.monotonic() + _UP_WITHIN_S
        while time.monotonic() < until and self._child and self._child.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(url, timeout=5, trust_env=False).status_code == 200:
                    return
            time.sleep(0.3)
        raise RuntimeError(f"{self.name} isn't up: {self._log.read_text(errors='replace')[-1500:]}")


class County:
    """Each app has a Rasa of its own, so that a conversation which comes to both apps is served by both Rasas."""

    def __init__(self, settings: Settings, *, redis: str, trackers: str) -> None:
        self.settings = settings
        self.ports, inner, rasas = ([free_port(), free_port()] for _ in range(3))
        self.door = Door(inner)
        shared = {"LINLI_REDIS": redis, "LINLI_TRACKER_URL": trackers, "LINLI_HOME": str(settings.home)}
        shared |= {"LINLI_INTERNAL_URL": f"http://127.0.0.1:{self.door.port}", "PYTHONPATH": str(ROOT)}
        own = {k: v for k, v in os.environ.items() if not k.startswith("LINLI_WECHAT")} | shared
        own |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        logs = settings.home / "logs"
        logs.mkdir(exist_ok=True)
        self.rasas = [self._rasa(n, port, redis, trackers, logs) for n, port in enumerate(rasas)]
        self.apps = []
        for n, (port, internal, rasa) in enumerate(zip(self.ports, inner, rasas, strict=True)):
            where = {"LINLI_PORT": port, "LINLI_INTERNAL_PORT": internal, "LINLI_RASA_URLS": f"http://127.0.0.1:{rasa}"}
            environ = own | {name: str(value) for name, value in where.items()}
            self.apps.append(Part(f"app-{n}", [sys.executable, "-m", "bot.cli", "app"], environ, logs))

    def _rasa(self, number: int, port: int, redis: str, trackers: str, logs: Path) -> Part:
        where = {"rasa_port": port, "redis": redis, "tracker_url": trackers}
        told = Settings(**where, internal_url=f"http://127.0.0.1:{self.door.port}")  # type: ignore[arg-type]
        return Part(f"rasa-{number}", rasa_command(told), rasa_environ(told), logs)

    def until_up(self) -> None:
        for app, port in zip(self.apps, self.ports, strict=True):
            app.until_up(f"http://127.0.0.1:{port}/readyz")

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports]


@contextmanager
def running(settings: Settings, *, redis: str, trackers: str) -> Iterator[County]:
    with ExitStack() as started:
        county = County(settings, redis=redis, trackers=trackers)
        started.enter_context(county.door.open())
        for part in (*county.apps, *county.rasas):
            started.callback(part.kill)
            part.start()
        county.until_up()
        yield county
