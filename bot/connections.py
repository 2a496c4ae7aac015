"""Connections that nobody uses are ended: each takes an open file, and a process has so many.

A thousand half-sent requests from one machine kept everybody out for as long as it liked (1,024 open files is what
many systems give), and two hundred answers of three megabytes that nobody read kept 700 MB. A proxy takes this upon
itself; villages run without one, too.
"""

import asyncio
import fcntl
import resource
import sys
import termios

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 20.0  # from the first byte, or from coming in, to the end of a request's head
STILL_S = 30.0  # an answer of which nobody took a byte
MOST_FILES = 65_536


def open_more_files() -> None:
    """As many as the system lets us have."""
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(most, MOST_FILES)
    if least != resource.RLIM_INFINITY and least < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


class Leave:
    """Whether this app was told to stop: then it ends what is under way, and takes nothing new."""

    is_going = False


class Connection(HttpToolsProtocol):
    """Uvicorn's own, which waits for a first request, and for somebody to read, as long as they like."""

    head_s, still_s = HEAD_S, STILL_S
    _until_head: asyncio.TimerHandle | None = None
    _until_taken: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._wait_for_head()  # until it is there, which the parser says before this returns, or later
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._until_head = _cancelled(self._until_head)
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait_for_reader(self._left())

    def resume_writing(self) -> None:
        self._until_taken = _cancelled(self._until_taken)
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._until_head = _cancelled(self._until_head)
        self._until_taken = _cancelled(self._until_taken)
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        if self._until_head is None:
            self._until_head = self.loop.call_later(self.head_s, self.transport.abort)

    def _wait_for_reader(self, left: int) -> None:
        """`left`: bytes nobody had taken when this was last looked at."""
        self._until_taken = _cancelled(self._until_taken)
        self._until_taken = self.loop.call_later(self.still_s, self._look, left)

    def _look(self, left: int) -> None:
        """A telephone in the hills takes little, but it takes something."""
        if (now := self._left()) >= left:
            self.transport.abort()
        else:
            self._wait_for_reader(now)

    def _left(self) -> int:
        """Bytes that we hold, and those that the system holds and the other side hasn't confirmed (tcp(7), SIOCOUTQ):
        it takes megabytes from us at once, which a telephone fetches for minutes.
        """
        sent = fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, b"\0" * 4)
        return self.transport.get_write_buffer_size() + int.from_bytes(sent, sys.byteorder)


def _cancelled(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """None, in whose place it stood."""
    if timer is not None:
        timer.cancel()
    return None
