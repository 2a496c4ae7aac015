"""Making the folder that `bot/run/bundle.py` reads: wheels of both Pythons, the console's parts, a sum for each."""

import importlib.util
import json
import platform
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from packaging.utils import parse_wheel_filename

from bot.run import setup
from bot.run.bundle import ABOUT, FRONT_END, SUMS, sum_of
from bot.run.setup import APP_VENV, RASA_VENV, SetupFailed, say
from bot.settings import ROOT, Settings

_LOCKS = {"app": "requirements.lock", "rasa": "bot/requirements.txt"}


def make(settings: Settings, folder: Path) -> str:
    """The sum of the list of sums, by which a copy is known again. Raises SetupFailed."""
    if folder.exists() and any(folder.iterdir()):
        raise SetupFailed(f"{folder} 里已经有东西了，请换一个空文件夹。")
    if importlib.util.find_spec("nvidia"):
        raise SetupFailed("这里装的是显卡版 torch；请先设 LINLI_TORCH_INDEX 装 CPU 版（见 README），再做安装包。")
    folder.mkdir(parents=True, exist_ok=True)
    for environment, python in (("app", APP_VENV / "bin" / "python"), ("rasa", RASA_VENV / "bin" / "python")):
        say(f"收集 {environment} 的软件包……")
        wheels = folder / environment
        _pip(
            python,
            "download",
            "--no-deps",
            "--require-hashes",
            "-r",
            str(ROOT / _LOCKS[environment]),
            "-d",
            str(wheels),
        )
        if environment == "app":
            _pip(python, "download", "--no-deps", *setup.torch(), "-d", str(wheels))
        _build_what_has_no_wheel(python, wheels)
        (folder / f"{environment}.lock").write_text(_lock_of(wheels), encoding="utf-8")
    say("收集工作台的前端部件……")
    pack_front_end(settings.vendor, folder / FRONT_END)
    about = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.machine(),
        "made_from": setup.bundled(),
    }
    (folder / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return seal(folder)


def seal(folder: Path) -> str:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != SUMS)
    lines = [f"{sum_of(path)}  {path.relative_to(folder)}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
    return sum_of(folder / SUMS)


def pack_front_end(parts: Path, target: Path) -> None:
    """`parts`: node_modules, as `npm ci` checked it by the sums of package-lock.json."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(parts.rglob("*")):
            if path.is_file() and not path.is_symlink():
                packed.write(path, path.relative_to(parts.parent))


def _build_what_has_no_wheel(python: Path, wheels: Path) -> None:
    """Here, where what building needs can be fetched; its sum was compared when it was downloaded."""
    for source in [p for p in wheels.iterdir() if p.suffix != ".whl"]:
        _pip(python, "wheel", "--no-deps", "-w", str(wheels), str(source))
        source.unlink()


def _lock_of(wheels: Path) -> str:
    """What was built here has a sum of its own, so the bundle has locks of its own."""
    lines = []
    for path in sorted(wheels.iterdir()):
        name, version, *_ = parse_wheel_filename(path.name)
        lines.append(f"{name}=={version} --hash=sha256:{sum_of(path)}\n")
    return "".join(lines)


def _pip(python: Path, *arguments: str) -> None:
    done = subprocess.run([python, "-m", "pip", *arguments, "-q", "--no-input"], capture_output=True, text=True)
    if done.returncode:
        raise SetupFailed(f"没有收齐：{done.stderr.strip()[-500:]}")
