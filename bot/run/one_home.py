"""One supervisor a home; what a killed one left running is found and ended."""

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.run.setup import SetupFailed

# each leaves its number in a file; `setup` prepares a home for the others, `waiting` keeps the door meanwhile
PARTS = ("app", "rasa", "worker", "setup", "waiting")
_ENDS_IN_S = 15.0


class HomeTaken(SetupFailed):
    pass


@contextlib.contextmanager
def held(home: Path) -> Iterator[None]:
    """Nobody else may serve this home until the block ends; the lock dies with its process. Raises HomeTaken."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / "serve.pid").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise HomeTaken(
                f"{home} 里已经有一个邻里在运行（进程号 {_number(file.name)}）。要重新启动，请先运行 linli stop。"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)


def close_to_others(home: Path) -> None:
    """What an older version left readable: the database, Rasa's file, logs."""
    home.chmod(0o700)
    for path in (*home.glob("*.sqlite*"), *home.glob("*.joblib"), *home.glob("logs/*.log*")):
        with contextlib.suppress(OSError):
            path.chmod(0o600)


def supervisor(home: Path) -> int | None:
    """The process that serves this home now."""
    path = home / "serve.pid"
    with contextlib.suppress(OSError), path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return _number(path)
    return None


def end_orphans(home: Path, names: Iterable[str]) -> list[str]:
    """End the parts that a killed supervisor of this home left; which there were. Only while `held`."""
    found = _running(home, names)
    for _, pid in found:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + _ENDS_IN_S
    while time.monotonic() < deadline and any(_is_part_of(pid, home) for _, pid in found):
        time.sleep(0.1)
    for _, pid in found:
        if _is_part_of(pid, home):
            _signal(pid, signal.SIGKILL)
    return [name for name, _ in found]


def orphans(home: Path) -> list[str]:
    """Parts that run without anybody who would start them again."""
    return [] if supervisor(home) else [name for name, _ in _running(home, PARTS)]


def _running(home: Path, names: Iterable[str]) -> list[tuple[str, int]]:
    return [(name, pid) for name in names if (pid := _number(home / f"{name}.pid")) and _is_part_of(pid, home)]


def _is_part_of(pid: int, home: Path) -> bool:
    """A number may have been given to another program meanwhile, so the process must say that it works in this home."""
    try:
        environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        is_dead = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
    mark = f"={home}".encode()
    return not is_dead and any(entry == b"LINLI_PART_OF" + mark for entry in environ)


def _signal(pid: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, which)
        os.kill(pid, signal.SIGCONT)  # one that was stopped hears nothing


def _number(path: str | Path) -> int:
    try:
        return int(Path(path).read_text().strip() or 0)
    except (OSError, ValueError):
        return 0
