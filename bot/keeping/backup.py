"""All that can't be made again, kept in one file, while everything runs."""

import contextlib
import json
import logging
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from sqlalchemy import make_url

from bot import disk, sqlite_files
from bot.keeping import archive
from bot.keeping.errors import BackupFailed
from bot.keeping.manifest import Manifest
from bot.keeping.stores import store_of
from bot.settings import Settings
from knowledge.clock import SHANGHAI

log = logging.getLogger("linli.keeping")

_NAME = re.compile(r"linli-(\d{8}-\d{6})\.tar\.gz(\.sealed)?")
_STAMP = "%Y%m%d-%H%M%S"
TRACKERS, WECHAT = "rasa-tracker.sqlite", "secrets/wechat-accounts.yml"
MODEL, MODEL_STAMP = "rasa-models/linli.tar.gz", "steps/rasa-train"  # bot/run/preparing.py
_SPARE = 100 * 2**20  # bytes, beside what is copied


@dataclass(frozen=True)
class Kept:
    """A backup in a folder; `at` as its name says it."""

    path: Path
    at: datetime


def kept_in(folder: Path) -> list[Kept]:
    """Newest first."""
    found = [(p, _NAME.fullmatch(p.name)) for p in folder.iterdir()] if folder.is_dir() else []
    named = [
        Kept(path, datetime.strptime(match[1], _STAMP).replace(tzinfo=SHANGHAI).astimezone(UTC))
        for path, match in found
        if match
    ]
    return sorted(named, key=lambda k: k.at, reverse=True)


def make(
    settings: Settings,
    folder: Path,
    *,
    now: datetime,
    passphrase: str = "",
    secrets: bool = False,
    model: bool = False,
    keep: int | None = None,
) -> Path:
    """The new file, read back and compared. Of the older ones the newest stay, so that there are `keep` in all. Raises
    KeepingError and OSError; older ones then all stay.
    """
    made_new = not folder.exists()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if made_new:
        folder.chmod(0o700)
    stamp = now.astimezone(SHANGHAI).strftime(_STAMP)
    target = folder / f"linli-{stamp}.tar.gz{'.sealed' if passphrase else ''}"
    with staging(settings, "backup") as stage:
        told = _gathered(settings, stage, now=now, secrets=secrets, model=model)
        archive.write(told, stage, target, passphrase=passphrase)
    archive.read(target, passphrase=passphrase)
    if keep:
        _thin_out(folder, target, keep)
    return target


def _thin_out(folder: Path, fresh: Path, keep: int) -> None:
    """The fresh one stays whatever the clock said when the others were made."""
    for old in [k.path for k in kept_in(folder) if k.path != fresh][keep - 1 :]:
        old.unlink()
    for left in folder.glob(".linli-*.part"):  # of runs that were killed
        left.unlink(missing_ok=True)


@contextlib.contextmanager
def staging(settings: Settings, what: str) -> Iterator[Path]:
    """A folder in the home, for its owner alone; gone afterwards, and so are those that killed runs left."""
    settings.home.mkdir(parents=True, exist_ok=True)
    for left in settings.home.glob(f".{what}-*"):
        if not _is_alive(left.name.rpartition("-")[2]):
            shutil.rmtree(left, ignore_errors=True)
    stage = settings.home / f".{what}-{os.getpid()}"
    stage.mkdir(mode=0o700)
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _is_alive(pid: str) -> bool:
    return pid.isdigit() and int(pid) != os.getpid() and Path("/proc", pid).exists()


def _gathered(settings: Settings, stage: Path, *, now: datetime, secrets: bool, model: bool) -> Manifest:
    _refuse_little_room(settings)
    store = store_of(settings.url, settings.home)
    facts = store.save(stage)
    if settings.rasa_trackers.exists():
        _copy_trackers(settings, stage)
    (stage / "settings.json").write_text(json.dumps(_settings(settings), ensure_ascii=False, indent=1))
    if secrets:
        _copy_secrets(settings, stage)
    if model:
        _copied(settings.home / MODEL, stage / MODEL)
        if (settings.home / MODEL_STAMP).exists():
            _copied(settings.home / MODEL_STAMP, stage / MODEL_STAMP)
    return Manifest(
        made_at=now,
        linli=metadata.version("linli"),
        database=store.kind,
        identity=facts.identity,
        schema=facts.schema,
        newest=facts.newest,
        files=archive.summed(stage),
    )


def _refuse_little_room(settings: Settings) -> None:
    """A copy is made in the home first: who fills that disk stops the talk, for the sake of a backup."""
    files = (sqlite_files.file_of(settings.url), settings.rasa_trackers)
    size = sum(file.stat().st_size for file in files if file is not None and file.exists())
    if (left := disk.free(settings.home)) < size + _SPARE:
        raise BackupFailed(
            f"磁盘快满了：备份要先在 {settings.home} 抄一份，要 {(size + _SPARE) / 2**20:.0f} MB，"
            f"只剩 {left / 2**20:.0f} MB。请在这块盘上腾出空间。"
        )


def _copy_trackers(settings: Settings, stage: Path) -> None:
    """Damaged ones are left out: they are half-filled forms, and the database must be kept all the same."""
    try:
        sqlite_files.copy(settings.rasa_trackers, stage / TRACKERS)
    except sqlite3.DatabaseError as error:
        log.error("Rasa's trackers are left out of the backup, they are damaged: %s", error)


def _copy_secrets(settings: Settings, stage: Path) -> None:
    for path in sorted((settings.home / "secrets").glob("[!.]*")):
        _copied(path, stage / "secrets" / path.name)
    if settings.wechat_accounts is not None:
        _copied(settings.wechat_accounts, stage / WECHAT)


def _copied(source: Path, target: Path) -> None:
    if not source.is_file():
        raise BackupFailed(f"没有找到 {source}，没有备份。")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _settings(settings: Settings) -> dict[str, str]:
    """Those that were given, without what is secret in them: for a person to read, restoring sets none."""
    given = settings.model_dump(mode="json", include=settings.model_fields_set, exclude={"backup_passphrase"})
    if url := given.get("database_url"):
        given["database_url"] = make_url(url).render_as_string()
    return {f"LINLI_{name.upper()}": str(value) for name, value in sorted(given.items())}
