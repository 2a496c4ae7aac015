"""The three processes together: prepare what they need, start them, restart one that dies, end them all on Ctrl-C."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from actions.cases.defaults import import_offices
from bot import accounts
from bot.app import today
from bot.db import make_engine, make_sessions, migrate
from bot.serving import listening
from bot.settings import ROOT, Settings
from bot.setup import RASA_VENV, SetupFailed, digest, say, step
from bot.web.rasa_webhook import internal_app
from knowledge import index, indexing, store
from knowledge.anonymity import training
from knowledge.embedding import SentenceEmbedder, VectorCache, prepare_model
from knowledge.evaluation import golden
from knowledge.evaluation.queries import KeptQueries
from knowledge.search import Searcher

_NLU_INPUTS = ("config.yml", "bot/domain", "bot/data", "bot/nlu")


def rasa_environ(settings: Settings) -> dict[str, str]:
    """What Rasa's process gets: our secrets and addresses, its telemetry off, few threads."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "LINLI_INTERNAL_URL": settings.internal_url,
        "LINLI_INTERNAL_SECRET": settings.secret("internal"),
        "LINLI_TRACKER_DB": str(settings.rasa_trackers),
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "OMP_WAIT_POLICY": "passive",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def prepare(settings: Settings, *, core_only: bool = True) -> None:
    """Everything before the processes: model, database, documents, snapshot, Rasa's training. Raises SetupFailed."""
    say("准备嵌入模型……")
    path = prepare_model(settings.cache, model=settings.model)
    migrate(settings.url)
    sessions = make_sessions(make_engine(settings.url))
    with sessions() as session:
        say("导入法律和本地资料……")
        store.import_places(session, settings.corpus)
        with _bar("法律") as bar:
            store.import_statutes(
                session, settings.corpus, only=settings.statute_names, progress=lambda done, total: bar(done, total)
            )
        store.import_corpus(session, settings.corpus)
        import_offices(session, settings.corpus / "offices.yml")
        session.commit()
        wanted = digest(settings.corpus, settings.statutes, path)
        stamp = settings.home / "steps" / "snapshot"
        if (
            index.meta(settings.snapshots).get("format") != index.FORMAT
            or not stamp.exists()
            or stamp.read_text() != wanted
        ):
            build_snapshot(settings, core_only=core_only)
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.write_text(wanted)
    say("学认人名……")
    training.learned(settings.cache)
    train_rasa(settings)


def build_snapshot(settings: Settings, *, core_only: bool) -> str:
    embedder = SentenceEmbedder(prepare_model(settings.cache, model=settings.model), learned=settings.learned)
    cache = VectorCache(settings.cache / "vectors.sqlite")
    try:
        with make_sessions(make_engine(settings.url))() as session, _bar("计算向量") as bar:
            done = 0

            def progress(some: int, total: int) -> None:
                nonlocal done
                done += some
                bar(done, total)

            def check(candidate: index.Index) -> None:
                # Kept, so that the first publication doesn't wait for them.
                golden.check(
                    session,
                    Searcher(embedder=KeptQueries(embedder, cache), live=lambda: candidate),
                    settings.corpus / "golden.yml",
                    day=today(),
                )

            return indexing.build_snapshot(
                session,
                root=settings.snapshots,
                embedder=embedder,
                cache=cache,
                today=today(),
                core_only=core_only,
                progress=progress,
                check=check,
            )
    finally:
        cache.close()


def train_rasa(settings: Settings) -> None:
    inputs = digest(
        *(ROOT / name for name in _NLU_INPUTS), *([settings.learned] if settings.learned else []), settings.model
    )

    def run() -> None:
        say("训练对话模型（约 1 分钟）……")
        shutil.rmtree(settings.home / "rasa-models", ignore_errors=True)
        log = settings.home / "logs" / "rasa-train.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with encoder_only(settings), log.open("w") as out:
            done = subprocess.run(
                [
                    RASA_VENV / "bin" / "rasa",
                    "train",
                    "--config",
                    "config.yml",
                    "--domain",
                    "bot/domain",
                    "--data",
                    "bot/data",
                    "--out",
                    settings.home / "rasa-models",
                    "--fixed-model-name",
                    "linli",
                ],
                cwd=ROOT,
                env=rasa_environ(settings),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        if done.returncode or not (settings.home / "rasa-models" / "linli.tar.gz").exists():
            raise SetupFailed(f"对话模型没有训练成功，原因在 {log} 的末尾。")

    step("rasa-train", inputs, run)


@contextlib.contextmanager
def encoder_only(settings: Settings) -> Iterator[None]:
    """The encoder endpoint alone, for Rasa's training; the app serves it otherwise."""
    check_port(settings.internal_port)
    embedder = SentenceEmbedder(
        prepare_model(settings.cache, model=settings.model), learned=settings.learned, passages=False
    )
    app = internal_app(secret=settings.secret("internal"), embedder=embedder, executor=None)
    with listening(app, settings.internal_port):
        yield


def check_port(port: int, host: str = "127.0.0.1") -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SetupFailed(
                f"端口 {port} 已被别的程序占用。请先关掉它，或用 LINLI_PORT / LINLI_INTERNAL_PORT / "
                "LINLI_RASA_PORT 换一个。"
            ) from error


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
    """Rasa, app and worker as children; `poll` restarts one that died, waiting longer each time."""

    def __init__(self, settings: Settings) -> None:
        for port in (settings.port, settings.internal_port, settings.rasa_port):
            check_port(port)
        self.settings = settings
        own = {**os.environ, "LINLI_HOME": str(settings.home), "OMP_WAIT_POLICY": "passive", "PYTHONPATH": str(ROOT)}
        rasa = [
            str(RASA_VENV / "bin" / "rasa"),
            "run",
            "--model",
            str(settings.home / "rasa-models" / "linli.tar.gz"),
            "--enable-api",
            "--interface",
            "127.0.0.1",
            "--port",
            str(settings.rasa_port),
            f"--auth-token={settings.secret('rasa')}",
            "--logging-config-file",
            "bot/nlu/logging.yml",
            "--endpoints",
            "bot/endpoints.yml",
            "--credentials",
            "bot/credentials.yml",
        ]
        linli = [sys.executable, "-m", "bot.cli"]
        self.children = [
            _Child("app", [*linli, "app"], own),
            _Child("rasa", rasa, rasa_environ(settings)),
            _Child("worker", [*linli, "worker"], own),
        ]

    def start(self) -> None:
        for child in self.children:
            self._start(child)

    def _start(self, child: _Child) -> None:
        logs = self.settings.home / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / f"{child.name}.log").open("ab") as out:
            child.process = subprocess.Popen(
                child.command, cwd=ROOT, env=child.environ, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        child.started = time.monotonic()
        (self.settings.home / f"{child.name}.pid").write_text(str(child.process.pid))

    def poll(self) -> None:
        now = time.monotonic()
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

    def stop(self) -> None:
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


def serve(settings: Settings) -> None:
    stack = Stack(settings)

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    try:
        stack.start()
        say("启动各部分，等第一个问题答出来……")
        stack.wait_ready()
        print(f"邻里已就绪：http://{settings.host}:{settings.port}/", flush=True)
        print(where_staff_work(settings), flush=True)
        while True:
            stack.poll()
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("正在停下……")
    finally:
        stack.stop()


@contextlib.contextmanager
def _bar(name: str) -> Iterator["_Bar"]:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        transient=True,
    ) as progress:
        yield _Bar(progress, progress.add_task(name, total=None, rate=""))


class _Bar:
    def __init__(self, progress: Progress, task: "int") -> None:
        self._progress, self._task = progress, task
        self._started = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        rate = done / max(0.001, time.monotonic() - self._started)
        self._progress.update(self._task, completed=done, total=total, rate=f"{rate:.0f} 条/秒")
