"""An app beside whatever else a process does."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp


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
