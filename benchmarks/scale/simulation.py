"""Turns on their way through queues, event by event: a heap of what happens next.

simpy would do it in a few lines less and four times as long; the loop below is all we need of it.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from benchmarks.scale.queueing import percentile

Draw = Callable[[random.Random], float]  # seconds of service


class Choice(Enum):
    """Whose queue somebody joins who comes to a part of several servers."""

    shared = "one queue for all"  # cores of one machine
    least = "the shortest queue"  # nginx, least_conn
    fixed = "always the same one"  # a conversation's Rasa


@dataclass(frozen=True)
class Part:
    name: str
    servers: int
    choice: Choice = Choice.shared


@dataclass(frozen=True)
class Visit:
    part: str
    draw: Draw


def exponential(mean_s: float) -> Draw:
    return lambda chance: chance.expovariate(1 / mean_s)


def lognormal(mean_s: float, p95_by_p50: float) -> Draw:
    sigma = math.log(p95_by_p50) / 1.6449
    mu = math.log(mean_s) - sigma**2 / 2
    return lambda chance: chance.lognormvariate(mu, sigma)


@dataclass
class _Server:
    free: int
    waiting: deque[tuple["_Turn", float]] = field(default_factory=deque)
    busy_s: float = 0.0

    @property
    def crowd(self) -> int:
        """Fewer is better; those served count below nothing."""
        return len(self.waiting) - self.free


@dataclass(slots=True)
class _Turn:
    came: float
    hour: int
    home: float  # 0...1: which of several servers it always goes to
    at: int = 0


@dataclass
class Outcome:
    """`took`: seconds of each turn, by the hour in which it came; `busy`: share of its time, by part."""

    took: list[list[float]]
    busy: dict[str, float]
    inside: float  # turns under way, on average over the time

    def p(self, share: float, hour: int | None = None) -> float:
        """Seconds that so many share of the turns don't exceed."""
        return percentile(self.took[hour] if hour is not None else [s for one in self.took for s in one], share)


class Simulation:
    def __init__(self, parts: Sequence[Part], route: Sequence[Visit], *, seed: int = 18) -> None:
        self._parts, self._route = {part.name: part for part in parts}, route
        self._servers = {
            part.name: [_Server(part.servers)]
            if part.choice is Choice.shared
            else [_Server(1) for _ in range(part.servers)]
            for part in parts
        }
        # What service takes is drawn apart, so that more servers meet the same residents.
        self._arriving, self._serving = random.Random(seed), random.Random(seed + 1)
        self._heap: list[tuple[float, int, _Turn, _Server | None]] = []
        self._count = 0

    def run(self, rates: Sequence[float], *, hour_s: float) -> Outcome:
        """`rates`: turns a second of one hour after another, each of which is let stand for `hour_s`; whoever came is
        waited for.
        """
        took: list[list[float]] = [[] for _ in rates]
        now, inside, area = 0.0, 0, 0.0
        self._arrivals(rates, hour_s)
        while self._heap:
            before = now
            now, _, turn, server = heapq.heappop(self._heap)
            area += inside * (now - before)
            if server is None:
                inside += 1
            else:
                self._leave(server, now)
            if turn.at < len(self._route):
                self._enter(turn, now)
            else:
                inside -= 1
                took[turn.hour].append(now - turn.came)
        span = max(now, hour_s * len(rates))
        busy = {
            name: sum(server.busy_s for server in servers) / self._parts[name].servers / span
            for name, servers in self._servers.items()
        }
        return Outcome(took, busy, area / span)

    def _arrivals(self, rates: Sequence[float], hour_s: float) -> None:
        """Poisson's, of each hour."""
        for hour, rate in enumerate(rates):
            at = hour * hour_s
            while rate and (at := at + self._arriving.expovariate(rate)) < (hour + 1) * hour_s:
                self._push(at, _Turn(at, hour, self._arriving.random()), None)

    def _push(self, at: float, turn: _Turn, server: _Server | None) -> None:
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, turn, server))

    def _enter(self, turn: _Turn, now: float) -> None:
        visit = self._route[turn.at]
        turn.at += 1
        server, service_s = self._server(visit.part, turn), visit.draw(self._serving)
        if server.free:
            self._serve(server, turn, now, service_s)
        else:
            server.waiting.append((turn, service_s))

    def _server(self, name: str, turn: _Turn) -> _Server:
        servers = self._servers[name]
        if self._parts[name].choice is Choice.fixed:
            return servers[int(turn.home * len(servers))]
        return servers[0] if len(servers) == 1 else min(servers, key=lambda one: one.crowd)

    def _serve(self, server: _Server, turn: _Turn, now: float, service_s: float) -> None:
        server.free -= 1
        server.busy_s += service_s
        self._push(now + service_s, turn, server)

    def _leave(self, server: _Server, now: float) -> None:
        server.free += 1
        if server.waiting:
            turn, service_s = server.waiting.popleft()
            self._serve(server, turn, now, service_s)
