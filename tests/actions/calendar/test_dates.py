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


NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)  # Monday noon in Shanghai


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("31号", "12月31日（周四）"),  # November has none
        ("月底", "11月25日（周三）到11月30日（周一）"),
        ("正月初六", "2月11日（周四）"),
        ("下周三下午", "12月9日（周三）下午"),
        ("周三下午三点", "12月2日（周三）下午15:00"),
        ("周三不行，周四可以", "12月3日（周四）"),
        ("12月1号到12月5号", "12月1日（周二）到12月5日（周六）"),
        ("周末", "12月5日（周六）到12月6日（周日）"),
    ],
)
def test_when_somebody_would_like_to_come(said: str, label: str) -> None:
    found = dates.find_future(said, now=NOW)
    assert found is not None
    assert found.label == label


@pytest.mark.parametrize("said", ["不要周三", "除了周三都行", "2月30号", "欠我3.5万", "8号楼"])
def test_no_day_to_come(said: str) -> None:
    assert dates.find_future(said, now=NOW) is None


def test_a_sum_or_an_impossible_day_happened_never() -> None:
    assert dates.find_past("2月30号", now=NOW) is None  # was read as 30 November
    assert dates.find_past("欠我3.5万", now=NOW) is None  # was read as 5 March
    assert dates.find_impossible("2月30号吧", now=NOW) == "2月30号"
    assert dates.find_impossible("3月8号", now=NOW) == ""


def test_a_refused_weekday_covers_every_such_day() -> None:
    unwanted = dates.find_unwanted("除了周三和8号都行", now=NOW)
    wednesday = datetime(2026, 12, 16, 2, tzinfo=UTC)
    assert unwanted.covers(wednesday)
    assert unwanted.covers(datetime(2026, 12, 8, 2, tzinfo=UTC))
    assert not unwanted.covers(wednesday + timedelta(days=1))
    assert dates.find_unwanted("周末不行", now=NOW).covers(datetime(2026, 12, 6, 2, tzinfo=UTC))
