"""What a backup holds, as its `manifest.json` says it."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from bot.keeping.errors import BackupDamaged

NAME = "manifest.json"
_FORMAT = 1
_SAFE = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")  # a file, or one in a folder: nothing that leads elsewhere


@dataclass(frozen=True)
class File:
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`newest`: when people last did something that the database keeps; None where nobody did."""

    made_at: datetime
    linli: str  # its version
    database: str  # sqlite, postgresql
    identity: str
    schema: str
    newest: datetime | None
    files: tuple[File, ...]

    @property
    def has_secrets(self) -> bool:
        return any(f.name.startswith("secrets/") for f in self.files)

    def has(self, name: str) -> bool:
        return any(f.name == name for f in self.files)

    def to_json(self) -> bytes:
        told = {
            "format": _FORMAT,
            **asdict(self),
            "made_at": self.made_at.isoformat(),
            "newest": self.newest.isoformat() if self.newest else None,
        }
        return json.dumps(told, ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Manifest":
        """Raises BackupDamaged."""
        try:
            told: dict[str, Any] = json.loads(content)
            if told.pop("format") != _FORMAT:
                raise BackupDamaged("这份备份是更新版本的邻里做的，请先把程序换成新版本。")
            files = tuple(File(**f) for f in told.pop("files"))
            made_at, newest = told.pop("made_at"), told.pop("newest")
            found = cls(
                **told,
                files=files,
                made_at=datetime.fromisoformat(made_at),
                newest=datetime.fromisoformat(newest) if newest else None,
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BackupDamaged("这不是邻里的备份，或者清单坏了。") from error
        if any(not _SAFE.fullmatch(f.name) for f in files):
            raise BackupDamaged("清单里有不该有的文件名，这份备份不能用。")
        return found
