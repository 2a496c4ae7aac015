"""Limits over several apps: right together, and by each alone while Redis is away."""

import logging
import threading

import pytest

from bot.shared.counting import SharedCount
from bot.shared.server import RedisUnfit, Shared
from bot.web.limits import Limits, RateLimit
from bot.web.problems import ApiError
from tests.scale import redis


def let_in(limit: RateLimit, key: str, most: int) -> bool:
    try:
        limit.check(key, most)
    except ApiError as error:
        assert error.status == 429
        return False
    return True


@pytest.mark.scale
def test_two_apps_count_together(shared: Shared) -> None:
    first, second = Limits(shared).of("chat"), Limits(shared).of("chat")
    found = [let_in(limit, "address one", 5) for _ in range(4) for limit in (first, second)]
    assert found == [True] * 5 + [False] * 3
    assert let_in(second, "address two", 5)
    assert let_in(Limits(shared).of("forms"), "address one", 5), "another limit counts for itself"


@pytest.mark.scale
def test_many_at_once_are_counted_once_each(shared: Shared) -> None:
    apps, entered = [Limits(shared).of("chat") for _ in range(4)], []

    def knock(limit: RateLimit) -> None:
        for _ in range(25):
            if let_in(limit, "one", 60):
                entered.append(1)

    threads = [threading.Thread(target=knock, args=(limit,)) for limit in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entered) == 60


@pytest.mark.scale
def test_a_span_goes_by_and_leaves_nothing(shared: Shared) -> None:
    count = SharedCount(shared, "short", span_s=0.2)
    assert count.has_room("one", 1)
    assert count.has_room("one", 1) is False
    while not count.has_room("one", 1):
        pass
    assert 0 < shared.client.pttl(shared.key("short", "one")) <= 200


@pytest.mark.scale
def test_whose_limit_it_is_is_written_nowhere(shared: Shared) -> None:
    Limits(shared).of("chat").check("say 203.0.113.7", 5)
    keys = list(shared.client.scan_iter(f"{shared.name}:*"))
    assert len(keys) == 1
    assert "203.0.113.7" not in keys[0]
    assert shared.key("chat", "x") != Shared("redis://127.0.0.1/0", secret="another", name=shared.name).key("chat", "x")


@pytest.mark.scale
@pytest.mark.usefixtures("address")
def test_while_redis_is_away_each_counts_what_it_has_seen_and_together_again_afterwards() -> None:
    with redis.running() as server:
        here = Shared(server.address, secret="s")
        first, second = Limits(here).of("chat"), Limits(here).of("chat")
        assert [let_in(first, "one", 3) for _ in range(2)] == [True, True]
        server.kill()
        assert [let_in(first, "one", 3) for _ in range(3)] == [True, False, False]
        assert [let_in(second, "one", 3) for _ in range(4)] == [True, True, True, False]
        assert here.is_away
        server.start()
        here._back_at = 0.0  # five seconds later
        assert [let_in(first, "one", 3), let_in(second, "one", 3)] == [True, True]
        assert not here.is_away
        here.close()


def test_without_redis_an_app_counts_by_itself(away: Shared, caplog: pytest.LogCaptureFixture) -> None:
    limit = Limits(away).of("chat")
    with caplog.at_level(logging.WARNING, logger="linli"):
        assert [let_in(limit, "one", 3) for _ in range(5)] == [True, True, True, False, False]
    assert [r.getMessage() for r in caplog.records if r.name == "linli.redis"] == [
        "redis away, each app counts by itself: ConnectionError"
    ], "once, and not at every call"


def test_it_is_left_alone_for_a_while_after_it_was_away(away: Shared) -> None:
    asked: list[int] = []

    def fails(_: object) -> None:
        asked.append(1)
        raise ConnectionRefusedError

    for _ in range(3):
        assert away.ask(fails) is None
    assert len(asked) == 1


def test_an_address_that_is_none_is_told_in_a_sentence() -> None:
    with pytest.raises(RedisUnfit, match="LINLI_REDIS"):
        Shared("localhost:6379", secret="s")
