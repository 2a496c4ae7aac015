"""The secret of a topic, by which one person has one voice in it and nobody can be looked up.

A file of mode 600 in a folder of mode 700 outside the database and outside every backup. Ten days after the result it
is destroyed; from then on nobody can tell who said what. Until then it holds against staff and against whoever gets the
database, not against the owner of the machine (village_affairs.md 2.14), and we say so.
"""

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

_NAME = re.compile(r"topic-\d+-[0-9a-f]{16}\.key")
_BYTES = 32


class KeyGone(Exception):
    """The topic's secret was destroyed, or this machine doesn't hold it."""


class TopicKeys:
    """The folder is made with the first key, so whoever only asks leaves nothing behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, topic_id: int) -> str:
        """The name of a new key; its bytes are on the disk when this returns."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        name = f"topic-{topic_id}-{secrets.token_hex(8)}.key"
        handle = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        return name

    def has(self, name: str) -> bool:
        return bool(_NAME.fullmatch(name)) and (self.folder / name).is_file()

    def voter_key(self, name: str, who: str) -> str:
        """HMAC-SHA256 in hexadecimal. Raises KeyGone."""
        if not _NAME.fullmatch(name):
            raise KeyGone(name)
        try:
            secret = (self.folder / name).read_bytes()
        except OSError as error:
            raise KeyGone(name) from error
        if len(secret) != _BYTES:
            raise KeyGone(name)
        return hmac.new(secret, who.encode(), hashlib.sha256).hexdigest()

    def destroy(self, name: str) -> None:
        """Overwritten first: a plain unlink leaves the bytes in the file system. Twice is as once."""
        if not _NAME.fullmatch(name):
            return
        path = self.folder / name
        with contextlib.suppress(FileNotFoundError):
            with path.open("r+b") as file:
                file.write(secrets.token_bytes(_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()

    def names(self) -> list[str]:
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted(path.name for path in found if _NAME.fullmatch(path.name))
