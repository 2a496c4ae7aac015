"""A backup as one file: tar, gzip, and sealed if there is a passphrase. The manifest stands first."""

import contextlib
import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, cast

from bot.keeping import manifest
from bot.keeping.errors import BackupDamaged, PassphraseWrong
from bot.keeping.manifest import File, Manifest
from bot.keeping.sealing import MAGIC, Opening, Sealing
from knowledge.normalise import file_hash

_PIECE = 1 << 20
_LEVEL = 3  # of gzip: a third of the time of 9, some hundredths more of the size


def summed(folder: Path) -> tuple[File, ...]:
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    return tuple(File(str(p.relative_to(folder)), p.stat().st_size, file_hash(p)) for p in paths)


def write(told: Manifest, folder: Path, target: Path, *, passphrase: str = "") -> None:
    """The files that the manifest names, from `folder`. Readable by its owner alone; there whole or not at all."""
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            with _sealed(out, passphrase) as sink:
                _fill(told, folder, sink)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
        _on_disk(target.parent)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _sealed(out: IO[bytes], passphrase: str) -> Iterator[IO[bytes]]:
    if not passphrase:
        yield out
        return
    sealing = Sealing(out, passphrase)
    yield cast("IO[bytes]", sealing)
    sealing.close()


def _fill(told: Manifest, folder: Path, sink: IO[bytes]) -> None:
    with (
        gzip.GzipFile(filename="", fileobj=sink, mode="wb", compresslevel=_LEVEL) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        content = told.to_json()
        tar.addfile(_entry(manifest.NAME, len(content)), io.BytesIO(content))
        for file in told.files:
            with (folder / file.name).open("rb") as read:
                tar.addfile(_entry(file.name, file.size), read)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _on_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_sealed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read(path: Path, *, passphrase: str = "", into: Path | None = None) -> Manifest:
    """What it holds, each byte compared with the manifest, and laid down `into` a folder if one is given. Raises
    BackupDamaged and PassphraseWrong; what lies in the folder then is worth nothing.
    """
    try:
        with path.open("rb") as file, _opened(file, path, passphrase) as tar:
            return _read(tar, into)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise BackupDamaged(f"{path.name} 不是邻里的备份，或者已经坏了。") from error


@contextlib.contextmanager
def _opened(file: IO[bytes], path: Path, passphrase: str) -> Iterator[tarfile.TarFile]:
    source = file
    if is_sealed(path):
        if not passphrase:
            raise PassphraseWrong(f"{path.name} 是加密的，请给出口令。")
        source = cast("IO[bytes]", Opening(file, passphrase))
    with gzip.GzipFile(fileobj=source, mode="rb") as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as tar:
        yield tar
        while unpacked.read(_PIECE):  # to the very end: what follows the last file is summed by gzip too
            pass


def _read(tar: tarfile.TarFile, into: Path | None) -> Manifest:
    first = tar.next()
    content = tar.extractfile(first) if first and first.name == manifest.NAME else None
    if content is None:
        raise BackupDamaged("这不是邻里的备份：里面没有清单。")
    told = Manifest.from_json(content.read(10_000_000))
    expected = {f.name: f for f in told.files}
    while (entry := tar.next()) is not None:
        file, held = expected.pop(entry.name, None), tar.extractfile(entry)
        if file is None or held is None or entry.size != file.size:
            raise BackupDamaged(f"{entry.name} 和清单对不上，这份备份不能用。")
        with closing(held):
            if _laid_down(held, into / file.name if into else None) != file.sha256:
                raise BackupDamaged(f"{file.name} 的内容变了，这份备份不能用。")
    if expected:
        raise BackupDamaged(f"缺了 {'、'.join(expected)}，这份备份不能用。")
    return told


def _laid_down(held: IO[bytes], target: Path | None) -> str:
    """Its SHA-256."""
    sha = hashlib.sha256()
    with contextlib.ExitStack() as stack:
        out = None
        if target is not None:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            out = stack.enter_context(os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb"))
        while piece := held.read(_PIECE):
            sha.update(piece)
            if out is not None:
                out.write(piece)
    return sha.hexdigest()
