"""The worker's backup: once a day, by the files that are there, loud when it fails."""

import logging
import os
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from bot.keeping import archive, backup, daily, notes
from bot.settings import ROOT, Settings
from tests.bot.keeping.conftest import NOW, Home


@pytest.fixture
def settings(home: Home, tmp_path: Path) -> Settings:
    return home.settings.model_copy(update={"backup_dir": tmp_path / "kept"})


def test_it_is_due_a_day_after_the_last_and_not_before(settings: Settings, tmp_path: Path) -> None:
    assert daily.is_due(settings, now=NOW)
    backup.make(settings, tmp_path / "kept", now=NOW)
    assert not daily.is_due(settings, now=NOW + timedelta(hours=23))
    assert daily.is_due(settings, now=NOW + timedelta(hours=25))
    assert daily.is_due(settings, now=NOW - timedelta(days=30)), "one from the future counts for nothing"
    assert not daily.is_due(settings.model_copy(update={"backup_dir": None}), now=NOW)


def test_the_worker_makes_it_by_the_command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_HOME", str(settings.home))
    monkeypatch.delenv("LINLI_DATABASE_URL", raising=False)
    running = daily.Daily(settings)
    running.poll()
    assert running._child
    assert running._child.wait(120) == 0
    running.poll()
    assert settings.backup_dir
    assert len(backup.kept_in(settings.backup_dir)) == 1
    assert running._child is None, "the next one is due tomorrow"
    assert notes.read(settings).done_at


def test_the_worker_that_runs_beats_and_makes_it(settings: Settings) -> None:
    """The real worker, as `linli serve` starts it."""
    assert settings.backup_dir
    shutil.rmtree(settings.snapshots)
    environ = {**os.environ, "LINLI_HOME": str(settings.home), "LINLI_BACKUP_DIR": str(settings.backup_dir)}
    environ.pop("LINLI_DATABASE_URL", None)
    with subprocess.Popen([sys.executable, "-m", "bot.cli", "worker"], cwd=ROOT, env=environ) as running:
        ends = time.monotonic() + 240
        while not (settings.heartbeat.exists() and backup.kept_in(settings.backup_dir)) and time.monotonic() < ends:
            time.sleep(0.2)
        running.terminate()
    assert settings.heartbeat.exists()
    assert len(backup.kept_in(settings.backup_dir)) == 1
    assert archive.read(backup.kept_in(settings.backup_dir)[0].path).newest == NOW - timedelta(hours=2)


def test_one_that_fails_is_told_in_the_log_and_by_doctor_and_tried_again_later(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    started: list[list[str]] = []
    really = subprocess.Popen

    def killed(command: list[str], **_: object) -> subprocess.Popen[bytes]:
        started.append(command)
        return really([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])

    monkeypatch.setattr("bot.keeping.daily.subprocess.Popen", killed)
    running = daily.Daily(settings)
    running.poll()
    assert running._child
    running._child.wait(60)
    with caplog.at_level(logging.ERROR):
        running.poll()
    assert "THE DAILY BACKUP FAILED" in caplog.text
    assert "没有做成" in str(notes.trouble(settings, now=NOW))
    running.poll()
    assert len(started) == 1, "not at once again"
