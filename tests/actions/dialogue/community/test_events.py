"""活动 in the chat: what is on, signing up in one sentence, not coming after all, a question for 公开日."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions.bookings import appointments, openings
from actions.bookings.models import Appointment, Mode, Opening
from actions.bookings.status import AppointmentStatus as Status
from actions.dialogue.community.events import AskEvent, meant, who_comes
from actions.events import publishing
from actions.events.models import EventQuestion
from actions.events.publishing import Wanted
from knowledge.clock import SHANGHAI
from tests.actions.dialogue.affairs.hall import PLACE, Resident


@pytest.fixture
def on(me: Resident) -> Callable[..., int]:
    def announce(title: str, *, kind: str = "film", days: float = 2, capacity: int = 20) -> int:
        now = datetime.now(UTC)
        starts = now + timedelta(days=days)
        how = Wanted(kind, title, "", "", "村部广场", "自己带凳子", starts, starts + timedelta(hours=2), capacity)
        with me.sessions() as session:
            [event] = publishing.announce(session, PLACE, how, key=title, now=now)
            session.commit()
            return event.id

    return announce


def coming(me: Resident) -> list[tuple[str, int, str, str]]:
    with me.sessions() as session:
        rows = session.scalars(select(Appointment).join(Opening).where(Opening.kind != "").order_by(Appointment.id))
        return [(row.name, row.party, row.item, row.status.value) for row in rows]


def test_nothing_is_on(me: Resident) -> None:
    assert "没有排活动" in me.say("这周村里有啥活动", AskEvent)[0].text


def test_what_is_on_is_told_with_its_places_and_a_button_each(me: Resident, on: Callable[..., int]) -> None:
    on("露天电影《地道战》")
    on("剪纸课", kind="craft", days=3)
    on("书屋开门", kind="reading", capacity=0)
    told = me.say("村里有啥活动", AskEvent)[0]
    assert "还有20个位子" in told.text
    assert "不用报名，来就行" in told.text
    assert [b.title for b in told.buttons] == ["报名：露天电影《地道战》", "报名：剪纸课"]
    one = me.say("电影几点", AskEvent)[0]
    assert one.text.startswith("露天电影《地道战》：")
    assert "剪纸" not in one.text


def test_who_signs_up_says_it_in_one_sentence_and_takes_it_back_in_one(me: Resident, on: Callable[..., int]) -> None:
    on("露天电影《地道战》")
    asked = me.say("我要报名", AskEvent)[0]
    assert "怎么称呼您" in asked.text
    told = me.say("王婶，我们一家三口")[0]
    assert told.text.startswith("报上了")
    assert "王婶，3个人" in told.text
    assert coming(me) == [("王婶", 3, "", "booked")]
    assert "报上了" in me.say("我报上名了没有", AskEvent)[0].text
    left = me.say("不去了")[0]
    assert "位子让给别人" in left.text
    assert coming(me)[0][3] == "cancelled"
    me.press([left], "点错了，还是要去")
    me.say("王婶")
    assert coming(me)[-1] == ("王婶", 1, "", "booked")


def test_an_item_is_noted_for_the_evening_and_dropped_for_a_film(me: Resident, on: Callable[..., int]) -> None:
    number = on("村晚", kind="gala")
    assert "节目" in me.say(f"报名活动 {number}")[0].text
    me.say("老周，2个人，唱一段梆子")
    assert coming(me) == [("老周", 2, "唱一段梆子", "booked")]


def test_a_question_after_ours_is_no_name(me: Resident, on: Callable[..., int]) -> None:
    number = on("露天电影")
    me.say(f"报名活动 {number}")
    me.say("要不要交钱啊？", AskEvent)
    assert coming(me) == []


def test_too_many_are_asked_again_and_twice_is_once(me: Resident, on: Callable[..., int]) -> None:
    number = on("露天电影")
    me.say(f"报名活动 {number}")
    assert "1 到 10" in me.say("老李 20个人")[0].text
    me.say("老李 2个人")
    assert coming(me) == [("老李", 2, "", "booked")]
    me.say(f"报名活动 {number}")
    assert "已经报过名" in me.say("老李 3个人")[0].text
    assert len(coming(me)) == 1


def test_a_full_one_puts_on_the_waiting_list_and_says_so(me: Resident, on: Callable[..., int]) -> None:
    number = on("剪纸课", kind="craft", capacity=1)
    other = Resident(me.sessions, id="c-other")
    other.say(f"报名活动 {number}")
    other.say("老周")
    assert "排候补" in me.say(f"报名活动 {number}")[0].text
    assert "候补" in me.say("王婶")[0].text
    assert [row[3] for row in coming(me)] == ["booked", "waiting"]
    other.say("来不了了")
    assert [row[3] for row in coming(me)] == ["cancelled", "booked"]


def test_who_has_a_lawyers_time_too_is_asked_which_and_that_one_stands(me: Resident, on: Callable[..., int]) -> None:
    number = on("露天电影")
    now = datetime.now(UTC)
    with me.sessions() as session:
        starts = now + timedelta(days=1)
        opening = openings.publish(
            session,
            worker_id=1,
            worker_name="李律师",
            mode=Mode.phone,
            place=PLACE,
            address="",
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            capacity=1,
            now=now,
        )
        session.commit()
        booked = appointments.book(
            session, opening.id, conversation_id=me.id, request_key="b", summary="", phone=None, now=now
        ).id
    me.say(f"报名活动 {number}")
    me.say("王婶")
    asked = me.say("不去了")[0]
    assert [b.title for b in asked.buttons][-1] == "取消约的律师"
    me.press([asked], asked.buttons[0].title)
    with me.sessions() as session:
        assert session.get_one(Appointment, booked).status is Status.booked
    assert coming(me)[0][3] == "cancelled"


def test_who_holds_nothing_isnt_taken_for_not_coming(me: Resident, on: Callable[..., int]) -> None:
    on("露天电影")
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say("不去了")


def test_who_asks_for_their_sign_up_to_go_and_has_none_hears_so(me: Resident, on: Callable[..., int]) -> None:
    on("露天电影")
    assert "没有查到" in me.say("把我的报名取消掉", AskEvent, intent="ask_event")[0].text


def test_another_villages_event_is_theirs_to_leave_alone(me: Resident, on: Callable[..., int]) -> None:
    number = on("露天电影")
    other = Resident(me.sessions, id="c-other")
    other.say(f"报名活动 {number}")
    other.say("老周")
    assert "没有报名" in me.say(f"不去活动 {number}")[0].text
    assert coming(me)[0][3] == "booked"
    assert "没有找到" in me.say("报名活动 99999")[0].text


def test_a_question_for_the_day_of_open_accounts_goes_without_a_name(me: Resident, on: Callable[..., int]) -> None:
    on("第四季度村务公开日", kind="open_day", capacity=0)
    assert "想在那天问什么" in me.say("公开日我想问点事", AskEvent)[0].text
    assert "不写是谁问的" in me.say("修渠的钱花完没有？")[0].text
    with me.sessions() as session:
        [question] = session.scalars(select(EventQuestion))
        assert (question.text, question.conversation_id) == ("修渠的钱花完没有？", me.id)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("王婶，2个人", ("王婶", 2, "")),
        ("王婶 2", ("王婶", 2, "")),
        ("我叫李大爷", ("李大爷", 1, "")),
        ("老周家四口人", ("老周家", 4, "")),
        ("就我一个人", ("", 1, "")),
        ("张嫂，带娃两个人，唱歌", ("张嫂", 2, "唱歌")),
        ("小李 13800001111 三个人", ("小李", 3, "")),
        ("连我五个人", ("", 5, "")),
    ],
)
def test_who_comes_is_read(said: str, read: tuple[str, int, str]) -> None:
    name, party, rest = who_comes(said)
    assert party == read[1]
    assert (name or "", rest) in {(read[0], read[2]), ("我", read[2])} or name == read[0]


def test_days_and_kinds_call_their_events(me: Resident, on: Callable[..., int]) -> None:
    for title, kind, days in (("露天电影", "film", 1), ("剪纸课", "craft", 9)):
        on(title, kind=kind, days=days)
    with me.sessions() as session:
        found = list(session.scalars(select(Opening).order_by(Opening.starts_at)))
        now = datetime.now(UTC)

        def called(text: str) -> list[str]:
            return [event.title for event in meant(found, text, now)]

        tomorrow = found[0].starts_at.astimezone(SHANGHAI)
        assert called("明天有啥活动") == ["露天电影"]
        assert called("剪纸那个还有位吗") == ["剪纸课"]
        assert called("唱戏几点") == ["露天电影"]  # of the kind 电影、看戏
        assert called("普法课哪天") == []
        assert called("有啥活动") == ["露天电影", "剪纸课"]
        assert tomorrow.date() > now.astimezone(SHANGHAI).date()


@pytest.mark.parametrize("said", ["编竹筐我也想去", "学编竹筐还有位吗", "我还是要去编竹筐", "学编竹筐算我一个"])
def test_an_event_called_by_its_title_is_signed_up_for_whatever_the_intent(
    me: Resident, on: Callable[..., int], said: str
) -> None:
    on("学编竹筐", kind="craft")
    on("露天电影《地道战》")
    assert "学编竹筐" in me.say(said, intent="out_of_scope")[0].text
    assert me.say("赵三")[0].text.startswith("报上了")


def test_who_is_on_the_waiting_list_asks_and_moves_up_when_somebody_leaves_by_the_title(
    me: Resident, on: Callable[..., int]
) -> None:
    on("学编竹筐", kind="craft", capacity=2)
    first = Resident(me.sessions, id="c-first")
    first.say("我要报名学编竹筐")
    first.say("王婶，2个人")
    me.say("我要报名学编竹筐")
    assert "排上候补" in me.say("钱四，1个人")[0].text
    for said in ("我排到了没", "候补到了吗"):
        assert "候补" in me.say(said, intent="check_booking")[0].text
    assert "位子让给别人" in first.say("我不去编竹筐了", intent="stop")[0].text
    assert me.say("我排到了没", intent="goodbye")[0].text.startswith("报上了")


def test_words_near_a_title_are_no_wish(me: Resident, on: Callable[..., int]) -> None:
    on("学编竹筐", kind="craft")
    for said in ("竹筐生意被骗了怎么办", "我不想去法院", "他不来参加调解怎么办"):
        with pytest.raises(AssertionError, match="nothing takes"):
            me.say(said)


def test_lately_is_no_day_of_the_past(me: Resident, on: Callable[..., int]) -> None:
    on("学编竹筐", kind="craft", days=6)
    assert "学编竹筐" in (told := me.say("村里最近有啥活动", AskEvent)[0].text)
    assert "没有排" not in told
