"""Ports for what a test starts; of no environment's, so that tests beside Rasa take them, too."""

import contextlib
import itertools
import os
import random
import socket

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PORT_RANGE = range(20_000 + 2_000 * (_WORKER % 6), 22_000 + 2_000 * (_WORKER % 6))
_PORTS = itertools.cycle(random.sample(_PORT_RANGE, len(_PORT_RANGE)))


def free_port() -> int:
    """Of 127.0.0.1, and no other worker's: each has a range of its own, below those that the kernel gives away."""
    while True:
        port = next(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
