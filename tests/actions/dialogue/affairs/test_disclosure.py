"""What is posted and what is missing; the complaint goes above the committee."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from actions.cases.models import Case
from actions.dialogue.affairs.decision import AskDecision, CallMeeting
from actions.dialogue.affairs.disclosure import (
    AskDisclosure,
    asks_what_it_cost,
    duty_in,
    is_not_posted,
    period_in,
)
from actions.disclosure import schedule
from actions.disclosure.models import Disclosure
from actions.disclosure.status import State
from tests.actions.dialogue.affairs.hall import Resident
from tests.conftest import DAY


def cases(me: Resident) -> list[Case]:
    with me.sessions() as session:
        return list(session.scalars(select(Case)))


def test_what_isnt_there_is_said_with_the_law(me: Resident) -> None:
    told = me.say("村里今年账咋还没贴", AskDisclosure)[0]
    assert "村民委员会组织法第三十五条" in told.text
    assert "2026年第三季度" in told.text
    assert "没公布，我要反映" in [button.title for button in told.buttons]


def test_a_village_that_owes_it_is_told_since_when(me: Resident) -> None:
    with me.sessions() as session:
        schedule.begin(session, "lijiagou", on=date(2026, 7, 1), now=datetime.now(UTC))
        session.commit()
    told = me.say("第三季度的账公布没", AskDisclosure)[0]
    assert "前公布，到今天还没有看到" in told.text
    assert "村民委员会组织法第三十六条" in told.next


def test_the_collectives_account_that_is_missing_is_told_where_the_committees_is_posted(me: Resident) -> None:
    now = datetime.now(UTC)
    with me.sessions() as session:
        schedule.begin(session, "lijiagou", on=date(2026, 7, 1), now=now)
        session.commit()
        schedule.tick(session, now)
        own = (Disclosure.place_id == "lijiagou", Disclosure.duty_code == "finance")
        until = now.date() + timedelta(days=15)
        stands = {"state": State.posted, "posted_on": now.date(), "posted_until": until}
        session.execute(update(Disclosure).where(*own).values(**stands))
        session.commit()
    told = me.say("村里今年账咋还没贴", AskDisclosure)[0]
    assert "日常收支的账（2026年第三季度）：" in told.text
    assert "集体的账（2026年第三季度）应当在" in told.text
    assert "没公布，我要反映" in [button.title for button in told.buttons]


def test_a_complaint_is_filed_anonymously_and_not_to_the_committee_alone(me: Resident) -> None:
    asked = me.press(me.say("村会计半年没公布账了", AskDisclosure), "没公布，我要反映")
    assert "不经过村委会" in asked[0].text
    more = me.say("从五月份起就没贴过")
    assert "也记上了" in more[0].text
    told = me.say("不想留名")
    assert "编号" in told[0].text
    [case] = cases(me)
    assert (case.is_anonymous, case.phone, case.place_id) == (True, None, "lijiagou")
    assert "半年没公布" in case.what
    assert "从五月份起" in case.what


def test_a_telephone_is_taken_and_a_short_one_asked_again(me: Resident) -> None:
    me.press(me.say("村会计半年没公布账了", AskDisclosure), "没公布，我要反映")
    assert "11 位" in me.say("1381234567")[0].text
    assert cases(me) == []
    me.say("13812345678")
    assert [(case.phone, case.is_anonymous) for case in cases(me)] == [("13812345678", False)]


def test_the_same_message_tried_twice_files_one(me: Resident) -> None:
    me.press(me.say("村会计半年没公布账了", AskDisclosure), "没公布，我要反映")
    before = dict(me.slots)
    me.say("匿名反映")
    me.at, me.slots = me.at - 1, before
    me.events.pop()
    me.say("匿名反映")
    assert len(cases(me)) == 1


@pytest.mark.parametrize(
    ("said", "is_it"),
    [
        ("村会计半年没公布账了", True),
        ("村里的账从来不公开", True),
        ("村干部开会光念文件，账一页不给看", True),
        ("公示栏还是去年的", True),
        ("老板半年没发工资了", False),
        ("他欠我的账一直不还", False),
        ("村里不公开账，我能告谁吗", False),
        ("公司不给我公布工资明细", False),
    ],
)
def test_who_complains_of_missing_accounts(said: str, is_it: bool) -> None:
    assert is_not_posted(said) is is_it


@pytest.mark.parametrize(
    ("said", "code", "period"),
    [
        ("三季度的账公布没", "finance", "2026Q3"),
        ("去年第4季度收支", "finance", "2025Q4"),
        ("十月份的账", "finance", "2026-10"),
        ("低保名单公示了没", "relief_decisions", ""),
        ("征地款的分配公布没有", "land_compensation", ""),
        ("上个季度的账我想看看", "finance", "2026Q3"),
    ],
)
def test_what_is_asked_for_is_heard(said: str, code: str, period: str) -> None:
    assert (duty_in(said), period_in(said, DAY)) == (code, period)


def test_how_a_meeting_is_called_with_the_villages_own_numbers(me: Resident) -> None:
    told = me.say("村里不开会，我们能不能自己要求开", CallMeeting)[0].text
    assert "82" in told
    assert "村民委员会组织法第二十五条" in told


def test_a_decision_that_isnt_on_record_is_said_so(me: Resident) -> None:
    told = me.say("修南沟那条路批了没", AskDecision)[0]
    assert "还没有记录" in told.text


@pytest.mark.parametrize(
    ("text", "is_cost"),
    [
        ("修南沟那条路花了多少钱", True),  # was answered with the law of roads
        ("村里打井用了多少钱", True),
        ("文化广场修了多少钱", True),
        ("路灯工程多少钱包出去的", True),
        ("我家打井花了多少钱能报销吗", False),
        ("村里修路每户要出多少钱", False),
        ("征地修路补偿给多少钱", False),
    ],
)
def test_what_the_village_spent_on_its_works_is_asked_of_what_is_posted(text: str, is_cost: bool) -> None:
    assert asks_what_it_cost(text) is is_cost
