"""Whether the wall clock may be believed: a machine whose clock leaps would delete and escalate by it, for good."""

import ctypes
import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from knowledge.whole_files import replaced

log = logging.getLogger("linli.worker")

_SLACK = timedelta(minutes=10)  # a correction by the time service, a summer without one
_AWAY = timedelta(days=2)  # that a machine may have been switched off without anybody asking
_HELD = timedelta(days=1)  # of running on the new time: then it is believed
_TIME_ERROR, _TIMEX_BYTES = 5, 208  # adjtimex(2): the clock isn't synchronised; struct timex


def kernel_is_synchronised() -> bool:
    """Whether a time service holds the kernel's clock. False where that can't be asked."""
    try:
        status = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    except (OSError, AttributeError):
        return False
    return 0 <= status < _TIME_ERROR


class ClockWatch:
    """Looked at each round. What can't be undone waits while it doubts.

    A leap is believed where a time service vouches for it, when a person confirms it (`linli confirm-clock`), or after
    a day of running on it; if the clock leaps back, the doubt is over. `path` holds the last time believed, so that a
    leap is seen over a restart, too.
    """

    def __init__(
        self,
        path: Path,
        *,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        is_synchronised: Callable[[], bool] = kernel_is_synchronised,
    ) -> None:
        self._path, self._wall, self._monotonic, self._is_synchronised = path, wall, monotonic, is_synchronised
        self._believed: tuple[datetime, float] | None = None  # wall, monotonic
        self._doubted: tuple[datetime, float] | None = None  # the same, when the doubt began

    def is_sure(self) -> bool:
        now, at = self._wall(), self._monotonic()
        written = _read(self._path)
        if self._believed is None or (written is not None and written != self._believed[0]):
            # A start, or a person has confirmed the clock meanwhile.
            slack, expected = _AWAY, written or now
            is_right = -_SLACK <= now - expected <= slack
            self._believed = (expected, at)
        else:
            expected = self._believed[0] + timedelta(seconds=at - self._believed[1])
            is_right = abs(now - expected) <= _SLACK
        if is_right or self._is_synchronised() or self._has_held(now, at):
            self._believe(now, at)
            return True
        if self._doubted is None:
            log.error("the clock leapt from %s to %s: nothing is deleted or escalated", expected, now)
            self._doubted = (now, at)
        return False

    def _has_held(self, now: datetime, at: float) -> bool:
        if self._doubted is None:
            return False
        began, began_at = self._doubted
        ran = timedelta(seconds=at - began_at)
        if abs(now - began - ran) > _SLACK:  # it leapt again
            self._doubted = None
            return False
        return ran >= _HELD

    def _believe(self, now: datetime, at: float) -> None:
        if self._doubted:
            log.error("the clock is believed again: %s", now)
        self._doubted, self._believed = None, (now, at)
        confirm(self._path, now)


def confirm(path: Path, now: datetime) -> None:
    """This is the time."""
    with replaced(path) as fresh:  # lost, the next start would believe any clock
        fresh.write_text(json.dumps({"believed": now.isoformat()}))


def is_believed(path: Path, *, silent_s: float) -> bool:
    """Whether the watch of a running worker agrees with the clock of this moment."""
    believed = _read(path)
    return believed is None or abs(datetime.now(UTC) - believed) < timedelta(seconds=silent_s)


def _read(path: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(path.read_text())["believed"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
