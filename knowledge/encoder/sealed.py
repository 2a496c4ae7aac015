"""Folders that were derived once and must be whole: a changed bit in a model would make wrong vectors without a
word.
"""

import contextlib
import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from knowledge.normalise import file_hash

_COMPLETE = "complete"  # sizes and sums of the folder's files


@contextlib.contextmanager
def locked(cache: Path, name: str) -> Iterator[None]:
    """App, worker and a command beside them may all find it missing."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f".{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def replace(target: Path, write: Callable[[Path], None]) -> None:
    """Written beside and put in its place whole, so that a process that reads the former one isn't disturbed."""
    fresh = target.with_name(f".{target.name}.fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    write(fresh)
    _remember(fresh)
    damaged = target.with_name(f"{target.name}.damaged")
    if target.exists():
        shutil.rmtree(damaged, ignore_errors=True)
        target.rename(damaged)
    fresh.rename(target)
    shutil.rmtree(damaged, ignore_errors=True)


def damage(target: Path) -> str | None:
    """Why it can't be used. All of it is summed: a third of a second for 200 MB."""
    try:
        kept = (target / _COMPLETE).read_text()
        if not kept:  # unpacked before sums were kept: whole if its one large file is as long as it says
            _check_length(target / "model.safetensors")
            _remember(target)
            return None
        for name, (size, digest) in json.loads(kept).items():
            if (target / name).stat().st_size != size or file_hash(target / name) != digest:
                return f"{name} isn't as it was written"
    except (OSError, ValueError, TypeError, AttributeError) as error:
        return str(error)
    return None


def _remember(target: Path) -> None:
    files = sorted(p for p in target.rglob("*") if p.is_file() and p.name != _COMPLETE)
    sums = {str(p.relative_to(target)): [p.stat().st_size, file_hash(p)] for p in files}
    (target / _COMPLETE).write_text(json.dumps(sums))


def _check_length(weights: Path) -> None:
    """A safetensors file begins with the length of its header, which says where the last tensor ends. Raises
    ValueError.
    """
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        told = json.loads(file.read(min(length, 10_000_000)))
    end = max(tensor["data_offsets"][1] for name, tensor in told.items() if name != "__metadata__")
    if weights.stat().st_size != 8 + length + end:
        raise ValueError(f"{weights.name} is cut short")
