"""Another system's server, over real HTTP: checks the signature as its own programmers would, and may be down."""

import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """`status`: what it answers; `wrong`: requests whose signature didn't fit; `got`: what arrived while it was up;
    `drips`: a header without end, of which a byte comes every so many seconds.
    """

    secret: str = ""
    status: int = 200
    answer: dict[str, Any] = field(default_factory=dict)
    location: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    knocks: int = 0
    wrong: int = 0
    port: int = 0
    drips: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/orders/in"

    @property
    def times(self) -> Counter[str]:
        """How often each message came."""
        return Counter(one["id"] for one in self.got)

    def of(self, event: str) -> list[dict[str, Any]]:
        return [one["data"] for one in self.got if one["event"] == event]


@contextmanager
def listening() -> Iterator[Receiver]:
    there = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            there.knocks += 1
            signed = f"{self.headers['X-Linli-Time']}\nPOST\n{self.path}\n".encode() + body
            right = hmac.new(there.secret.encode(), signed, hashlib.sha256).hexdigest()
            told = json.loads(body)
            if self.headers["X-Linli-Signature"] != right or self.headers["X-Linli-Event"] != told["id"]:
                there.wrong += 1
            elif there.status == 200:
                there.got.append(told)
            if there.drips:
                with suppress(OSError):
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                    while there.drips:
                        self.wfile.write(b"a")
                        time.sleep(there.drips)
                return
            answer = json.dumps(there.answer).encode()
            self.send_response(there.status)
            if there.location:
                self.send_header("Location", there.location)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield there
    finally:
        there.drips = 0.0
        server.shutdown()
        server.server_close()
        thread.join(5)
