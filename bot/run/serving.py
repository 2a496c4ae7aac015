"""An app beside whatever else a process does."""

import asyncio
import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from bot.app import create_app, create_internal_app
from bot.connections import Connection, open_more_files
from bot.parts import build_parts
from bot.settings import Settings

_TURNS_END_S = 25.0  # Rasa is waited for 15 s


class _Server(uvicorn.Server):
    """Says that it ends before it waits for the connections, some of which are streams without an end."""

    def __init__(self, config: uvicorn.Config, *, on_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_end = on_end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_end()
        await super().shutdown(sockets)


def _nothing() -> None:
    pass


class _Told(_Server):
    """Is told to stop by whoever runs it, and by no signal: Rasa's calls are served until the last turn has ended."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> None:
    """The pages, and on loopback Rasa's calls, in one process. Told to stop it ends what is under way first."""
    open_more_files()
    parts = build_parts(settings)
    app = create_app(parts)
    inner = _Told(
        uvicorn.Config(
            create_internal_app(parts),
            host=settings.internal_host,
            port=settings.internal_port,
            log_level="warning",
            access_log=False,
        ),
        on_end=_nothing,
    )
    pages = _Told(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=Connection,
            forwarded_allow_ips=settings.trusted_proxies,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=int(_TURNS_END_S),
        ),
        on_end=app.state.chat.live.end,
    )
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, told.set)
    serving = [asyncio.create_task(server.serve()) for server in (pages, inner)]
    asked = asyncio.create_task(told.wait())
    await asyncio.wait([asked, *serving], return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    await _end_turns(app, drain_s=settings.drain_s if told.is_set() else 0.0)
    for server, task in zip((pages, inner), serving, strict=True):
        server.should_exit = True
        await task


async def _end_turns(app: FastAPI, *, drain_s: float) -> None:
    """What is new is refused from here on."""
    app.state.leave.is_going = True
    app.state.chat.live.end()  # an open page listens elsewhere
    deadline = time.monotonic() + _TURNS_END_S
    await asyncio.sleep(drain_s)
    while app.state.parts.turns.under_way and time.monotonic() < deadline:
        await asyncio.sleep(0.05)


@contextlib.contextmanager
def listening(app: ASGIApp, port: int, *, on_end: Callable[[], None] = _nothing, **more: Any) -> Iterator[None]:
    """On a port of the loopback, in a thread, until the block ends. `on_end`: before open connections are waited for;
    `more`: of `uvicorn.Config`.
    """
    server = _Server(
        uvicorn.Config(
            app,
            **{
                "host": "127.0.0.1",
                "port": port,
                "http": Connection,
                "log_level": "warning",
                "access_log": False,
                **more,
            },
        ),
        on_end=on_end,
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
