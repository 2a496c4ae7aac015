"""The app's own loops: what waits is answered, what is due goes out, each channel looks after itself.

What is due goes out here and not in the worker: an answer that missed its passive reply should be on the telephone
within seconds, and the worker, at low priority, may be at a statute's vectors for longer.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from sqlalchemy.exc import DatabaseError

from bot.alarms.sending import Sending
from bot.channels.base import Channel
from bot.connections import Leave
from bot.conversations import claims, delivery
from bot.parts import Parts
from bot.writing.once import Once
from knowledge.errors import VectorsAway

log = logging.getLogger("linli.app")

_ROUND_S, _WATCH_S, _VECTORS_S = 1, 2, 5
_LIES = timedelta(seconds=2)  # a message so young is being answered by the request that brought it


@dataclass
class Background:
    parts: Parts
    channels: Sequence[Channel]
    sending: Sending | None = None  # of alarms; None where no robot is set
    once: Once | None = None  # None: no other app is there
    leave: Leave = field(default_factory=Leave)
    is_rasa_ready: bool = True  # as the last look found it

    def start(self) -> list[asyncio.Task[None]]:
        """Claims of a process that was killed are ended first; of a damaged database they lapse by themselves, and
        whoever is in danger is told what to do all the same.
        """
        try:
            with self.parts.sessions() as session:
                claims.end_those_of_the_dead(session)
        except DatabaseError as error:  # no words of residents: parameters are hidden
            log.error("the database can't be written; run `linli doctor`: %s", error.orig)
        rings = [self.ring(self.sending)] if self.sending else []
        loops = [
            self.watch(),
            self.tell(),
            self.find_vectors(),
            *rings,
            *(loop(c) for c in self.channels for loop in (self.deliver, self.tend)),
        ]
        return [asyncio.create_task(loop) for loop in loops]

    async def deliver(self, channel: Channel) -> None:
        """What this channel's people haven't got yet goes out as soon as it may."""
        await self._again_and_again(f"{channel.kind} deliver account={channel.name}", channel.deliver_due)

    async def tend(self, channel: Channel) -> None:
        """Of several apps one at a time: people would be asked twice who they are."""
        await self._again_and_again(f"{channel.kind} tend account={channel.name}", partial(self._tend, channel))

    def _tend(self, channel: Channel) -> None:
        once = self.once
        with once.held(f"tend-{channel.kind}-{channel.name}") if once else contextlib.nullcontext(True) as is_ours:
            if is_ours:
                channel.tend()

    async def ring(self, sending: Sending) -> None:
        """Outside our own pages, for whoever may be in danger."""
        await self._again_and_again("alarms", sending.send_due)

    async def tell(self) -> None:
        """News of cases that were held back for those who may take them back (actions/cases/handling/undo.py)."""
        await self._again_and_again("cases", self._tell)

    def _tell(self) -> int:
        with self.parts.sessions() as session:
            return delivery.tell_case_events(session)

    async def find_vectors(self) -> None:
        """What residents are told of a search by words alone ends with it, although nobody searches."""
        while True:
            if self.parts.engine.is_away:
                with contextlib.suppress(VectorsAway):
                    await asyncio.to_thread(self.parts.engine.look)
            await asyncio.sleep(_VECTORS_S)

    async def _again_and_again(self, what: str, work: Callable[[], int | None]) -> None:
        while True:
            try:
                await asyncio.to_thread(work)
            except Exception as error:  # the trace would carry what was said
                log.error("%s %s", what, type(error).__name__)
            await asyncio.sleep(_ROUND_S)

    async def watch(self) -> None:
        """Answer what is waiting as soon as Rasa is back, also what was said before the app itself was killed."""
        while True:
            try:
                self.is_rasa_ready = await self.parts.rasa.is_ready()
                if self.is_rasa_ready and not self.leave.is_going:
                    await self._answer_waiting()
            except Exception:
                log.exception("watch")  # the loop must outlive a locked database; no resident's words are in the trace
            await asyncio.sleep(_WATCH_S)

    async def _answer_waiting(self) -> None:
        waiting = await asyncio.to_thread(self._waiting)
        answers = (self.parts.turns.answer(message_id) for message_id in waiting)
        for error in await asyncio.gather(*answers, return_exceptions=True):
            if isinstance(error, Exception):
                log.error("watch %s", type(error).__name__)

    def _waiting(self) -> list[int]:
        with self.parts.sessions() as session:
            claims.end_those_of_the_dead(session)  # another app of this machine may have been killed meanwhile
            return claims.unanswered(session, older_than=_LIES)
