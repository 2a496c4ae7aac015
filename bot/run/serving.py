"""An app beside whatever else a process does."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from bot.app import create_app, create_internal_app
from bot.parts import build_parts
from bot.settings import Settings


async def serve(settings: Settings) -> None:
    """The pages, and on loopback Rasa's calls, in one process."""
    parts = build_parts(settings)
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
        uvicorn.Server(
            uvicorn.Config(
                create_app(parts),
                host=settings.host,
                port=settings.port,
                forwarded_allow_ips=settings.trusted_proxies,
                log_level="warning",
                access_log=False,
            )
        ),
    ]
    await asyncio.gather(*(s.serve() for s in servers))


@contextlib.contextmanager
def listening(app: ASGIApp, port: int, **more: Any) -> Iterator[None]:
    """On a port of the loopback, in a thread, until the block ends. `more`: of `uvicorn.Config`."""
    server = uvicorn.Server(
        uvicorn.Config(app, **{"host": "127.0.0.1", "port": port, "log_level": "warning", "access_log": False, **more})
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
