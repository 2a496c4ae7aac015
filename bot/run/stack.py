"""App, Rasa and worker side by side."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import httpx

from bot.db import make_engine, make_sessions
from bot.run import logs, one_home, pulse
from bot.run.preparing import check_port, rasa_environ
from bot.run.pulse import Pulse, probes
from bot.run.setup import RASA_VENV, SetupFailed, say
from bot.settings import ROOT, Settings
from bot.staff import accounts

_LOGS_EVERY_S = 600.0


@dataclass
class _Child:
    name: str
    command: list[str]
    environ: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    not_before: float = 0.0
    started: float = 0.0


class Stack:
    """Rasa, app and worker as children; `poll` restarts one that died or hangs, waiting longer each time."""

    def __init__(self, settings: Settings) -> None:
        """Raises SetupFailed: the home is served already, or a port is taken."""
        self._kept = contextlib.ExitStack()
        self._kept.enter_context(one_home.held(settings.home))
        try:
            self._prepare(settings)
        except SetupFailed:
            self._kept.close()
            raise

    def _prepare(self, settings: Settings) -> None:
        one_home.close_to_others(settings.home)
        if orphans := one_home.end_orphans(settings.home, one_home.PARTS):
            say(f"上次没有正常停下，还在运行的 {'、'.join(orphans)} 已经停掉。")
        for port in (settings.port, settings.internal_port, settings.rasa_port):
            check_port(port)
        self.settings = settings
        mark = {"LINLI_PART_OF": str(settings.home)}
        own = {**os.environ, "LINLI_HOME": str(settings.home), "OMP_WAIT_POLICY": "passive", "PYTHONPATH": str(ROOT)}
        # One vector by one matrix: a second thread waits and spins longer than the product takes.
        own.setdefault("OPENBLAS_NUM_THREADS", "1")
        own.setdefault("MALLOC_ARENA_MAX", "2")  # a server's forty threads keep what each of them once needed
        linli = [sys.executable, "-m", "bot.cli"]
        self.children = [
            _Child("app", [*linli, "app"], {"OMP_NUM_THREADS": "1"} | own | mark),
            _Child("rasa", rasa_command(settings), rasa_environ(settings) | mark),
            _Child("worker", [*linli, "worker"], own | mark),
        ]

        self._pulse = Pulse(probes(settings), cpu_s=partial(pulse.cpu_s, settings.home))
        self._logs_at = 0.0

    def start(self) -> None:
        self._pulse.start()
        for child in self.children:
            self._start(child)

    def _start(self, child: _Child) -> None:
        folder = self.settings.home / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{child.name}.log").open("ab") as out:
            child.process = subprocess.Popen(
                child.command, cwd=ROOT, env=child.environ, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        child.started = time.monotonic()
        (self.settings.home / f"{child.name}.pid").write_text(str(child.process.pid))

    def poll(self) -> None:
        now = time.monotonic()
        if now >= self._logs_at:
            self._logs_at = now + _LOGS_EVERY_S
            with contextlib.suppress(OSError):  # a full disk is told elsewhere
                logs.rotate(self.settings.home / "logs")
        for child in self.children:
            if child.process is None:
                if now >= child.not_before:
                    self._start(child)
            elif child.process.poll() is not None:
                child.failures = 0 if now - child.started > 60 else child.failures + 1
                wait = min(30.0, 0.5 * 2**child.failures)
                say(
                    f"{child.name} 停了（代码 {child.process.returncode}），{wait:.0f} 秒后重启；"
                    f"记录在 {self.settings.home / 'logs' / (child.name + '.log')}"
                )
                child.process, child.not_before = None, now + wait

            elif self._pulse.is_silent(child.name, since=child.started):
                say(f"{child.name} 很久没有回应，停掉重启")
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGKILL)

    def stop(self) -> None:
        try:
            self._end_children()
        finally:
            self._kept.close()

    def _end_children(self) -> None:
        self._pulse.stop()
        for child in self.children:
            if child.process and child.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + 8
        for child in self.children:
            if child.process:
                try:
                    child.process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(child.process.pid, signal.SIGKILL)
                    child.process.wait()

    def wait_ready(self, timeout_s: float = 180) -> None:
        """Until a real question has been answered through all parts. Raises SetupFailed."""
        base = f"http://127.0.0.1:{self.settings.port}"
        deadline = time.monotonic() + timeout_s
        with httpx.Client(base_url=base, timeout=30, trust_env=False) as client:
            while time.monotonic() < deadline:
                self.poll()
                with contextlib.suppress(httpx.HTTPError, ValueError, KeyError):  # not ready yet
                    if client.get("/readyz").status_code == 200 and _answers(client):
                        return
                time.sleep(0.5)
        raise SetupFailed(
            f"各部分没有在 {timeout_s:.0f} 秒内就绪，请看 {self.settings.home / 'logs'} 里的记录，或运行 linli doctor。"
        )


def rasa_command(settings: Settings) -> list[str]:
    command = [str(RASA_VENV / "bin" / "python"), "-m", "bot.nlu.serve", "--model"]
    command += [str(settings.home / "rasa-models" / "linli.tar.gz"), "--enable-api"]
    command += ["--interface", settings.rasa_host, "--port", str(settings.rasa_port)]
    command += ["--logging-config-file", "bot/nlu/logging.yml"]
    return [*command, "--endpoints", "bot/endpoints.yml", "--credentials", "bot/credentials.yml"]


def _answers(client: httpx.Client) -> bool:
    token = client.post("/api/widget/conversations", json={"embedded": True}).json()["token"]
    held = {"authorization": f"Bearer {token}"}
    found = client.post(
        "/api/widget/messages",
        headers=held,
        json={"client_id": f"ready-{time.time_ns()}", "text": "彩礼可以要求返还吗？"},
    ).json()
    client.delete("/api/widget/conversations/current", headers=held)
    return bool(found.get("replies"))


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[str]:
    """The address of a running stack: one that is up already, or one started for this call and ended after it."""
    base = f"http://127.0.0.1:{settings.port}"
    with contextlib.suppress(httpx.HTTPError):
        if httpx.get(base + "/readyz", timeout=10, trust_env=False).status_code == 200:
            yield base
            return
    stack = Stack(settings)
    stack.start()
    ended = threading.Event()

    def supervise() -> None:
        while not ended.wait(0.5):
            stack.poll()

    try:
        stack.wait_ready()
        thread = threading.Thread(target=supervise, daemon=True)
        thread.start()
        yield base
    finally:
        ended.set()
        stack.stop()


def where_staff_work(settings: Settings) -> str:
    base = f"http://{settings.host}:{settings.port}/staff"
    with make_sessions(make_engine(settings.url))() as session:
        return (
            f"工作台：{base}"
            if accounts.has_any(session)
            else f"工作台第一次使用，请建管理员：{base}/first-run?code={settings.secret('first-run')[:10]}"
        )


def _tell_whether_ready(stack: Stack, settings: Settings) -> None:
    """What works stays: a busy machine takes longer, and without Rasa or an index people still hear what to do in
    danger, and find the telephones.
    """
    try:
        stack.wait_ready()
        print(f"邻里已就绪：http://{settings.host}:{settings.port}/", flush=True)
    except SetupFailed as late:
        say(f"{late}\n没有停，还在等；停了的部分会自己再启动。网页：http://{settings.host}:{settings.port}/")
    print(where_staff_work(settings), flush=True)


def _nothing() -> int:
    return 0


def serve(settings: Settings, *, prepare: Callable[[], int] = _nothing) -> int:
    """Until somebody ends it. `prepare`: done once the home is ours, for up to an hour on a new machine; anything but 0
    ends it. Raises SetupFailed.
    """
    stack = Stack(settings)

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    try:
        if code := prepare():
            return code
        stack.start()
        say("启动各部分，等第一个问题答出来……")
        _tell_whether_ready(stack, settings)
        while True:
            stack.poll()
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("正在停下……")
        return 0
    finally:
        stack.stop()
