"""Who serves a home, what a killed supervisor leaves behind, and parts that hang (red team M2, M14)."""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.doctor import _alone
from bot.cli.running import prepared_apart, stop
from bot.run import one_home, pulse
from bot.run.pulse import SILENT_S, Heartbeat, Pulse, is_fresh
from bot.run.setup import SetupFailed
from bot.run.stack import Stack, _Child, serve
from bot.settings import Settings
from tests.ports import free_port

WORKER = [sys.executable, "-c", "while True: pass"]
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", port=free_port(), internal_port=free_port(), rasa_port=free_port())


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_the_second_start_says_that_the_home_is_served(settings: Settings) -> None:
    stack = Stack(settings)
    assert one_home.supervisor(settings.home) == os.getpid()
    with pytest.raises(one_home.HomeTaken, match=rf"进程号 {os.getpid()}.*linli stop"):
        Stack(settings)
    stack.stop()
    assert one_home.supervisor(settings.home) is None
    Stack(settings).stop()


def test_a_home_is_taken_while_it_is_prepared(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two starts prepared side by side, and `linli stop` knew of neither; rehearsal of 2 December 2026."""
    monkeypatch.setattr("bot.run.stack.signal.signal", lambda *_: None)

    def prepare() -> int:
        assert one_home.supervisor(settings.home) == os.getpid()
        with pytest.raises(one_home.HomeTaken):
            serve(settings)
        return 7

    assert serve(settings, prepare=prepare) == 7
    assert one_home.supervisor(settings.home) is None


def test_who_is_stopped_while_preparing_ends_what_prepares(settings: Settings) -> None:
    """And what that has started: Rasa's training went on alone."""
    settings.home.mkdir()
    code = (
        "import pathlib, subprocess, sys, time\n"
        "trains = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "pathlib.Path(sys.argv[1]).write_text(str(trains.pid)); time.sleep(60)"
    )
    told = settings.home / "trains"

    def interrupt() -> None:
        _until(lambda: told.exists() and told.read_text())
        os.kill(os.getpid(), signal.SIGINT)

    stopping = threading.Thread(target=interrupt)
    # whoever runs the tests in the background has it ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        stopping.start()
        with pytest.raises(KeyboardInterrupt):
            prepared_apart(settings, [sys.executable, "-c", code, str(told)])
    finally:
        signal.signal(signal.SIGINT, before)
    stopping.join()
    _until(lambda: not _lives(int(told.read_text())))
    assert not (settings.home / "setup.pid").exists()
    assert prepared_apart(settings, [sys.executable, "-c", "raise SystemExit(3)"]) == 3


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_supervisor_holds_nothing(settings: Settings, started: list[subprocess.Popen[bytes]]) -> None:
    code = (
        "import sys, time; from pathlib import Path; from bot.run import one_home\n"
        "with one_home.held(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(600)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(settings.home)], stdout=subprocess.PIPE)
    started.append(other)
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    assert one_home.supervisor(settings.home) == other.pid
    other.kill()
    other.wait()
    assert one_home.supervisor(settings.home) is None


@pytest.mark.parametrize("is_stopped", [False, True])
def test_parts_of_a_killed_supervisor_are_ended(
    settings: Settings,
    started: list[subprocess.Popen[bytes]],
    is_stopped: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`linli stop` knew of none, while `linli restore` asked for it; rehearsal of 2 December 2026."""
    settings.home.mkdir()
    marked = {**os.environ, "LINLI_PART_OF": str(settings.home)}
    for name, environ in (("setup", marked), ("worker", dict(os.environ))):
        process = subprocess.Popen(SLEEPER, env=environ, start_new_session=True)
        started.append(process)
        (settings.home / f"{name}.pid").write_text(str(process.pid))
    orphan, stranger = started
    _until(lambda: Path(f"/proc/{orphan.pid}/cmdline").read_bytes().startswith(sys.executable.encode()))
    if is_stopped:
        orphan.send_signal(signal.SIGSTOP)
    assert one_home.orphans(settings.home) == ["setup"]
    assert _alone(settings)[0].remedy.startswith("setup 还在运行")
    with one_home.held(settings.home):
        assert one_home.orphans(settings.home) == [], "somebody looks after it"
    assert stop(settings, argparse.Namespace()) == 0
    assert "还在运行的 setup" in capsys.readouterr().out
    assert orphan.wait(5) < 0
    assert _alone(settings) == []
    assert stop(settings, argparse.Namespace()) == 0
    assert capsys.readouterr().out == "没有在运行。\n"
    assert stranger.poll() is None, "its number was another program's"


def test_a_part_that_hangs_is_started_again(settings: Settings) -> None:
    stack = Stack(settings)
    seconds, answers = [1000.0], {"app": True}
    stack._pulse = Pulse({"app": lambda: answers["app"]}, now=lambda: seconds[0])
    stack.children = [_Child("app", SLEEPER, dict(os.environ), started=seconds[0])]
    [child] = stack.children
    stack._start(child)
    child.started = seconds[0]
    assert child.process is not None
    first = child.process

    def past(time_s: float) -> None:
        seconds[0] += time_s
        stack._pulse.look()
        stack.poll()

    past(170)
    assert first.poll() is None
    answers["app"] = False
    past(SILENT_S - 10)
    assert first.poll() is None, "busy, perhaps"
    past(20)
    assert first.wait(5) == -signal.SIGKILL
    stack.poll()
    child.not_before = 0.0
    stack.poll()
    assert child.process is not None
    assert child.process.pid != first.pid
    stack.stop()


def test_a_part_that_is_only_slow_isnt_ended(settings: Settings) -> None:
    """R15: on a machine at load 25 Rasa was killed three times in a quarter of an hour although it worked."""
    stack, seconds = Stack(settings), [1000.0]
    stack._pulse = Pulse(
        {"rasa": lambda: False}, cpu_s=lambda name: pulse.cpu_s(settings.home, name), now=lambda: seconds[0]
    )
    stack.children = [child] = [_Child("rasa", WORKER, dict(os.environ))]
    stack._start(child)
    child.started = seconds[0]
    process = child.process
    assert process is not None

    def past(time_s: float) -> None:
        at = pulse.cpu_s(settings.home, "rasa")
        _until(lambda: process.poll() is not None or pulse.cpu_s(settings.home, "rasa") - at > 0.3)
        seconds[0] += time_s
        stack._pulse.look()
        stack.poll()

    for _ in range(9):
        past(40)
    assert process.poll() is None, "it works"
    for _ in range(12):
        if process.poll() is None:
            past(40)
    assert process.wait(5) == -signal.SIGKILL, "a loop without an end works, too"
    stack.stop()


def test_the_worker_is_heard_while_it_goes_on(tmp_path: Path) -> None:
    assert not is_fresh(tmp_path / "worker.alive")
    heart = Heartbeat(tmp_path / "worker.alive")
    _until(lambda: is_fresh(tmp_path / "worker.alive"))
    heart.stop()
    os.utime(tmp_path / "worker.alive", (time.time() - SILENT_S,) * 2)
    assert not is_fresh(tmp_path / "worker.alive")


def test_what_lies_in_a_home_is_nobody_elses(settings: Settings) -> None:
    settings.home.mkdir(mode=0o755)
    (settings.home / "logs").mkdir()
    old = [
        settings.home / "linli.sqlite",
        settings.home / "rasa-tracker.sqlite-wal",
        settings.home / "logs" / "app.log",
    ]
    for path in old:
        path.touch(0o644)
    Stack(settings).stop()
    assert {oct(path.stat().st_mode & 0o777) for path in old} == {"0o600"}
    assert oct(settings.home.stat().st_mode & 0o777) == "0o700"


def _until(holds: object) -> None:
    while not holds():  # type: ignore[operator]
        time.sleep(0.02)


class _Late:
    """A stack that isn't ready in time, and goes on until somebody ends it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def start(self) -> None:
        self.done.append("start")

    def wait_ready(self) -> None:
        raise SetupFailed("各部分没有在 180 秒内就绪")

    def poll(self) -> None:
        self.done.append("poll")
        if self.done.count("poll") == 3:
            raise KeyboardInterrupt

    def stop(self) -> None:
        self.done.append("stop")


def test_what_isnt_ready_in_time_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Third red team, R14: on a busy machine everything was ended a moment before it would have answered."""
    late = _Late()
    monkeypatch.setattr("bot.run.stack.Stack", lambda _: late)
    monkeypatch.setattr("bot.run.stack.where_staff_work", lambda _: "工作台")
    monkeypatch.setattr("bot.run.stack.signal.signal", lambda *_: None)
    monkeypatch.setattr("bot.run.stack.time.sleep", lambda _: None)
    serve(settings)
    assert late.done == ["start", "poll", "poll", "poll", "stop"]
    assert "没有停，还在等" in "".join(capsys.readouterr())
