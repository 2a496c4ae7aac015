"""What CI asks before the tests: `python -m tests.checks [format|lint|types|layers|shape]`, called by `make check`."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "layers": ["lint-imports", "--no-cache"],
    # circles, and what is too long or too wide; it reads sources only
    "shape": ["pytest", "tests/test_architecture.py", "--noconftest"],
}


def main(wanted: list[str]) -> int:
    """All of them are run, so that one look tells everything."""
    failed = []
    for name in wanted or CHECKS:
        print(f"--- {name}", flush=True)
        program, *arguments = CHECKS[name]
        if subprocess.run([BIN / program, *arguments], cwd=ROOT).returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all good")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
