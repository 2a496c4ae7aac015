"""A conversation's news as a stream of server-sent events.

The page reads it with `fetch`, since an `EventSource` can't send the token of an embedding page. Each event holds what
`GET /api/widget/messages` answers; a page that gets none goes on asking there.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from actions.storable import MOST_NUMBER
from bot.conversations import messages
from bot.conversations.models import Conversation, Message
from bot.web.limits import address_of
from bot.web.resident.chat import Chat, Mine
from bot.web.resident.live import Live, Stream
from bot.web.resident.shown import news_json

QUIET_S = 15.0  # nginx gives up after a minute without a byte, some telephones' networks sooner
LASTS_S = 300.0  # then the page comes back with the last message it shows
_TRIES = 60  # a conversation may come back so often in a minute

router = APIRouter(prefix="/api/widget")


class _Told(StreamingResponse):
    """Whoever closes the page gives the room back, also before the first word."""

    def __init__(self, live: Live, stream: Stream, said: AsyncIterator[str]) -> None:
        # nginx would collect what is said until a few kilobytes are there
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(said, media_type="text/event-stream", headers=headers)
        self._live, self._stream = live, stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._live.leave(self._stream)


@router.get("/events")
async def events(request: Request, held: Mine, after: int = 0) -> StreamingResponse:
    """`after`: the last message the page has."""
    chat, own = held.chat, held.conversation
    await run_in_threadpool(chat.limit.check, f"listen {own.id}", _TRIES)
    stream = chat.live.listen(own.id, own.page_count, address=address_of(request))
    return _Told(chat.live, stream, _said(chat, stream, max(0, min(after, MOST_NUMBER))))


async def _said(chat: Chat, stream: Stream, after: int) -> AsyncIterator[str]:
    """At once, and again whenever there is news; in between a line that keeps the connection open."""
    clock, told = asyncio.get_running_loop().time, None
    until = clock() + LASTS_S
    while not stream.is_over and clock() < until:
        found = await run_in_threadpool(_news, chat, stream.conversation_id, after)
        if found is None:
            return
        if found != told:
            yield f"data: {json.dumps(found, ensure_ascii=False)}\n\n"
        after = max((m["id"] for m in found["messages"]), default=after)
        is_full, told = len(found["messages"]) >= messages.AT_ONCE, {**found, "messages": []}
        while not is_full and not await stream.wait(QUIET_S):
            if clock() >= until:
                return
            yield ": still here\n\n"


def _news(chat: Chat, conversation_id: str, after: int) -> dict[str, Any] | None:
    """None: the conversation was deleted."""
    with chat.sessions() as session:
        found = messages.messages_after(session, conversation_id, after)
        conversation = session.get(Conversation, conversation_id)  # as it stands with them, not as it stood before
        return _json(chat, conversation, found) if conversation else None


def _json(chat: Chat, conversation: Conversation, found: Sequence[Message]) -> dict[str, Any]:
    return news_json(conversation, found, degraded=chat.degraded(), files=chat.files)
