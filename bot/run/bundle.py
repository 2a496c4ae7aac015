"""A folder with all packages, made by `linli bundle` where there is a network, used where there is none.

Read before anything is installed: the standard library only.
"""

import hashlib
import json
import platform
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SUMS, ABOUT, FRONT_END = "SHA256SUMS", "about.json", "front-end.zip"  # SUMS as `sha256sum -c` reads it


class BundleUnfit(Exception):
    """One sentence that says what to do."""


@dataclass(frozen=True)
class Bundle:
    folder: Path

    def pip(self, environment: str) -> list[str]:
        """What `pip install` gets for `app` or `rasa`: nothing from elsewhere, each file by its sum."""
        wheels, lock = self.folder / environment, self.folder / f"{environment}.lock"
        return [
            "--isolated",
            "--no-index",
            "--find-links",
            str(wheels),
            "--no-deps",
            "--require-hashes",
            "-r",
            str(lock),
        ]

    def unpack_front_end(self, into: Path) -> None:
        with zipfile.ZipFile(self.folder / FRONT_END) as packed:
            packed.extractall(into)


def opened(folder: Path, *, made_from: Mapping[str, str]) -> Bundle:
    """After a look at every file. `made_from`: digests of the locks that it must have been made from.

    Raises BundleUnfit.
    """
    try:
        told = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        sums = list(_sums(folder / SUMS))
    except (OSError, ValueError) as error:
        raise BundleUnfit(
            f"{folder} 里没有邻里的安装包，或者清单坏了（{error}）。请用 linli bundle 再做一份。"
        ) from error
    if told.get("made_from") != dict(made_from):
        raise BundleUnfit(f"{folder} 是给另一个版本的邻里做的，请在这个版本里用 linli bundle 再做一份。")
    if told.get("machine") != platform.machine():
        raise BundleUnfit(f"{folder} 是给 {told.get('machine')} 的机器做的，这台是 {platform.machine()}。")
    for name, wanted in sums:
        if not (folder / name).is_file() or sum_of(folder / name) != wanted:
            raise BundleUnfit(f"安装包里的 {name} 缺了或者坏了，请从原来的地方再拷一遍 {folder}。")
    return Bundle(folder)


def _sums(path: Path) -> Iterator[tuple[str, str]]:
    """Raises ValueError where a line is none, or there is no line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines:
        raise ValueError("SHA256SUMS is empty")
    for line in lines:
        wanted, name = line.split("  ", 1)
        yield name, wanted


def sum_of(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            sha.update(piece)
    return sha.hexdigest()
