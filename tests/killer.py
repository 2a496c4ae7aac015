"""Ends a process by SIGKILL just before or just after one of its database commits. Only tests load it.

`python -m tests.killer FILE` is the app: the process that serves dies as FILE says (`3 before`: at the third commit
from when the file appeared; `3 before 4711`: the process group 4711 dies instead), and another one is forked in its
place. What takes seconds to load is loaded before the fork.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

_stock = DefaultDialect.do_commit

# Processes forked from a server that has imported everything and done nothing: a real death for 30 ms.
FORKS = multiprocessing.get_context("forkserver")
_preloaded: list[str] = []


def preload(module: str) -> None:
    """To be called while modules are imported: the server is one for all of them, and starts with the first process."""
    _preloaded.append(module)
    FORKS.set_forkserver_preload(_preloaded)


@dataclass(frozen=True)
class Order:
    number: int  # of the commit, from 1
    moment: str  # before, after
    victim: int | None = None  # a process group; None: the process that commits


def install(order: Callable[[], Order | None], *, fired: Callable[[], None] = lambda: None) -> None:
    """Commits are counted while there is an order; `fired` is told just before the kill."""
    count, lock = 0, threading.Lock()

    def die(given: Order) -> None:
        fired()
        if given.victim is None:
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            os.killpg(given.victim, signal.SIGKILL)

    def do_commit(self: DefaultDialect, connection: Any) -> None:
        nonlocal count
        given = order()
        with lock:
            count = count + 1 if given else 0
            is_it = given is not None and count == given.number
        if given and is_it and given.moment == "before":
            die(given)
        _stock(self, connection)
        if given and is_it and given.moment == "after":
            die(given)

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]


def read(file: Path) -> Order | None:
    try:
        number, moment, *victim = file.read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return Order(int(number), moment, int(victim[0]) if victim else None)


def _end(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGTERM)


def app_command(file: Path) -> list[str]:
    return [sys.executable, "-m", "tests.killer", str(file)]


def main(file: Path) -> None:
    from bot import parts
    from bot.run.serving import serve
    from bot.settings import Settings

    settings = Settings()
    embedder = parts.load_embedder(
        settings.cache, model=settings.model, learned=settings.learned, threads=settings.encoder_threads
    )
    parts.load_embedder = lambda *_, **__: embedder
    install(lambda: read(file), fired=file.unlink)
    while True:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            asyncio.run(serve(settings))
            os._exit(0)
        signal.signal(signal.SIGTERM, lambda *_, child=child: _end(child))
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
