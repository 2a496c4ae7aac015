"""听证会 and 代表 asked for in the chat: both have a page, and the chat leads there."""

from datetime import UTC, date, datetime, timedelta

import pytest

from actions.deputies import service as deputies
from actions.dialogue.community.events import AskEvent
from actions.dialogue.community.people import FindHelper
from actions.hearings import service as hearings
from actions.hearings.service import Plan
from tests.actions.dialogue.affairs.hall import PLACE, Resident


def announced(me: Resident, title: str = "南沟路改道") -> int:
    now = datetime.now(UTC)
    held = now + timedelta(days=12)
    plan = Plan(
        title=title,
        about="有两个走法，都要占一点地。",
        spot="村部二楼",
        held_at=held,
        closes_on=(now + timedelta(days=6)).date(),
        seats=3,
    )
    with me.sessions() as session:
        row = hearings.announce(session, PLACE, plan, by=1, key=title, now=now)
        session.commit()
        return row.ordinal


def test_a_hearing_that_is_on_is_told_with_its_own_page(me: Resident) -> None:
    assert "现在没有要开的听证会" in me.say("听证会怎么报名", AskEvent)[0].text
    ordinal = announced(me)
    told = me.say("听证会怎么报名", AskEvent)[0]
    assert "南沟路改道" in told.text
    assert "前报名" in told.text
    assert [link.href for link in told.links] == [f"/v/{PLACE}/t{ordinal}"]


def test_one_that_is_over_or_called_off_is_not(me: Resident) -> None:
    ordinal = announced(me)
    with me.sessions() as session:
        hearings.cancel(session, hearings.public(session, PLACE, ordinal).id)
        session.commit()
    assert "现在没有要开的听证会" in me.say("听证会怎么报名", AskEvent)[0].text


@pytest.mark.parametrize(
    "said",
    ["听证会咋报名", "我要报名听证会", "听证会还有名额吗", "听证会的座位怎么抽", "听证会哪天开", "有没有听证会能去听"],
)
def test_its_words_reach_it_whatever_the_classifier_made_of_them(me: Resident, said: str) -> None:
    ordinal = announced(me)
    assert me.say(said)[0].links[0].href == f"/v/{PLACE}/t{ordinal}"
    assert me.say(said, AskEvent, intent="ask_event")[0].links[0].href == f"/v/{PLACE}/t{ordinal}"


def test_who_would_sign_up_where_none_is_on_hears_where_it_will_be_told(me: Resident) -> None:
    told = me.say("听证会咋报名")[0]
    assert "现在没有要开的听证会" in told.text
    assert told.links[0].href == f"/v/{PLACE}/hearings"
    assert "我想提个议题" in [button.title for button in told.buttons]


@pytest.mark.parametrize("said", ["征地的听证会怎么申请", "罚款能不能要求开听证会", "听证会是干什么的"])
def test_a_hearing_of_the_law_is_left_to_the_law(me: Resident, said: str) -> None:
    announced(me)
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say(said)


def listed(me: Resident, name: str, kind: str) -> None:
    now = datetime.now(UTC)
    with me.sessions() as session:
        deputies.add(
            session,
            PLACE,
            name=name,
            kind=kind,
            group="",
            reception="每月15日上午，村部",
            phone="",
            ends_on=date(now.year + 2, 1, 1),
            by=1,
            key=name,
            now=now,
        )
        session.commit()


def test_who_asks_for_a_deputy_isnt_sent_to_the_roster_of_helpers(me: Resident) -> None:
    nobody = me.say("我想找人大代表反映事", FindHelper)[0]
    assert "接待日" not in nobody.text
    listed(me, "陈代表", "congress")
    listed(me, "刘代表", "rep")
    told = me.say("我想找人大代表反映事", FindHelper)[0]
    assert "陈代表（人大代表）：每月15日上午，村部" in told.text
    assert "刘代表" not in told.text
    assert told.links[0].href == f"/v/{PLACE}/deputies"
    assert "刘代表" in me.say("我想找代表说说水的事", FindHelper)[0].text
