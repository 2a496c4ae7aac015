"""How the last backup went, as it lies in the home: for whoever looks after this machine."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.keeping import backup
from bot.settings import Settings
from knowledge.clock import SHANGHAI
from knowledge.whole_files import replaced

_LATEST = timedelta(hours=48)  # a daily one that failed once may be made up for


@dataclass(frozen=True)
class Note:
    """`done_at` and `file`: of the last that was made; `failed_at` and `why`: of a later try, empty for none."""

    done_at: str = ""
    file: str = ""
    failed_at: str = ""
    why: str = ""


def read(settings: Settings) -> Note:
    try:
        found = Note(**json.loads(settings.backup_note.read_text(encoding="utf-8")))
        if found.failed_at:
            datetime.fromisoformat(found.failed_at)
        return found
    except (OSError, ValueError, TypeError):
        return Note()


def done(settings: Settings, file: Path, *, now: datetime) -> None:
    _write(settings, Note(done_at=now.isoformat(), file=str(file)))


def failed(settings: Settings, why: str, *, now: datetime) -> None:
    before = read(settings)
    _write(settings, Note(before.done_at, before.file, now.isoformat(), why))


def _write(settings: Settings, note: Note) -> None:
    with replaced(settings.backup_note) as fresh:
        fresh.write_text(json.dumps(asdict(note), ensure_ascii=False), encoding="utf-8")


def trouble(settings: Settings, *, now: datetime) -> str | None:
    """What somebody should do about backups; None while all is well."""
    note = read(settings)
    if note.failed_at:
        at = datetime.fromisoformat(note.failed_at).astimezone(SHANGHAI)
        return f"最近一次没有做成（{at:%Y-%m-%d %H:%M}）：{note.why}"
    if settings.backup_dir is not None:
        newest = next(iter(backup.kept_in(settings.backup_dir)), None)
        if newest is None:
            return f"{settings.backup_dir} 里一份也没有；后台每天做一份，请看它在不在运行，或运行 linli backup"
        if now - newest.at > _LATEST:
            hours = (now - newest.at) // timedelta(hours=1)
            return f"最近一份是 {hours} 小时以前的；后台每天做一份，请看它在不在运行，磁盘能不能写"
        return None
    return None if note.done_at else "从来没有备份过；请设 LINLI_BACKUP_DIR，或运行 linli backup 文件夹"
