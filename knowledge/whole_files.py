"""Files that are there whole or not at all, also after a power cut."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path


def on_disk(path: Path) -> None:
    """Of a file its bytes, of a folder its names: not only in the memory of a machine whose power may fail."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A new file beside it, to be written in the block; it takes the name when it is on the disk. Without that order
    (ext4 writes a name before the bytes) a power cut leaves the name with nothing behind it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.stem}.{os.getpid()}.{threading.get_ident()}{path.suffix}")
    try:
        yield fresh
        on_disk(fresh)
        fresh.replace(path)
        on_disk(path.parent)
    finally:
        fresh.unlink(missing_ok=True)
