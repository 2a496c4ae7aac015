"""借场地 in the chat: the hall, the hours and what for in one sentence; somebody else's hours refused; given back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions.bookings.models import Appointment, Opening
from actions.dialogue.community import halls
from actions.dialogue.community.events import AskEvent
from actions.events import lending, publishing
from actions.events.publishing import Wanted
from knowledge.clock import SHANGHAI
from tests.actions.dialogue.affairs.hall import PLACE, Resident

DAY = (datetime.now(SHANGHAI) + timedelta(days=3)).replace(hour=8, minute=0, second=0, microsecond=0)


@pytest.fixture
def hall(me: Resident) -> int:
    how = Wanted("room", "文化礼堂", "", "", "村部一楼", "", DAY, DAY + timedelta(hours=12), 60)
    with me.sessions() as session:
        [event] = publishing.announce(session, PLACE, how, key="hall", now=datetime.now(UTC))
        session.commit()
        return event.id


def lent(me: Resident) -> list[tuple[str, int, str, str, str]]:
    with me.sessions() as session:
        rows = session.scalars(select(Appointment).where(Appointment.lent_from.is_not(None)).order_by(Appointment.id))
        return [
            (row.name, row.party, row.item, str(lending.Span(row.lent_from, row.lent_until)), row.status.value)
            for row in rows
            if row.lent_from and row.lent_until
        ]


def test_it_is_borrowed_in_one_sentence_and_given_back_in_one(me: Resident, hall: int) -> None:
    asked = me.say("我想借一下文化礼堂")[0]
    assert "还空着：08:00到20:00" in asked.text
    told = me.say("王婶，上午9点到11点半，20个人，给老人做寿")[0]
    assert told.text.startswith("借好了：")
    assert "09:00到11:30 文化礼堂（王婶，20个人，给老人做寿）" in told.text
    assert told.links[0].href.startswith(f"/v/{PLACE}/h{hall}/mine/")
    assert lent(me) == [("王婶", 20, "给老人做寿", "09:00到11:30", "booked")]
    assert "不借了" in me.say("不借了")[0].text
    assert lent(me)[0][4] == "cancelled"


def test_hours_that_somebody_has_are_refused_with_what_is_free_and_asked_again(me: Resident, hall: int) -> None:
    with me.sessions() as session:
        wish = lending.Wish("page:x", "老李", 5, "排练", DAY + timedelta(hours=1), DAY + timedelta(hours=3))
        lending.lend(session, hall, wish, key="k1", now=datetime.now(UTC))
    me.say("礼堂能借不", AskEvent)
    me.say("我要借活动室用")
    refused = me.say("王婶，10点到12点，20个人，开家庭会")[0]
    assert "09:00到11:00 已经有人借了" in refused.text
    assert "老李" not in refused.text
    told = me.say("王婶，下午两点到四点，20个人，开家庭会")[0]
    assert "14:00到16:00" in told.text
    assert [row[3] for row in lent(me)] == ["09:00到11:00", "14:00到16:00"]


def test_without_hours_it_is_asked_again_and_nothing_is_lent(me: Resident, hall: int) -> None:
    me.say("我想借礼堂")
    assert "从几点借到几点" in me.say("王婶，20个人，做寿")[0].text
    assert lent(me) == []
    assert "借好了" in me.say("9点到10点，20个人，给老人做寿")[0].text
    assert lent(me)[0][0] == "对话里报名的"


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ("上午9点到11点", "09:00到11:00"),
        ("9:30-11:00", "09:30到11:00"),
        ("下午两点到四点半", "14:00到16:30"),
        ("晚上六点到八点", "18:00到20:00"),
        ("从十点到十二点", "10:00到12:00"),
        ("两点到四点", "14:00到16:00"),  # nobody is there at two in the morning
        ("上午十一点到下午一点", "11:00到13:00"),
        ("十点到两点", "10:00到14:00"),
        ("九点半到十点", "09:30到10:00"),
    ],
)
def test_hours_as_people_say_them(me: Resident, hall: int, said: str, hours: str) -> None:
    with me.sessions() as session:
        heard = halls.hours_in(f"王婶，{said}，20个人", session.get_one(Opening, hall))
    assert heard is not None
    assert str(lending.Span(heard.starts_at, heard.ends_at)) == hours
    assert heard.words.startswith(said[:2])


@pytest.mark.parametrize("said", ["明天", "9点", "99点到100点", "二十个人", "到到到", "25点到26点"])
def test_what_says_no_hours(me: Resident, hall: int, said: str) -> None:
    with me.sessions() as session:
        assert halls.hours_in(said, session.get_one(Opening, hall)) is None


def test_where_nothing_is_lent_the_words_are_for_others(me: Resident) -> None:
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say("我想借一下礼堂")


def test_of_several_days_one_is_chosen(me: Resident, hall: int) -> None:
    next_day = DAY + timedelta(days=1)
    how = Wanted("room", "文化礼堂", "", "", "村部一楼", "", next_day, next_day + timedelta(hours=4), 60)
    with me.sessions() as session:
        publishing.announce(session, PLACE, how, key="hall2", now=datetime.now(UTC))
        session.commit()
    asked = me.say("礼堂借不借")
    assert asked[0].text == "借哪一天的？"
    assert len(asked[0].buttons) == 2
    told = me.press(asked, asked[0].buttons[1].title)[0]
    assert "还空着：08:00到12:00" in told.text
