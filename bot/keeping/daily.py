"""The worker's backup, once a day, if LINLI_BACKUP_DIR names a folder."""

import logging
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

from bot.keeping import backup, notes
from bot.settings import ROOT, Settings

log = logging.getLogger("linli.worker")

_EVERY = timedelta(hours=24)
_AGAIN_AFTER_S = 3_600


def is_due(settings: Settings, *, now: datetime) -> bool:
    """The files in the folder tell, so a worker that starts anew knows it. One from the future counts for nothing."""
    if settings.backup_dir is None:
        return False
    return not any(now - _EVERY < kept.at <= now + _EVERY for kept in backup.kept_in(settings.backup_dir))


class Daily:
    """`linli backup` as a child: clocks and deliveries don't wait for a copy of everything."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._child: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0

    def poll(self) -> None:
        if self._child is not None:
            code = self._child.poll()
            if code is None:
                return
            self._child = None
            if code:
                self._not_before = time.monotonic() + _AGAIN_AFTER_S
                self._tell(code)
        folder = self._settings.backup_dir
        now = datetime.now(UTC)
        if folder is None or time.monotonic() < self._not_before or not is_due(self._settings, now=now):
            return
        log.info("making the daily backup")
        command = [sys.executable, "-m", "bot.cli", "backup", str(folder), "--keep", str(self._settings.backup_keep)]
        self._child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)

    def _tell(self, code: int) -> None:
        note = notes.read(self._settings)
        if not note.failed_at:  # it was killed before it could say so
            notes.failed(self._settings, f"备份进程停了（代码 {code}）", now=datetime.now(UTC))
        log.error("THE DAILY BACKUP FAILED: %s", notes.read(self._settings).why)

    def stop(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            self._child.wait()
