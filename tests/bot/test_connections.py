"""Connections that nobody uses take no open file from those who come (third red team, R1, R2)."""

import resource
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Response

from bot import connections
from bot.connections import Connection, open_more_files
from bot.run.serving import listening
from tests.ports import free_port

_ANSWER = 30_000_000  # more than the system keeps for a reader
_HALF = b"GET /small HTTP/1.1\r\nHost: here\r\nX: "


_dropped = threading.Event()


class _Impatient(Connection):
    head_s, still_s = 0.5, 0.5

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        _dropped.set()


@pytest.fixture
def port() -> Iterator[int]:
    app, number = FastAPI(), free_port()
    app.get("/small")(lambda: Response("small"))
    app.get("/long")(lambda: Response(b"x" * _ANSWER))
    with listening(app, number, lifespan="off", http=_Impatient):
        yield number


def opened(port: int, sent: bytes = b"") -> socket.socket:
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    held.settimeout(20)
    held.connect(("127.0.0.1", port))
    held.sendall(sent)
    return held


def is_ended(held: socket.socket) -> bool:
    try:
        return held.recv(1) == b""
    except ConnectionResetError:
        return True


def asked(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode()


@pytest.mark.parametrize("sent", [b"", _HALF])
def test_a_request_that_doesnt_come_is_ended(port: int, sent: bytes) -> None:
    with opened(port, sent) as held:
        assert is_ended(held)


def test_so_is_a_second_one_that_is_only_begun(port: int) -> None:
    with opened(port, asked("/small")) as held:
        assert held.recv(1000).endswith(b"small")
        held.sendall(_HALF)
        assert is_ended(held)


def test_many_that_only_come_keep_nobody_out(port: int) -> None:
    held = [opened(port, _HALF) for _ in range(100)]
    with opened(port, asked("/small")) as one:
        assert one.recv(1000).endswith(b"small")
    for each in held:
        assert is_ended(each)
        each.close()


def test_an_answer_that_nobody_reads_is_dropped(port: int) -> None:
    _dropped.clear()
    with opened(port, asked("/long")):
        assert _dropped.wait(30)


def test_an_answer_that_is_read_slowly_arrives(port: int) -> None:
    with opened(port, asked("/long").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")) as held:
        read, until = 0, time.monotonic() + 3 * _Impatient.still_s
        while piece := held.recv(20_000 if time.monotonic() < until else 1_000_000):
            read += len(piece)
            if time.monotonic() < until:
                time.sleep(0.02)
        assert read > _ANSWER


def test_as_many_files_are_opened_as_the_system_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(connections.resource, "setrlimit", lambda _, pair: set_to.append(pair))
    for least, most in ((1024, 524_288), (1024, 4096), (70_000, 524_288), (1024, resource.RLIM_INFINITY)):
        monkeypatch.setattr(connections.resource, "getrlimit", lambda _, pair=(least, most): pair)
        open_more_files()
    assert set_to == [(65_536, 524_288), (4096, 4096), (65_536, resource.RLIM_INFINITY)]
