"""The whole suite: `python -m tests.suite`, called by `make test`; `fast`: the unit tests that take no patience; `nlu`:
those beside Rasa alone, which need its Python.

Anything else is handed to pytest as it is.
"""

import os
import subprocess
import sys
from collections.abc import Mapping

from bot.run.setup import RASA_VENV
from bot.settings import ROOT

# Their windows are a second long, so nothing may run beside them but what they start.
_IN_SECONDS = ["tests/bot/channels/wechat/test_kill.py"]
# A file stays with one of the two processes, so what it makes for all its tests is made once.
UNITS = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--ignore=tests/end_to_end"]
UNITS += [f"--ignore={file}" for file in _IN_SECONDS]
# One process: the end-to-end tests share one running stack.
ALONE = [*_IN_SECONDS, "tests/end_to_end"]


def run_all(environ: Mapping[str, str] = os.environ) -> int:
    """What is tested beside Rasa first, which must be well. The last part is run whatever the one before has found."""
    if failed := run_nlu(environ):
        return failed
    codes = [run(part, environ) for part in (UNITS, ALONE)]
    return next((code for code in codes if code), 0)


def run(arguments: list[str], environ: Mapping[str, str] = os.environ) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=dict(environ)).returncode


def run_nlu(environ: Mapping[str, str] = os.environ) -> int:
    """The rules of the training data are tested where Rasa lives; conftest belongs to the app's environment."""
    alone = ["-p", "no:cacheprovider", "--noconftest", "-c", os.devnull, "--rootdir", "."]
    return subprocess.run(
        [RASA_VENV / "bin" / "python", "-m", "pytest", "-q", *alone, "tests/nlu"],
        cwd=ROOT,
        env={**environ, "PYTHONPATH": str(ROOT)},
    ).returncode


def main(arguments: list[str]) -> int:
    if arguments == ["fast"]:
        return run([*UNITS, "-m", "not slow"])
    if arguments == ["nlu"]:
        return run_nlu()
    if arguments:
        return run(arguments)
    return run_all()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
