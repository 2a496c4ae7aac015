"""What people are told has been done lies on the disk, not only in the memory of a machine whose power may fail."""

import asyncio
import logging
from pathlib import Path

import anyio
from anyio import CapacityLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sqlite_files import wal_on_disk

log = logging.getLogger("linli.web")

_READING = ("GET", "HEAD", "OPTIONS")
_PATIENCE_S = 1.0  # a disk that is slower keeps nobody waiting for the answer itself


class Durable:
    """Before the answer to a deed leaves, the WAL is synced: `synchronous=NORMAL` leaves that to the next checkpoint,
    and who had read 登记好了 before a power cut might have had no case after it. One sync serves all who wait for it;
    with `synchronous=FULL` each of a turn's six commits would have its own. PostgreSQL does as much by itself.
    """

    def __init__(self, app: ASGIApp, *, database: Path | None) -> None:
        self._app, self._database = app, database
        self._turn, self._thread = asyncio.Lock(), CapacityLimiter(1)
        self._asked = self._covered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._database is None or scope["type"] != "http" or scope["method"] in _READING:
            await self._app(scope, receive, send)
            return
        database = self._database

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                try:
                    await asyncio.wait_for(self._synced(database), _PATIENCE_S)
                except (TimeoutError, OSError) as error:
                    log.warning("disk slow: %s", type(error).__name__)
            await send(message)

        await self._app(scope, receive, sent)

    async def _synced(self, database: Path) -> None:
        self._asked += 1
        mine = self._asked
        async with self._turn:
            if self._covered >= mine:
                return
            covered = self._asked  # whoever asked before it begins
            await anyio.to_thread.run_sync(wal_on_disk, database, limiter=self._thread, abandon_on_cancel=True)
            self._covered = covered
