"""Queues in closed form: what the simulation is held against, and how many servers a part needs."""

import math


def load(rate: float, service_s: float) -> float:
    """Servers that are busy on average (erlangs): Little's law of those being served. `rate`: a second."""
    return rate * service_s


def servers(rate: float, service_s: float, *, most_busy: float, least: int = 1) -> int:
    """So many that none is busy for more than this share of its time."""
    return max(least, math.ceil(load(rate, service_s) / most_busy - 1e-9))


def waits(rate: float, service_s: float, count: int) -> float:
    """Share of those who find all servers busy in M/M/c (Erlang's C); 1 where they can't keep up."""
    offered = load(rate, service_s)
    if offered >= count:
        return 1.0
    blocked = 1.0  # Erlang's B, by its recurrence: no factorials
    for n in range(1, count + 1):
        blocked = offered * blocked / (n + offered * blocked)
    return blocked / (1 - offered / count * (1 - blocked))


def mean_wait_s(rate: float, service_s: float, count: int) -> float:
    """In the queue of M/M/c, before being served; infinite where they can't keep up."""
    offered = load(rate, service_s)
    if offered >= count:
        return math.inf
    return waits(rate, service_s, count) * service_s / (count - offered)


def mean_wait_one_s(rate: float, service_s: float, spread: float) -> float:
    """In the queue of one server with any service times (Pollaczek and Khinchine). `spread`: standard deviation by
    mean.
    """
    busy = load(rate, service_s)
    return math.inf if busy >= 1 else busy / (1 - busy) * (1 + spread**2) / 2 * service_s


def percentile(values: list[float], share: float) -> float:
    """The least value that so many share don't exceed. Raises IndexError where there are none."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, math.ceil(share * len(ranked)) - 1))]
