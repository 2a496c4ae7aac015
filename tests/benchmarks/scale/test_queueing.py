import math

import pytest

from benchmarks.scale.queueing import load, mean_wait_one_s, mean_wait_s, percentile, servers, waits


def test_load_is_rate_by_time() -> None:
    assert load(100, 0.03) == pytest.approx(3.0)


def test_servers_are_counted_up() -> None:
    assert servers(100, 0.03, most_busy=0.6) == 5
    assert servers(100, 0.031, most_busy=0.6) == 6
    assert servers(0.1, 0.03, most_busy=0.6, least=2) == 2


def test_one_server_waits_as_often_as_it_is_busy() -> None:
    """M/M/1: the wait is rho / (1 - rho) services."""
    assert waits(8, 0.1, 1) == pytest.approx(0.8)
    assert mean_wait_s(8, 0.1, 1) == pytest.approx(0.4)


def test_two_servers_by_hand() -> None:
    """Erlang's C for an offered load of 1 on two servers: (1/2 * 2) / (1 + 1 + 1/2 * 2) = 1/3."""
    assert waits(1, 1.0, 2) == pytest.approx(1 / 3)
    assert mean_wait_s(1, 1.0, 2) == pytest.approx(1 / 3)


def test_erlangs_table() -> None:
    """Ten servers, offered 8: .4092 (A. K. Erlang's C as it is tabled)."""
    assert waits(8, 1.0, 10) == pytest.approx(0.4092, abs=1e-4)


def test_who_cant_keep_up_waits_for_ever() -> None:
    assert (waits(3, 1.0, 2), mean_wait_s(3, 1.0, 2)) == (1.0, math.inf)
    assert mean_wait_one_s(1, 1.0, 1.0) == math.inf


def test_even_service_halves_the_wait() -> None:
    """Pollaczek and Khinchine: with the spread of an exponential it is M/M/1, without any it is half."""
    assert mean_wait_one_s(8, 0.1, 1.0) == pytest.approx(mean_wait_s(8, 0.1, 1))
    assert mean_wait_one_s(8, 0.1, 0.0) == pytest.approx(0.2)


def test_percentile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, share) for share in (0.01, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    with pytest.raises(IndexError):
        percentile([], 0.5)
