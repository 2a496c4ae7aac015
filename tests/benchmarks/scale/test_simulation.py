"""The simulation against what is known in closed form."""

import math
import random
import statistics

import pytest

from benchmarks.scale.queueing import mean_wait_one_s, mean_wait_s
from benchmarks.scale.simulation import Choice, Outcome, Part, Simulation, Visit, exponential, lognormal


def run(part: Part, rate: float, service_s: float, *, turns: int = 60_000) -> Outcome:
    return Simulation([part], [Visit("it", exponential(service_s))]).run([rate], hour_s=turns / rate)


def mean(found: Outcome) -> float:
    return statistics.fmean(found.took[0])


@pytest.mark.parametrize(("count", "rate"), [(1, 7.0), (3, 21.0), (10, 80.0)])
def test_queues_are_as_long_as_erlang_says(count: int, rate: float) -> None:
    found = run(Part("it", count), rate, 0.1)
    assert mean(found) == pytest.approx(0.1 + mean_wait_s(rate, 0.1, count), rel=0.06)
    assert found.busy["it"] == pytest.approx(rate * 0.1 / count, rel=0.02)


def test_little() -> None:
    """As many are inside as come in the time that each stays: counted and reckoned apart."""
    found = run(Part("it", 3), 21.0, 0.1)
    assert found.inside == pytest.approx(21.0 * mean(found), rel=0.02)


def test_a_fixed_server_is_one_queue_each() -> None:
    """Four Rasas of which each conversation has its own are four M/M/1, worse than M/M/4."""
    fixed, shared = (mean(run(Part("it", 4, choice), 28.0, 0.1)) for choice in (Choice.fixed, Choice.shared))
    assert fixed == pytest.approx(0.1 + mean_wait_s(7.0, 0.1, 1), rel=0.08)
    assert shared == pytest.approx(0.1 + mean_wait_s(28.0, 0.1, 4), rel=0.08)
    least = mean(run(Part("it", 4, Choice.least), 28.0, 0.1))
    assert shared < least < fixed


def test_turns_alike_wait_less() -> None:
    draw, spread = lognormal(0.1, 2.0), math.sqrt(math.exp((math.log(2.0) / 1.6449) ** 2) - 1)
    found = Simulation([Part("it", 1)], [Visit("it", draw)]).run([8.0], hour_s=10_000)
    assert mean(found) == pytest.approx(0.1 + mean_wait_one_s(8.0, 0.1, spread), rel=0.06)


def test_service_has_the_mean_and_the_spread_that_it_is_given() -> None:
    chance, draw = random.Random(1), lognormal(0.1, 2.06)
    drawn = sorted(draw(chance) for _ in range(50_000))
    assert statistics.fmean(drawn) == pytest.approx(0.1, rel=0.01)
    assert drawn[47_500] / drawn[25_000] == pytest.approx(2.06, rel=0.03)


def test_everybody_is_served_also_after_the_hour() -> None:
    found = Simulation([Part("it", 1)], [Visit("it", exponential(1.0))]).run([5.0, 0.0], hour_s=100)
    assert len(found.took[0]) == pytest.approx(500, abs=100)
    assert found.took[1] == []
    assert found.p(0.99, 0) > 300, "four hundred stood in the queue"


def test_the_same_seed_gives_the_same_evening() -> None:
    parts, way = [Part("it", 2)], [Visit("it", exponential(0.1))]
    assert len({Simulation(parts, way, seed=3).run([5.0], hour_s=100).p(0.99) for _ in range(2)}) == 1
