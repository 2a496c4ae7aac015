"""A backup put back: into a home that is empty or stopped. What was there isn't deleted, it is laid aside."""

import contextlib
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.keeping import archive, backup
from bot.keeping.errors import HOW_TO_STOP, RestoreRefused
from bot.keeping.manifest import Manifest
from bot.keeping.stores import Store, newest_here, store_of
from bot.settings import Settings
from knowledge.clock import SHANGHAI

_PARTS = ("app", "worker", "rasa", "setup")  # each leaves its number in a file (bot/run/stack.py)


@dataclass(frozen=True)
class Restored:
    manifest: Manifest
    aside: tuple[Path, ...]  # what was there before


def restore(settings: Settings, file: Path, *, now: datetime, passphrase: str = "", replace: bool = False) -> Restored:
    """Raises KeepingError; before the last step nothing of the home is changed."""
    store = store_of(settings.url, settings.home)
    _refuse_running(settings)
    with backup.staging(settings, "restore") as stage:
        told = archive.read(file, passphrase=passphrase, into=stage)
        if told.database != store.kind:
            raise RestoreRefused(f"这份备份是 {told.database} 的，现在设的数据库是 {store.kind}，不能恢复到这里。")
        if not replace:
            _refuse_newer(store, told)
        store.refuse_in_use()
        store.make_ready(stage)
        return _put_back(settings, store, told, stage, aside=f"replaced-{now.astimezone(SHANGHAI):%Y%m%d-%H%M%S}")


def _put_back(settings: Settings, store: Store, told: Manifest, stage: Path, *, aside: str) -> Restored:
    # Derived from the database that goes: made anew at the next start.
    shutil.rmtree(settings.snapshots, ignore_errors=True)
    (settings.home / "steps" / "snapshot").unlink(missing_ok=True)
    kept = [store.put_back(stage, aside=aside)]
    # Rasa's memory of another day would go on with talks that the database doesn't have.
    kept.append(_exchanged(stage / backup.TRACKERS, settings.rasa_trackers, aside=aside))
    for path in sorted((stage / "secrets").glob("*")):
        kept.append(_exchanged(path, _place_of(settings, path.name), aside=aside))
    if told.has(backup.MODEL):
        # Of what it was trained: by another version's, or where that isn't told, it is trained anew at the next start.
        stamp = settings.home / backup.MODEL_STAMP
        stamp.unlink(missing_ok=True)
        kept.append(_exchanged(stage / backup.MODEL, settings.home / backup.MODEL, aside=aside))
        _exchanged(stage / backup.MODEL_STAMP, stamp, aside=aside)
    return Restored(told, tuple(path for path in kept if path is not None))


def _place_of(settings: Settings, name: str) -> Path:
    if name != Path(backup.WECHAT).name:
        return settings.home / "secrets" / name
    return settings.wechat_accounts or settings.home / name


def _exchanged(fresh: Path, target: Path, *, aside: str) -> Path | None:
    """`fresh` in the place of `target`, if there is one; where the former lies now."""
    kept = None
    if target.exists():
        kept = target.with_name(f"{target.name}.{aside}")
        target.rename(kept)
    for suffix in ("-wal", "-shm"):
        beside = Path(f"{target}{suffix}")
        if beside.exists():
            beside.rename(f"{kept or target}{suffix}" if kept else f"{beside}.{aside}")
    if fresh.exists():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.move(fresh, target)
    return kept


def _refuse_running(settings: Settings) -> None:
    for name in _PARTS:
        with contextlib.suppress(OSError, ValueError):
            pid = int((settings.home / f"{name}.pid").read_text())
            command = Path("/proc", str(pid), "cmdline").read_bytes()
            if pid != os.getpid() and (b"bot.cli" in command or b"rasa" in command):
                raise RestoreRefused(f"邻里还在运行（{name}，进程 {pid}）。{HOW_TO_STOP}")


def _refuse_newer(store: Store, told: Manifest) -> None:
    is_readable, newest = newest_here(store)
    if not is_readable:
        raise RestoreRefused(
            "现在的数据库读不出来，看不出里面有没有备份以后的新内容。确定要恢复，请加 --replace；现在的会原样留在旁边。"
        )
    if newest is not None and (told.newest is None or newest > told.newest):
        here, there = (f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else "空的" for at in (newest, told.newest))
        raise RestoreRefused(
            f"现在的数据比备份新：现在的到 {here}，备份的到 {there}。恢复以后，这中间居民说的话、登记的事就看不到了。"
            "确定要恢复，请加 --replace；现在的会原样留在旁边。"
        )
