"""Which process holds something in the database, and whether it is known to be dead."""

import contextlib
import os
import socket
from functools import lru_cache
from pathlib import Path

_PROC = Path("/proc")
# Field 22 of /proc/PID/stat (proc(5)), counted behind the name's bracket: ticks since the machine started.
_STARTED = 19


def owner() -> str:
    """This process, as no other one is called: machine, its start, number, start of the process."""
    return _owner(os.getpid())  # a fork is another process


@lru_cache(maxsize=2)
def _owner(number: int) -> str:
    return f"{_machine()} {number} {_started(number) or 0}"


def is_dead(owner: str) -> bool:
    """Whether it has certainly ended. False where that can't be known: on another machine, or in another container,
    whose numbers aren't ours.
    """
    machine, number, started = [*owner.rsplit(" ", 2), "", ""][:3]
    if machine != _machine() or not number.isdecimal():
        return False
    now = _started(int(number))
    if now is None:
        return not _is_there(int(number))
    return str(now) != started  # its number was given to another one


def _machine() -> str:
    """Host and start of the machine, and the space that process numbers are of."""
    boot, space = "", ""
    with contextlib.suppress(OSError):
        boot = (_PROC / "sys/kernel/random/boot_id").read_text()[:8]
    with contextlib.suppress(OSError):
        space = str((_PROC / "self/ns/pid").readlink()).strip("pid:[]")
    return f"{socket.gethostname()[:40]}/{boot}/{space}"


def _started(number: int) -> int | None:
    """None: there is no such process, or it has ended and nobody has asked for its end yet."""
    try:
        told = (_PROC / str(number) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if told[0] in "ZX" else int(told[_STARTED])


def _is_there(number: int) -> bool:
    if _PROC.joinpath("self").exists():
        return False  # asked already
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
