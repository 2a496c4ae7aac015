"""An app beside whatever else a process does."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from bot.app import create_app, create_internal_app
from bot.connections import Connection, open_more_files
from bot.parts import build_parts
from bot.settings import Settings


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


async def serve(settings: Settings) -> None:
    """The pages, and on loopback Rasa's calls, in one process."""
    open_more_files()
    parts = build_parts(settings)
    app = create_app(parts)
    servers = [
        uvicorn.Server(
            uvicorn.Config(
                create_internal_app(parts),
                host="127.0.0.1",
                port=settings.internal_port,
                log_level="warning",
                access_log=False,
            )
        ),
        _Server(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                http=Connection,
                forwarded_allow_ips=settings.trusted_proxies,
                log_level="warning",
                access_log=False,
            ),
            on_end=app.state.chat.live.end,
        ),
    ]
    await asyncio.gather(*(s.serve() for s in servers))


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
