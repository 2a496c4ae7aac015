"""The logs of the parts don't grow for ever (T61): the one before is kept, then it goes."""

import shutil
from pathlib import Path

_MOST = 20 * 2**20  # bytes


def rotate(folder: Path, *, most: int = _MOST) -> int:
    """Every log longer than that becomes `app.log.1`, and `app.log` begins anew under whoever writes to it: they
    append, so nothing but what they write in this very moment is lost. How many.
    """
    found = 0
    for log in folder.glob("*.log"):
        if log.stat().st_size > most:
            kept = log.with_name(f"{log.name}.1")
            shutil.copyfile(log, kept)
            kept.chmod(0o600)
            with log.open("r+b") as file:
                file.truncate(0)
            found += 1
    return found
