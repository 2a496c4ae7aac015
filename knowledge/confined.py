"""Files from strangers are read in a process of their own, under limits, so that a bomb takes nothing else along.

The child calls `limit` before it loads any reader; the parent hands over bytes and takes bytes back.
"""

import os
import resource
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


class Overran(Exception):
    """The child was too slow, was ended by a limit, or fell over."""


class Busy(Exception):
    """As many children as may run at once have been running for a while."""


def limit(*, memory: int, cpu_s: int, output: int) -> None:
    """Of this process, from now on; bytes and seconds."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # a system that has no such limit still has the parent's clock
            continue


class Confined:
    """A module that is run as a child: bytes on its standard input, its answer on the standard output."""

    def __init__(self, module: str, *, wall_s: float, at_once: int) -> None:
        self._module, self._wall_s = module, wall_s
        self._free = threading.BoundedSemaphore(at_once)  # each may take what its limit allows

    def run(self, data: bytes, *arguments: str) -> bytes:
        """Raises Overran, Busy."""
        if not self._free.acquire(timeout=self._wall_s):
            raise Busy
        try:
            with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
                given.write(data)
                given.seek(0)
                subprocess.run(
                    [sys.executable, "-m", self._module, *arguments],
                    stdin=given,
                    stdout=answer,
                    stderr=subprocess.DEVNULL,
                    cwd=_ROOT,
                    env=_environment(),
                    timeout=self._wall_s,
                    check=True,
                )
                answer.seek(0)
                return answer.read()
        except subprocess.SubprocessError as error:
            raise Overran from error
        finally:
            self._free.release()


def _environment() -> dict[str, str]:
    """Nothing of ours: neither database address nor keys."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(_ROOT),
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
    }
