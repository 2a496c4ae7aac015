"""The stack that a benchmark measures: `linli serve` as a user starts it, and its memory."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import psutil

from bot.settings import ROOT, Settings

_PATIENCE_S = 1800  # a first start prepares everything


@contextlib.contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The address of a running stack: one that is up already, else `linli serve` for this run."""
    base = f"http://127.0.0.1:{settings.port}"
    if _is_ready(base):
        yield base
        return
    process = subprocess.Popen([sys.executable, "-m", "bot.cli", "serve"], cwd=ROOT, stdout=sys.stderr)
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while not _is_ready(base):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("linli serve didn't get ready")
            time.sleep(0.5)
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _is_ready(base: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(base + "/readyz", timeout=10, trust_env=False).status_code == 200
    return False


def memory_mb(settings: Settings) -> dict[str, float]:
    """Proportional set size of each part with its children, in MiB: pages that several share are counted once.

    `serve` is the supervisor itself, which every installation runs.
    """
    sizes = {}
    parents = _parents(settings)
    for name, parent in parents.items():
        sizes[name] = _mib([parent, *parent.children(recursive=True)])
    supervisor = parents["app"].parent()
    if supervisor is not None and "serve" in supervisor.cmdline():
        sizes["serve"] = _mib([supervisor])
    return sizes


def cpu_s(settings: Settings) -> dict[str, float]:
    """Seconds of CPU that each part has taken since it began, with its children, user and system together."""
    return {
        name: sum(sum(process.cpu_times()[:2]) for process in [parent, *parent.children(recursive=True)])
        for name, parent in _parents(settings).items()
    }


_PARTS = ("app", "rasa", "worker")


def _parents(settings: Settings) -> dict[str, psutil.Process]:
    return {name: psutil.Process(int((settings.home / f"{name}.pid").read_text())) for name in _PARTS}


def _mib(processes: list[psutil.Process]) -> float:
    return round(sum(p.memory_full_info().pss for p in processes) / 2**20)
