"""Something changed."""

import asyncio
from collections.abc import Callable

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.cases.models import CaseEvent
from bot.conversations.models import Conversation, ConversationStatus, Message
from bot.staff.models import Notice

_LOOK_EVERY_S = 0.7


class Pulse:
    """A number that changes whenever a conversation does.

    One query a beat serves all open pages, also of several app processes.
    """

    def __init__(self, sessions: Callable[[], Session]) -> None:
        self._sessions = sessions
        self.value = ""
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def _look(self) -> str:
        with self._sessions() as session:
            newest = "-".join(str(session.scalar(select(func.max(t.id)))) for t in (Message, CaseEvent, Notice))
            counts = session.execute(
                select(func.count(), func.max(Conversation.updated_at)).where(
                    Conversation.status != ConversationStatus.bot
                )
            ).one()
            typing = session.scalar(select(func.max(Conversation.resident_typing_at)))
        return f"{newest}-{counts[0]}-{counts[1]}-{typing}"

    async def _beat(self) -> None:
        while True:
            try:
                now = await run_in_threadpool(self._look)
                if now != self.value:
                    self.value = now
                    self._changed.set()
                    self._changed = asyncio.Event()
            except Exception:  # a database that is busy is asked again at the next beat
                pass
            await asyncio.sleep(_LOOK_EVERY_S)

    async def wait(self, seconds: float, since: str | None = None) -> bool:
        """Until it is another than `since`, at most so long: whether it is."""
        if self._task is None:
            self._task = asyncio.create_task(self._beat())
        if since is not None and since != self.value:
            return True
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return False
        return True
