"""Leases are renewed while the work runs that they were taken for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger("linli.turns")


class Holding:
    """What one process is at: all leases in one statement, so that a thousand who wait for Rasa cost what one does.
    Touched on the event loop only.
    """

    def __init__(self, renew: Callable[[Collection[int]], Awaitable[object]], *, every: timedelta) -> None:
        self._renew, self._every_s = renew, every.total_seconds()
        self._ids: set[int] = set()
        self._renewing: asyncio.Task[None] | None = None

    @contextmanager
    def of(self, number: int) -> Iterator[None]:
        self._ids.add(number)
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            self._ids.discard(number)

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            if not self._ids:
                return
            try:
                await self._renew(tuple(self._ids))
            except SQLAlchemyError as error:  # a database that is busy; a lease lasts longer than that
                log.warning("leases %s", type(error).__name__)
