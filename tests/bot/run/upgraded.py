"""Upgrades that die by SIGKILL at their n-th statement. Only tests load it.

`python -m tests.bot.run.upgraded` reads lines such as `sqlite:///a.sqlite 7` and answers each with `killed` or `done`;
each is carried out by a fork, so that what takes seconds to load is loaded once.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event

from bot.db import migrate


def _kill_at(number: int) -> None:
    left = number

    @event.listens_for(Engine, "before_cursor_execute")
    def _count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    for line in sys.stdin:
        url, number = line.split()
        child = os.fork()
        if child == 0:
            _kill_at(int(number))
            migrate(url)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else "done" if status == 0 else f"failed {status}", flush=True)


class Upgrades:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, url: str, number: int) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{url} {number}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def upgrades() -> Iterator[Upgrades]:
    command = [sys.executable, "-m", "tests.bot.run.upgraded"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Upgrades(process)
        finally:
            assert process.stdin
            process.stdin.close()


if __name__ == "__main__":
    main()
