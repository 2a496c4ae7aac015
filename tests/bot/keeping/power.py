"""What a power cut would leave: the bytes that were synced, and of everything else nothing."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest


class Disk:
    """Remembers each file as it was when it was last synced, by its inode. SQLite's own syncs aren't seen."""

    def __init__(self) -> None:
        self._synced: dict[int, bytes] = {}

    def note(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_file():
            self._synced[path.stat().st_ino] = path.read_bytes()

    def held(self, path: Path) -> bytes:
        """b"" for a file that has a name and nothing behind it."""
        return self._synced.get(path.stat().st_ino, b"")

    def torn(self, folder: Path) -> list[str]:
        """Files that wouldn't be what they are."""
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return [str(path.relative_to(folder)) for path in files if self.held(path) != path.read_bytes()]

    def cut(self, database: Path, into: Path) -> Path:
        """The SQLite database as it would be found. Its file changes only at a checkpoint, which syncs it."""
        found = into / database.name
        shutil.copyfile(database, found)
        wal = Path(f"{database}-wal")
        if wal.exists() and self.held(wal):
            Path(f"{found}-wal").write_bytes(self.held(wal))
        return found


@contextlib.contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk, sync = Disk(), os.fsync

    def noted(descriptor: int) -> None:
        disk.note(descriptor)
        sync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", noted)
        yield disk
