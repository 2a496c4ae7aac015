"""Whether each part still lives: one that hangs is as bad as one that died, and nobody sees it."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from bot.settings import Settings

_EVERY_S = 10.0
SILENT_S = 90.0  # then a part is ended and started again, but one that works
# A machine at load 25 gives a part a twelfth of a core, and what it is asked waits as long; a loop without an end
# works, too, so that has an end. A part that is stopped, or waits for itself, takes hundredths.
BUSY_MOST_S, _WORKS_S = 600.0, 0.2  # of CPU, between two looks
_STARTS_S = 180.0  # a busy machine takes its time to load the model
_WORKER_MOST_S = 3600.0  # of one step: hundreds of texts after a change of the law


class Pulse:
    """Asks each part every ten seconds, in a thread of its own."""

    def __init__(
        self,
        probes: Mapping[str, Callable[[], bool]],
        *,
        cpu_s: Callable[[str], float] = lambda _: 0.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`cpu_s`: that a part has taken so far."""
        self._probes, self._cpu_s, self._now = probes, cpu_s, now
        self._heard: dict[str, float] = {}
        self._worked: dict[str, float] = {}
        self._taken: dict[str, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()

    def look(self) -> None:
        for name, probe in self._probes.items():
            if probe():
                self._heard[name] = self._now()
            taken = self._cpu_s(name)
            if taken - self._taken.get(name, taken) > _WORKS_S:
                self._worked[name] = self._now()
            self._taken[name] = taken

    def is_silent(self, name: str, *, since: float) -> bool:
        """Started at `since`, it hasn't been heard for SILENT_S, its first minutes apart, nor has it worked; or it
        works without being heard for BUSY_MOST_S.
        """
        silent_s = self._now() - max(self._heard.get(name, 0.0), since + _STARTS_S - SILENT_S)
        is_working = self._now() - self._worked.get(name, 0.0) < SILENT_S / 2
        return silent_s > (BUSY_MOST_S if is_working else SILENT_S)

    def _run(self) -> None:
        while not self._ended.wait(_EVERY_S):
            self.look()


def probes(settings: Settings) -> dict[str, Callable[[], bool]]:
    return {
        "app": lambda: _answers(f"http://127.0.0.1:{settings.port}/healthz"),
        "rasa": lambda: _answers(settings.rasa_url),
        "worker": lambda: is_fresh(settings.heartbeat),
    }


def cpu_s(home: Path, name: str) -> float:
    """Of a part's process, user and system together (proc(5)); 0 where there is none."""
    try:
        told = Path("/proc", (home / f"{name}.pid").read_text(), "stat").read_text()
    except OSError:
        return 0.0
    user, system = told.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=_EVERY_S, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def is_fresh(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime < SILENT_S / 2
    except OSError:
        return False


class Heartbeat:
    """The worker's: a file is touched while its loop goes on, or has been at one step for less than an hour."""

    def __init__(self, path: Path) -> None:
        self._path, self._went_on = path, time.monotonic()
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def goes_on(self) -> None:
        self._went_on = time.monotonic()

    def stop(self) -> None:
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            if time.monotonic() - self._went_on < _WORKER_MOST_S:
                self._path.touch()
            self._ended.wait(_EVERY_S)
