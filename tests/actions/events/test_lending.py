"""借场地: a hall by the hour; two on one day, no two at one time, whoever asks at one moment."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings.appointments import due_words
from actions.bookings.models import Appointment, Opening
from actions.bookings.status import AppointmentStatus as Status
from actions.errors import ActionError, Conflict, InvalidInput, NotAllowed
from actions.events import clock, lending, publishing, signing_up, words
from actions.events.lending import Wish
from tests.actions.events.conftest import NOW, wanted

Held = Callable[..., int]
OPENS = NOW + timedelta(days=4)  # 10:00 to 18:00 at Shanghai


@pytest.fixture
def hall(held: Held) -> int:
    return held("room", hours=8, capacity=40, title="文化礼堂", address="村部一楼", note="")


def wish(begins: float, hours: float, asker: str = "page:a", **more: object) -> Wish:
    """`begins`: hours after the hall opens."""
    starts = OPENS + timedelta(hours=begins)
    said = {"name": "王婶", "party": 12, "what": "给老人做寿", **more}
    return Wish(asker, starts_at=starts, ends_at=starts + timedelta(hours=hours), **said)  # type: ignore[arg-type]


def lend(village: sessionmaker[Session], number: int, said: Wish, *, key: str, now: datetime = NOW) -> Appointment:
    with village() as session:
        return lending.lend(session, number, said, key=key, now=now)


def free(village: sessionmaker[Session], number: int, now: datetime = NOW) -> str:
    with village() as session:
        return lending.said_of(lending.free(session, session.get_one(Opening, number), now))


def test_two_have_it_on_one_day_and_one_may_begin_as_the_other_ends(village: sessionmaker[Session], hall: int) -> None:
    first = lend(village, hall, wish(0, 2), key="k1")
    second = lend(village, hall, wish(2, 1.5, "page:b", name="老李", what="排练"), key="k2")
    assert first.code != second.code
    assert free(village, hall) == "13:30到18:00"
    with village() as session:
        assert session.get_one(Opening, hall).taken == 0  # hours, no places


@pytest.mark.parametrize(("begins", "hours"), [(2, 2), (1, 1.5), (3.5, 2), (2.5, 0.5), (1, 6)])
def test_who_would_meet_another_is_refused_and_hears_what_is_free(
    village: sessionmaker[Session], hall: int, begins: float, hours: float
) -> None:
    lend(village, hall, wish(2, 2), key="k1")
    with pytest.raises(Conflict) as refused:
        lend(village, hall, wish(begins, hours, "page:b"), key="k2")
    assert refused.value.message_zh.startswith("12:00到14:00 已经有人借了")
    assert "10:00到12:00、14:00到18:00" in refused.value.message_zh
    assert "王婶" not in refused.value.message_zh


def test_two_who_ask_at_one_moment_get_one_loan(village: sessionmaker[Session], hall: int) -> None:
    said: list[str] = []
    start = threading.Barrier(6)

    def ask(who: int) -> None:
        start.wait()
        try:
            lend(village, hall, wish(1 + who * 0.5, 4, f"page:{who}"), key=f"k{who}")
            said.append("lent")
        except Conflict:
            said.append("met")

    threads = [threading.Thread(target=ask, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["lent", *["met"] * 5]


def test_the_same_wish_sent_again_is_one_loan(village: sessionmaker[Session], hall: int) -> None:
    assert lend(village, hall, wish(0, 2), key="k1").id == lend(village, hall, wish(0, 2), key="k1").id
    with village() as session:
        assert len(session.scalars(select(Appointment)).all()) == 1


@pytest.mark.parametrize(
    ("said", "words_of_it"),
    [
        (wish(-1, 2), "只能在 10:00到18:00 之间借"),
        (wish(7, 2), "只能在 10:00到18:00 之间借"),
        (wish(0, 2, party=41), "最多坐 40 个人"),
        (wish(0, 2, party=0), "最多坐 40 个人"),
        (wish(0, 2, what=" "), "借来做什么"),
        (wish(0, 2, name=""), "怎么称呼您"),
        (wish(0, 2, phone="<b>"), "电话好像不对"),
        (wish(2, -1), "结束要晚于开始"),
        (wish(0.25, 1), "整点或者半点"),
    ],
)
def test_what_cannot_be_lent_is_said_in_words(
    village: sessionmaker[Session], hall: int, said: Wish, words_of_it: str
) -> None:
    with pytest.raises(InvalidInput, match=words_of_it):
        lend(village, hall, said, key="k1")


def test_later_the_same_day_only_hours_to_come_are_lent(village: sessionmaker[Session], hall: int) -> None:
    noon = OPENS + timedelta(hours=2, minutes=10)
    assert free(village, hall, noon) == "12:30到18:00"
    with pytest.raises(InvalidInput, match="已经过了"):
        lend(village, hall, wish(2, 1), key="k1", now=noon)
    row = lend(village, hall, wish(3, 1), key="k2", now=noon)
    with village() as session:
        assert signing_up.of_asker(session, ["page:a"], now=noon) != []
        assert signing_up.leave(session, row.id, now=noon).status is Status.cancelled  # the day has begun, they haven't
    assert free(village, hall, noon) == "12:30到18:00"


def test_given_back_it_can_be_lent_again_and_nobody_keeps_a_day_alone(
    village: sessionmaker[Session], hall: int
) -> None:
    row = lend(village, hall, wish(0, 2), key="k1")
    with village() as session:
        signing_up.leave(session, row.id, now=NOW)
    lend(village, hall, wish(0, 2, "page:b"), key="k2")
    for turn in range(2):
        lend(village, hall, wish(2 + turn, 1, "page:b"), key=f"m{turn}")
    with pytest.raises(NotAllowed, match="一家最多借 3 段"):
        lend(village, hall, wish(6, 1, "page:b"), key="k9")


def test_nobody_signs_up_for_a_hall_as_for_a_film_nor_borrows_a_film(
    village: sessionmaker[Session], hall: int, held: Held
) -> None:
    film = held(hours=8)
    with village() as session, pytest.raises(InvalidInput, match="按钟点借"):
        signing_up.sign_up(session, hall, signing_up.Coming("page:a", "王婶"), key="k1", now=NOW)
    with village() as session, pytest.raises(NotAllowed, match="不是借场地的"):
        lending.lend(session, film, wish(0, 2, party=2), key="k2", now=NOW)


def test_a_day_that_is_changed_keeps_the_hours_that_are_lent(village: sessionmaker[Session], hall: int) -> None:
    lend(village, hall, wish(6, 2), key="k1")
    shorter = wanted("room", hours=7, capacity=40, title="文化礼堂", address="村部一楼")
    with village() as session, pytest.raises(InvalidInput, match="16:00到18:00 已经借出去了"):
        publishing.change(session, hall, shorter, now=NOW)
    longer = wanted("room", hours=9, capacity=40, title="文化礼堂", address="村部一楼")
    with village() as session:
        publishing.change(session, hall, longer, now=NOW)
        publishing.call_off(session, hall, reason="要修屋顶", now=NOW)
        [row] = session.scalars(select(Appointment)).all()
        assert row.status is Status.cancelled
        assert "文化礼堂 不外借了：要修屋顶" in str(row.say)
    with village() as session, pytest.raises(ActionError, match="不外借"):
        lending.lend(session, hall, wish(0, 1), key="k2", now=NOW)


def test_who_borrowed_in_the_chat_is_reminded_by_their_own_hours(village: sessionmaker[Session], hall: int) -> None:
    row = lend(village, hall, wish(6, 2, "conversation-9"), key="k1")
    with village() as session:
        text = words.signed_up(session.get_one(Appointment, row.id), in_chat=True)
        assert "借好了：11月28日（周六）16:00到18:00 文化礼堂（王婶，12个人，给老人做寿）" in text
        [the_day_before] = due_words(session, now=OPENS - timedelta(hours=1))
        assert the_day_before.text.startswith("提醒您：11月28日（周六）16:00到18:00 文化礼堂")
        [told] = due_words(session, now=OPENS + timedelta(hours=4, minutes=30))
        assert told.text.startswith("快到时间了：11月28日（周六）16:00到18:00 文化礼堂")


def test_the_names_go_with_those_of_other_events(village: sessionmaker[Session], hall: int) -> None:
    lend(village, hall, wish(0, 2), key="k1")
    with village() as session:
        assert clock.drop_names(session, OPENS + timedelta(days=40)) == 1
        [row] = session.scalars(select(Appointment)).all()
        assert (row.name, row.item, row.code) == ("", "", None)
