"""Whether the disk still takes what people say."""

import os
import shutil
from pathlib import Path

LEAST = 200 * 2**20  # then nothing is promised any more
LOW = 2 * 2**30  # then a person should see to it


def takes_more(folder: Path) -> bool:
    """A small file is written there, and there is room for more."""
    probe = folder / f".room.{os.getpid()}"
    try:
        with probe.open("wb") as file:
            file.write(b"0" * 65_536)
            file.flush()
            os.fsync(file.fileno())
        return free(folder) >= LEAST
    except OSError:
        return False
    finally:
        probe.unlink(missing_ok=True)


def free(folder: Path) -> int:
    """Bytes. Raises OSError."""
    return shutil.disk_usage(folder).free
