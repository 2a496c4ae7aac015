"""A machine without a network installs from the folder that `linli bundle` made, or says what is wrong with it."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from bot.run import bundling, setup
from bot.run.bundle import ABOUT, FRONT_END, SUMS, Bundle, BundleUnfit, opened
from tests.bot.run.test_setup import first_start, refused

_FROM = {"app": "1", "rasa": "2", "front-end": "3"}


def wheel(folder: Path, name: str) -> None:
    """A package that pip can install: its one module says hello."""
    source = folder / f"source-of-{name}"
    source.mkdir(parents=True)
    (source / f"{name}.py").write_text("hello = 1\n")
    (source / "setup.py").write_text(
        f"from setuptools import setup\nsetup(name={name!r}, version='1.0', py_modules=[{name!r}])\n"
    )
    wheels = folder / "app"
    asked = ["wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(source)]
    subprocess.run([sys.executable, "-m", "pip", *asked], check=True, capture_output=True)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """As `linli bundle` leaves it, of one small package and one part of the front end."""
    folder, parts = tmp_path / "bundle", tmp_path / "node_modules" / "htmx.org"
    wheel(folder, "greeting")
    for source in folder.glob("source-of-*/**/*"):
        if source.is_file():
            source.unlink()
    (folder / "app.lock").write_text(bundling._lock_of(folder / "app"))
    parts.mkdir(parents=True)
    (parts / "htmx.min.js").write_text("// htmx")
    bundling.pack_front_end(tmp_path / "node_modules", folder / FRONT_END)
    (folder / ABOUT).write_text(json.dumps({"machine": platform.machine(), "made_from": _FROM}))
    bundling.seal(folder)
    return folder


def install(venv: Path, held: Bundle) -> subprocess.CompletedProcess[str]:
    """In a fresh environment, as `bot/run/setup.py` asks pip, with an index in the settings that answers nobody."""
    subprocess.run([sys._base_executable, "-m", "venv", venv], check=True)
    asked = [venv / "bin" / "python", "-m", "pip", "install", "-q", *held.pip("app")]
    environ = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    return subprocess.run(asked, capture_output=True, text=True, env=environ)


def test_what_was_bundled_is_installed_without_a_network(bundle: Path, tmp_path: Path) -> None:
    held = opened(bundle, made_from=_FROM)
    done = install(tmp_path / "venv", held)
    assert done.returncode == 0, done.stderr
    ran = [tmp_path / "venv" / "bin" / "python", "-c", "import greeting; print(greeting.hello)"]
    assert subprocess.run(ran, capture_output=True, text=True).stdout == "1\n"
    held.unpack_front_end(tmp_path / "home")
    assert (tmp_path / "home" / "node_modules" / "htmx.org" / "htmx.min.js").read_text() == "// htmx"


def test_pip_refuses_a_wheel_that_was_changed_afterwards(bundle: Path, tmp_path: Path) -> None:
    """Also somebody who skipped our own look at the sums."""
    held = opened(bundle, made_from=_FROM)
    [file] = (bundle / "app").iterdir()
    file.write_bytes(file.read_bytes() + b"\0")
    done = install(tmp_path / "venv", held)
    assert done.returncode != 0
    assert "HASHES" in done.stderr


@pytest.mark.parametrize("name", [FRONT_END, "app.lock", ABOUT])
def test_one_wrong_byte_is_named(bundle: Path, name: str) -> None:
    file = bundle / name
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(BundleUnfit, match=name):
        opened(bundle, made_from=_FROM)


def test_a_missing_file_is_named(bundle: Path) -> None:
    (bundle / FRONT_END).unlink()
    with pytest.raises(BundleUnfit, match=FRONT_END):
        opened(bundle, made_from=_FROM)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"made_from": {**_FROM, "app": "another"}}, "另一个版本"),
        ({"made_from": _FROM, "machine": "riscv64"}, "riscv64"),
        ({}, "另一个版本"),
    ],
)
def test_a_bundle_of_another_version_or_machine_is_refused(bundle: Path, told: dict[str, object], said: str) -> None:
    (bundle / ABOUT).write_text(json.dumps(told))
    bundling.seal(bundle)
    with pytest.raises(BundleUnfit, match=said):
        opened(bundle, made_from=_FROM)


@pytest.mark.parametrize("sums", ["", "no sum at all\n"])
def test_a_list_of_sums_that_is_none_is_refused(bundle: Path, sums: str) -> None:
    (bundle / SUMS).write_text(sums)
    with pytest.raises(BundleUnfit, match="清单坏了"):
        opened(bundle, made_from=_FROM)


def test_sha256sum_reads_the_list(bundle: Path) -> None:
    checked = ["sha256sum", "--quiet", "-c", SUMS]
    assert subprocess.run(checked, cwd=bundle).returncode == 0
    (bundle / "app.lock").write_text("")
    assert subprocess.run(checked, cwd=bundle, capture_output=True).returncode != 0


def test_make_serve_says_that_the_folder_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3.11").symlink_to(sys._base_executable)
    (tmp_path / "empty").mkdir()
    done = first_start(tmp_path / "home", tmp_path / "bin", LINLI_BUNDLE=str(tmp_path / "empty"))
    assert "没有邻里的安装包" in refused(done)


def test_this_checkout_is_what_a_bundle_is_made_from(bundle: Path) -> None:
    assert set(setup.bundled()) == set(_FROM)
    with pytest.raises(BundleUnfit, match="另一个版本"):
        opened(bundle, made_from=setup.bundled())
