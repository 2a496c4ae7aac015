"""The writers of one process queue here before SQLite has to: its own waiting is sleep and try again, which starved the
event loop for seconds while another thread wrote one message after the other. Other processes still meet its busy
timeout.
"""

import threading
import time

# Of those who wait while another process writes and doesn't end, so many may stay: each holds a thread and a connection
# that a reader needs. The others are told at once that it is busy, and come again.
MOST_STUCK, STUCK_AFTER_S = 12, 2.0


class WritersTurn:
    """One writer at a time, from any thread."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._changes = threading.Condition()
        self._is_taken, self._waiting, self._moved_at = False, 0, 0.0

    def take(self) -> float | None:
        """How long it was waited for, in seconds; None where it isn't to be had: nobody need ask SQLite then."""
        begun = time.monotonic()
        with self._changes:
            self._waiting += 1
            try:
                while self._is_taken:
                    now = time.monotonic()
                    left, is_stuck = begun + self._patience_s - now, now - self._moved_at > STUCK_AFTER_S
                    if left <= 0 or (is_stuck and self._waiting > MOST_STUCK):
                        return None
                    self._changes.wait(min(left, STUCK_AFTER_S / 4))
                self._is_taken, self._moved_at = True, time.monotonic()
            finally:
                self._waiting -= 1
        return self._moved_at - begun

    def give(self) -> None:
        with self._changes:
            self._is_taken, self._moved_at = False, time.monotonic()
            self._changes.notify()
