"""One message of a conversation at a time, in their order: within a Rasa, and over several that share a real Redis."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from rasa.core.lock_store import LockStore
from rasa.utils.endpoints import read_endpoint_config
from redis import Redis

from bot.nlu.locks import Locks, SharedQueues
from tests.scale import redis as redis_server

_LEASE_S = 0.6
_OTHER = """
import asyncio, sys, time
from bot.nlu.locks import Locks, SharedQueues
url, lease_s, turns, held_s = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
locks = Locks(shared=SharedQueues(url, "s", lease_s=lease_s, renewed_every_s=lease_s / 3))
told = open(sys.argv[5], "a", buffering=1)

async def turn(conversation):
    async with locks.lock(conversation):
        told.write(f"{conversation} in\\n")
        await asyncio.sleep(held_s)
        told.write(f"{conversation} out\\n")

async def run():
    await asyncio.gather(*(turn(f"c{n % 3}") for n in range(turns)))

asyncio.run(run())
"""


@pytest.fixture(scope="module")
def server() -> Iterator[redis_server.Server]:
    if not os.environ.get("LINLI_TEST_REDIS"):
        pytest.skip("LINLI_TEST_REDIS names no server; `make test-scale` starts one")
    with redis_server.running() as running:
        yield running


def rasa(server: redis_server.Server, *, lease_s: float = _LEASE_S) -> Locks:
    return Locks(shared=SharedQueues(server.address, "s", lease_s=lease_s, renewed_every_s=lease_s / 3))


def other(server: redis_server.Server, told: Path, *, turns: int, held_s: float) -> subprocess.Popen[bytes]:
    """Another process, which takes turns of three conversations."""
    about = [server.address, str(_LEASE_S), str(turns), str(held_s), str(told)]
    return subprocess.Popen([sys.executable, "-c", _OTHER, *about])


class Order:
    """Who came in, and whether anybody was in."""

    def __init__(self) -> None:
        self.came: list[int] = []
        self.inside = 0

    async def turn(self, locks: Locks, number: int, *, held_s: float = 0.02, of: str = "c") -> None:
        async with locks.lock(of):
            assert not self.inside
            self.inside += 1
            self.came.append(number)
            await asyncio.sleep(held_s)
            self.inside -= 1

    async def one_after_another(self, *rasas: Locks, turns: int = 8) -> None:
        """Each comes a moment after the one before, to the next Rasa in turn."""
        tasks = []
        for number in range(turns):
            tasks.append(asyncio.create_task(self.turn(rasas[number % len(rasas)], number)))
            await asyncio.sleep(0.01)
        await asyncio.gather(*tasks)
        assert self.came == list(range(turns))


async def standing(server: redis_server.Server, many: int) -> None:
    """Until so many have their place: on a busy machine the second took longer than a moment to come."""
    client = Redis.from_url(server.address)
    until = time.monotonic() + 5
    while sum(client.zcard(key) for key in client.keys("*:places")) < many:
        assert time.monotonic() < until
        await asyncio.sleep(0.01)
    client.close()


def test_a_rasa_alone_takes_them_in_their_order_without_pausing() -> None:
    begun = time.monotonic()
    asyncio.run(Order().one_after_another(Locks()))
    assert time.monotonic() - begun < 0.8, "Rasa's own looks once a second"


def test_conversations_dont_wait_for_each_other() -> None:
    async def run() -> None:
        locks = Locks()
        async with locks.lock("a"), locks.lock("b"):
            pass
        assert locks._here == {}

    asyncio.run(run())


def test_two_rasas_take_them_in_their_order(server: redis_server.Server) -> None:
    asyncio.run(Order().one_after_another(rasa(server), rasa(server)))


def test_two_processes_are_never_in_one_conversation(server: redis_server.Server, tmp_path: Path) -> None:
    told = tmp_path / "told"
    children = [other(server, told, turns=60, held_s=0.005) for _ in range(2)]
    assert [child.wait(60) for child in children] == [0, 0]
    lines = [line.split() for line in told.read_text().splitlines()]
    assert len(lines) == 2 * 2 * 60
    for conversation in ("c0", "c1", "c2"):
        assert [what for who, what in lines if who == conversation] == ["in", "out"] * 40


def test_who_is_killed_is_waited_for_no_longer_than_its_lease(server: redis_server.Server, tmp_path: Path) -> None:
    told = tmp_path / "told"
    child = other(server, told, turns=1, held_s=60)
    while not told.exists() or not told.read_text():
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    begun = time.monotonic()
    asyncio.run(Order().turn(rasa(server), 1, of="c0"))
    assert time.monotonic() - begun < _LEASE_S + 0.4


def test_who_takes_longer_than_a_lease_is_waited_for(server: redis_server.Server) -> None:
    async def run() -> None:
        order = Order()
        first = asyncio.create_task(order.turn(rasa(server), 1, held_s=3 * _LEASE_S))
        await asyncio.sleep(0.05)
        await asyncio.gather(first, order.turn(rasa(server), 2))
        assert order.came == [1, 2]

    asyncio.run(run())


@pytest.mark.parametrize("who", ["in its turn", "before its turn"])
def test_whoever_is_ended_from_outside_leaves_the_queue(who: str, server: redis_server.Server) -> None:
    async def run() -> None:
        order, one, two = Order(), rasa(server, lease_s=30), rasa(server, lease_s=30)
        first = asyncio.create_task(order.turn(one, 1, held_s=0.2 if who == "before its turn" else 60))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(order.turn(two, 2))
        await standing(server, 2)
        ended = first if who == "in its turn" else second
        ended.cancel()
        await asyncio.gather(ended, return_exceptions=True)
        order.inside = 0 if ended is first else order.inside
        await asyncio.wait_for(order.turn(two, 3), 5)
        assert order.came == ([1, 2, 3] if ended is first else [1, 3])

    asyncio.run(run())


def test_nothing_is_left_there_nor_is_anybody_named(server: redis_server.Server) -> None:
    who, client = uuid.uuid4().hex, Redis.from_url(server.address, decode_responses=True)

    async def run() -> None:
        async with rasa(server).lock(who):
            keys = client.keys("*")
            assert keys
            assert not any(who in key for key in keys)
            assert all(0 < client.pttl(key) <= 1000 * _LEASE_S for key in keys)

    client.flushall()
    asyncio.run(run())
    assert client.keys("*") == []
    client.close()


def test_while_redis_is_away_a_rasa_queues_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    if not os.environ.get("LINLI_TEST_REDIS"):
        pytest.skip("LINLI_TEST_REDIS names no server; `make test-scale` starts one")

    async def run(server: redis_server.Server) -> None:
        one = rasa(server)
        await Order().one_after_another(one)
        order = Order()
        first = asyncio.create_task(order.turn(one, 1, held_s=0.5))
        await asyncio.sleep(0.05)
        server.kill()
        await asyncio.gather(first, order.turn(one, 2))  # who came in while it was there is waited for
        await Order().one_after_another(one)
        server.start()
        assert one._shared
        one._shared._back_at = 0.0  # ten seconds later
        await Order().one_after_another(one, rasa(server))

    with redis_server.running() as server, caplog.at_level(logging.WARNING, logger="bot.nlu.locks"):
        asyncio.run(run(server))
    said = [record.getMessage() for record in caplog.records if record.name == "bot.nlu.locks"]
    assert said == ["redis away, this Rasa queues by itself: ConnectionError", "redis is back"]


def test_rasa_finds_it_where_our_endpoints_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("INTERNAL_URL", "INTERNAL_SECRET", "TRACKER_URL", "RASA_SECRET"):
        monkeypatch.setenv(f"LINLI_{name}", "none")
    for url, is_shared in (("", False), ("redis://127.0.0.1:1/0", True)):
        monkeypatch.setenv("LINLI_REDIS", url)
        made = LockStore.create(read_endpoint_config("bot/endpoints.yml", "lock_store"))
        assert isinstance(made, Locks)
        assert bool(made._shared) is is_shared
