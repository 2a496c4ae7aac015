"""The first start on machines where something is missing: one sentence, an exit code, no stack trace; again goes on."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.run import setup
from bot.run.setup import SetupFailed, pinned
from bot.run.stack import Stack
from bot.settings import ROOT, Settings
from tests.ports import free_port


def first_start(home: Path, path: Path | str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.run.setup", "doctor"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={
            "PATH": str(path),
            "LINLI_HOME": str(home),
            "PYTHONUTF8": "1",
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            **environ,
        },
    )


def fake_python(folder: Path, version: str, pip: str) -> None:
    """A Python of that version whose environments have a `pip` that runs the shell line `pip`."""
    folder.mkdir(exist_ok=True)
    script = folder / f"python{version}"
    script.write_text(f"""#!/bin/sh
case "$1" in
-c) echo {version} ;;
-m) /bin/mkdir -p "$4/bin"; printf '#!/bin/sh\\n%s\\n' '{pip}' > "$4/bin/python"; /bin/chmod +x "$4/bin/python" ;;
esac
""")
    script.chmod(0o755)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr.strip().splitlines()[-1]


def test_a_missing_python_is_named(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    assert "找不到 Python 3.11" in refused(first_start(tmp_path / "home", tmp_path / "bin"))


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    fake_python(tmp_path / "bin", "3.11", 'echo "ERROR: [Errno 28] No space left on device"; exit 1')
    assert "磁盘满了" in refused(first_start(tmp_path / "home", tmp_path / "bin"))


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    assert "LINLI_HOME" in refused(first_start(Path("/proc/linli"), tmp_path))


def test_no_network_is_said_and_the_next_run_goes_on(tmp_path: Path) -> None:
    offline = 'echo "NewConnectionError: Failed to establish a new connection"; exit 1'
    fake_python(tmp_path / "bin", "3.11", '/bin/touch "${0%/*}/linli"')  # what the step makes
    fake_python(tmp_path / "bin", "3.10", offline)
    home = tmp_path / "home"
    assert "连不上软件仓库" in refused(first_start(home, tmp_path / "bin"))
    assert (home / "steps" / "venv-app").exists(), "what was done is kept"
    assert not (home / "steps" / "venv-rasa").exists()
    fake_python(tmp_path / "bin", "3.10", '/bin/touch "${0%/*}/rasa"')
    done = first_start(home, tmp_path / "bin")
    assert "应用环境" not in done.stderr, "not installed again"
    assert (home / "steps" / "venv-rasa").exists()


def test_a_real_pip_without_network_is_understood(tmp_path: Path) -> None:
    python = tmp_path / "bin"
    python.mkdir()
    (python / "python3.11").symlink_to(sys._base_executable)
    done = first_start(
        tmp_path / "home",
        python,
        LINLI_TORCH="no-such-package-of-ours",
        PIP_CONFIG_FILE=os.devnull,
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_RETRIES="1",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
    )
    assert "连不上软件仓库" in refused(done)


def test_a_taken_port_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("LINLI_HOME", str(tmp_path))
        monkeypatch.setenv("LINLI_PORT", str(port))
        with pytest.raises(SetupFailed, match=f"端口 {port} "):
            Stack(Settings())


def test_no_secret_stands_among_the_arguments_of_a_process(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, port=free_port(), internal_port=free_port(), rasa_port=free_port())
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "rasa").write_text("-3kQ")
    stack = Stack(settings)
    rasa = next(c for c in stack.children if c.name == "rasa")
    assert not any("-3kQ" in argument for child in stack.children for argument in child.command), "ps shows them"
    assert rasa.environ["LINLI_RASA_SECRET"] == "-3kQ"
    stack.stop()


def test_threads_of_app_and_worker_share_what_was_freed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path, port=free_port(), internal_port=free_port(), rasa_port=free_port())
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    stack = Stack(settings)
    arenas = {child.name: child.environ.get("MALLOC_ARENA_MAX") for child in stack.children}
    stack.stop()
    assert (arenas["app"], arenas["worker"]) == ("2", "2")
    monkeypatch.setenv("MALLOC_ARENA_MAX", "1")
    stack = Stack(settings)
    assert stack.children[0].environ["MALLOC_ARENA_MAX"] == "1", "who chose another number keeps it"
    stack.stop()


def test_nothing_that_serves_needs_a_package_of_the_tests() -> None:
    """Every module of ours is imported where the packages of `requirements-test.lock` can't be."""
    lock = pinned(ROOT / "requirements-test.lock")
    code = """
import importlib, importlib.abc, importlib.metadata, pkgutil, sys
names = {line.partition("==")[0].lower().replace("_", "-") for line in sys.argv[1:]}
top = {m for m, owners in importlib.metadata.packages_distributions().items()
       if owners and all(o.lower().replace("_", "-") in names for o in owners)}
assert {"pytest", "playwright", "hypothesis", "wechatpy"} <= top, top

class Gone(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in top:
            raise ModuleNotFoundError(f"{name} is of the tests")

sys.meta_path.insert(0, Gone())
import actions, bot, knowledge
for floor in (actions, bot, knowledge):
    for found in pkgutil.walk_packages(floor.__path__, floor.__name__ + "."):
        if not found.name.startswith(("bot.nlu", "bot.migrations")) and not found.name.endswith("__main__"):
            importlib.import_module(found.name)
"""
    done = subprocess.run([sys.executable, "-c", code, *lock], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_locks_share_nothing() -> None:
    names = ("requirements.lock", "requirements-test.lock", "requirements-milvus.lock")
    run, test, milvus = ({line.partition("==")[0] for line in pinned(ROOT / name)} for name in names)
    assert run & test == run & milvus == test & milvus == set()
    assert {"pytest", "mypy", "ruff", "playwright", "schemathesis", "wechatpy"} <= test


_FEWEST = {"requirements-milvus.lock": 4, "tests/scale/requirements.lock": 1}


@pytest.mark.parametrize("name", setup._LOCKS)
def test_every_package_of_a_lock_has_a_version_and_sums(name: str) -> None:
    """`make locks` writes them; pip's --require-hashes would stop at the first that has none, on somebody's machine."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    bad = [line[:60] for line in lines if not re.fullmatch(r"[\w.-]+==[\w.+!]+( +--hash=sha256:[0-9a-f]{64})+ *", line)]
    assert bad == []
    assert len(lines) == len(pinned(ROOT / name)) >= _FEWEST.get(name, 30)


def test_no_install_is_made_without_sums_but_torch_and_our_own_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(setup, "HOME", tmp_path)
    monkeypatch.setattr(setup, "_make_venv", lambda venv, version: None)
    monkeypatch.setattr(setup, "_pip", lambda venv, *arguments: asked.append(list(arguments)))
    for environment in (
        setup.app_environment,
        setup.rasa_environment,
        setup.test_environment,
        setup.milvus_environment,
    ):
        environment()
    loose = [a for a in asked if "--require-hashes" not in a]
    assert [a[-1] for a in loose] == [str(tmp_path / "torch.txt"), str(ROOT)]
    assert "--no-build-isolation" in loose[1], "or pip fetches what builds it, unseen"


def test_torch_is_checked_by_the_sum_that_somebody_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "HOME", tmp_path)
    monkeypatch.setenv("LINLI_TORCH", f"torch==2.13.0 --hash=sha256:{'0' * 64}")
    monkeypatch.setenv("LINLI_TORCH_INDEX", "https://example.invalid/cpu")
    file = str(tmp_path / "torch.txt")
    assert setup.torch() == ["-r", file, "--no-deps", "--index-url", "https://example.invalid/cpu"]
    assert (tmp_path / "torch.txt").read_text() == f"torch==2.13.0 --hash=sha256:{'0' * 64}\n"


def test_a_step_is_done_again_when_what_it_made_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "HOME", tmp_path)
    made = tmp_path / "model"
    assert setup.step("model", "inputs", made.touch, makes=made)
    assert not setup.step("model", "inputs", made.touch, makes=made)
    made.unlink()
    assert setup.step("model", "inputs", made.touch, makes=made)
    assert made.exists()
