"""A zip, opened with care."""

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from knowledge.errors import FileRefused
from knowledge.importing.files import MOST_BYTES

MOST_FILES, MOST_UNPACKED = 2_000, 50_000_000
_ENTRY, _MOST_ENTRIES = b"PK\x01\x02", 20_000  # the mark of a directory entry; those of a docx inside count along
_NOISE = ("__macosx", "thumbs.db", "desktop.ini")
_BROKEN = "这个压缩包打不开，像是坏了。请重新打一个 .zip 再传。"


@dataclass(frozen=True)
class Given:
    """A file as it came: `problem` says why it can't be taken at all, and then there is no data."""

    path: str
    data: bytes = b""
    problem: str = ""


def of_zip(data: bytes) -> list[Given]:
    """Raises FileRefused for an archive that as a whole isn't safe to open."""
    if not data.startswith(b"PK"):
        raise FileRefused("请传 .zip 压缩包。.rar 和 .7z 读不了。")
    if data.count(_ENTRY) > _MOST_ENTRIES:  # before a directory of hundreds of thousands is made into objects
        raise FileRefused(f"压缩包里的文件太多，一次最多 {MOST_FILES} 个，请分成几个包。")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MOST_FILES:
                raise FileRefused(f"压缩包里有 {len(entries)} 个文件，一次最多 {MOST_FILES} 个，请分成几个包。")
            if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise FileRefused(f"压缩包解开以后太大，最多 {MOST_UNPACKED // 1_000_000} MB，请分成几个包。")
            if any(entry.flag_bits & 1 for entry in entries):
                raise FileRefused("这个压缩包加了密码。请先去掉密码再传。")
            return [_read(archive, entry) for entry in entries if not _is_noise(_name(entry))]
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise FileRefused(_BROKEN) from error


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Given:
    name = _name(entry)
    if not is_safe(name):
        return Given(name[-200:], problem="文件名指到了压缩包外面，没有读。")
    if stat.S_ISLNK(entry.external_attr >> 16):
        return Given(name, problem="这是一个链接，不是文件，没有读。")
    if entry.file_size > MOST_BYTES:
        return Given(name, problem=f"文件太大，最多 {MOST_BYTES // 1_000_000} MB。")
    try:
        return Given(name, archive.read(entry))  # no further than the size that the directory states
    except Exception:  # zlib, bz2 and lzma raise what they like over damaged data
        return Given(name, problem="压缩包里的这个文件坏了。")


def _name(entry: zipfile.ZipInfo) -> str:
    """Windows in China writes GBK and marks nothing."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def is_safe(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return (
        bool(name)
        and len(name) <= 300
        and not path.is_absolute()
        and ".." not in path.parts
        and ":" not in name
        and not any(ord(c) < 32 for c in name)
    )


def _is_noise(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.lower() in _NOISE or (part.startswith((".", "~$")) and part != "..") for part in parts)


def of_folder(folder: Path) -> Iterator[Given]:
    """Links are not followed."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_noise(name) and not (Path(where) / name).is_symlink())
        for name in sorted(names):
            path = Path(where) / name
            if _is_noise(name) or path.is_symlink() or not path.is_file():
                continue
            relative = path.relative_to(folder).as_posix()
            if path.stat().st_size > MOST_BYTES:
                yield Given(relative, problem=f"文件太大，最多 {MOST_BYTES // 1_000_000} MB。")
            else:
                yield Given(relative, path.read_bytes())
