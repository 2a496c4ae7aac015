import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from actions.calendar import dates


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns as often as the interpreter lets them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_threads_that_read_dates_at_once_get_each_its_own() -> None:
    """jionlp keeps in itself which day it counts from: unguarded, some of these were counted from another thread's."""
    days = [datetime(2026, 11, 30, 4, tzinfo=UTC) - timedelta(days=97 * n) for n in range(4)]
    texts = ["昨天", "上个月", "前天晚上", "明天下午", "后天"]

    def read(text: str, now: datetime) -> tuple[dates.DateRange | None, dates.DateRange | None]:
        return dates.find_past(text, now=now), dates.find_future(text, now=now)

    wanted = {(text, now): read(text, now) for text in texts for now in days}
    wrong = []

    def ask(now: datetime) -> None:
        wrong.extend(text for text in texts * 50 if read(text, now) != wanted[text, now])

    threads = [threading.Thread(target=ask, args=(now,)) for now in days]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
