"""`deploy/roll.sh`: one part after another, and none that nobody answers for meanwhile. Docker is a double that
notes what it is told.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.settings import ROOT

ROLL = ROOT / "deploy" / "roll.sh"
DOCKER = """#!/bin/sh
echo "$*" >> "$TOLD"
case "$*" in
    *" config "*) printf '%s\\n' nginx app2 app1 rasa10 rasa2 worker2 worker1 prepare postgres ;;
    *" ps "*) for one in $READY; do echo "$one healthy"; done ;;
    *" $FAILS") exit 1 ;;
esac
"""
ALL = "worker1 worker2 rasa2 rasa10 app1 app2"


def roll(folder: Path, *services: str, ready: str = ALL, fails: str = "nothing") -> tuple[int, list[str]]:
    """How it ended, and which services it put in, in their order."""
    docker, told = folder / "docker", folder / "told"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    environ = {"PATH": f"{folder}:{os.environ['PATH']}", "TOLD": str(told), "READY": ready, "FAILS": fails}
    done = subprocess.run([ROLL, *services], env={**os.environ, **environ}, capture_output=True, text=True)
    calls = told.read_text().splitlines() if told.exists() else []
    assert all(call.startswith("compose -f prefecture.compose.yml ") for call in calls)
    return done.returncode, [call.removeprefix("compose -f prefecture.compose.yml ") for call in calls]


def put_in(calls: list[str]) -> list[str]:
    return [call.split()[-1] for call in calls if call.startswith("up ")]


def test_tables_first_then_one_after_another(tmp_path: Path) -> None:
    code, calls = roll(tmp_path)
    assert code == 0
    assert calls[:3] == ["config --services", "build", "run --rm --no-deps prepare"]
    assert put_in(calls) == ALL.split()
    assert all("--wait " in call and "--no-deps" in call for call in calls if call.startswith("up "))


def test_what_doesnt_come_back_ends_it(tmp_path: Path) -> None:
    code, calls = roll(tmp_path, fails="app1")
    assert code != 0
    assert put_in(calls)[-1] == "app1"


def test_failed_tables_touch_nobody(tmp_path: Path) -> None:
    code, calls = roll(tmp_path, fails="prepare")
    assert (code != 0, put_in(calls)) == (True, [])


def test_the_only_one_that_is_there_stays(tmp_path: Path) -> None:
    code, calls = roll(tmp_path, "app1", ready="app1 rasa1 rasa2")
    assert (code, put_in(calls)) == (1, [])
    code, calls = roll(tmp_path, "nginx")
    assert (code != 0, put_in(calls)) == (True, [])


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
@pytest.mark.parametrize("script", sorted((ROOT / "deploy").glob("*.sh")), ids=lambda path: path.name)
def test_scripts_can_be_read(script: Path) -> None:
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", script], check=True)
