"""Builds, publications and imports that die by SIGKILL at their n-th file or statement. Only tests load it.

`python -m tests.knowledge.killed URL FOLDER` reads lines such as `build 7` and answers each with `killed` or `done`.
What takes seconds to load is loaded once; each line is carried out by a fork.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from bot.db import make_engine, make_sessions
from knowledge.encoder.cache import VectorCache
from knowledge.exchange import corpus
from knowledge.search import building as index_building
from tests.conftest import CORPUS, DAY
from tests.fakes import PairEmbedder

# where the path stands among the arguments
_TOUCHES = {"open": 0, "os.rename": 0, "os.mkdir": 0, "os.remove": 0, "os.rmdir": 0}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_file(number: int, folder: Path) -> None:
    """Before the n-th time that Python opens, renames, makes or removes something below the folder."""
    left = number

    def hook(name: str, args: tuple[Any, ...]) -> None:
        nonlocal left
        if (
            name in _TOUCHES
            and isinstance(args[0], (str, bytes, os.PathLike))
            and os.fsdecode(args[0]).startswith(str(folder))
        ):
            left -= 1
            if left == 0:
                _die()

    sys.addaudithook(hook)


def kill_at_statement(number: int, engine: Engine) -> None:
    left = number

    @event.listens_for(engine, "before_cursor_execute")
    def _count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            _die()


def carry_out(what: str, number: int, session: Session, folder: Path, engine: Engine) -> None:
    root, cache = folder / "snapshots", VectorCache(folder / "vectors.sqlite")
    if what == "import":
        kill_at_statement(number, engine)
        corpus.import_corpus(session, CORPUS)
        session.commit()
        return
    kill_at_file(number, root)
    given = {"root": root, "embedder": PairEmbedder(), "cache": cache, "today": DAY}
    if what == "build":
        index_building.build_snapshot(session, **given)  # type: ignore[arg-type]
    else:
        index_building.update_delta(session, **given)  # type: ignore[arg-type]


def main(url: str, folder: Path) -> None:
    for line in sys.stdin:
        what, number = line.split()
        child = os.fork()
        if child == 0:
            engine = make_engine(url)
            with make_sessions(engine)() as session:
                carry_out(what, int(number), session, folder, engine)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(
            "killed"
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            else "done"
            if status == 0
            else f"failed {status}",
            flush=True,
        )


class Mortal:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, what: str, number: int) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{what} {number}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def mortal(url: str, folder: Path) -> Iterator[Mortal]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.knowledge.killed", url, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Mortal(process)
    finally:
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
