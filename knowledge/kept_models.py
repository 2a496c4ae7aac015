"""What is learned in seconds from files of ours, kept in the home: a process that starts again reads it back, so that
the first resident after a fault doesn't wait for learning.
"""

import contextlib
import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import joblib
import sklearn

log = logging.getLogger("linli.kept")
T = TypeVar("T")

_folder: Path | None = None


def use(folder: Path) -> None:
    """Where to keep. Until it is said, everything is learned by each process. Only this installation may write there:
    what is read back is run (pickle).
    """
    global _folder
    _folder = folder


def kept(name: str, learn: Callable[[], T], *, made_of: Iterable[Path]) -> T:
    """What `learn` gives, learned again when a file that it is made of has changed; folders count with all below."""
    if _folder is None:
        return learn()
    path = _folder / f"{name}-{_digest(made_of)}.joblib"
    with contextlib.suppress(Exception):  # missing, cut short or of other versions: learned anew
        return cast("T", joblib.load(path))
    found = learn()
    try:
        _keep(path, found, name)
    except OSError as error:  # a full disk: the next start learns again
        log.warning("kept models: %s", error)
    return found


def read(path: Path) -> Sequence[Any]:
    """What was dumped there. Raises OSError where there is no file, ValueError where it can't be read: cut short by a
    power cut, or of other versions.
    """
    try:
        return cast("Sequence[Any]", joblib.load(path))
    except OSError:
        raise
    except Exception as error:  # whatever the bytes of a torn file tell pickle to do
        raise ValueError(f"{path} can't be read: {type(error).__name__}") from error


def _keep(path: Path, found: object, name: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, written = tempfile.mkstemp(dir=path.parent, prefix="new-")
    with os.fdopen(handle, "wb") as out:
        joblib.dump(found, out, compress=1)
    Path(written).replace(path)
    for old in path.parent.glob(f"{name}-*.joblib"):
        if old != path:
            old.unlink(missing_ok=True)


def _digest(made_of: Iterable[Path]) -> str:
    sha = hashlib.sha256(sklearn.__version__.encode())
    for part in made_of:
        files = sorted(p for p in part.rglob("*") if p.is_file()) if part.is_dir() else [part]
        for file in files:
            if "__pycache__" not in file.parts:
                sha.update(file.name.encode() + b"\0" + file.read_bytes())
    return sha.hexdigest()[:16]
