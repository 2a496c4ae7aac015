"""Village affairs swallow neither questions of law nor troubles, and what only they are called by is theirs."""

import pytest

from actions.dialogue.affairs.raising import is_for_all
from actions.dialogue.control import Question, Report
from actions.dialogue.dispute import ValidateDispute
from actions.dialogue.frame.base import Turn
from actions.dialogue.frame.routing import row_of
from tests.actions.dialogue.affairs import hall
from tests.actions.dialogue.affairs.hall import Resident
from tests.actions.dialogue.frame.test_routing import NOTHING_OPEN
from tests.actions.dialogue.test_base import given


@pytest.mark.parametrize(
    ("said", "is_it"),
    [
        ("咱村口那段路晚上太黑，能不能装个灯", True),
        ("村头到学校那段路没灯，能不能装几盏", True),
        ("建议村里修个篮球场", True),
        ("我看咱村该修个水塔了", True),
        ("隔壁把路灯砸了，能不能叫他装好", False),
        ("他家的狗天天在村里叫，能不能叫他挪走", False),
        ("我家门口的路能不能给我修一下", False),
        ("村里能不能给我开个没结过婚的证明", False),
        ("我要投诉村口路灯不亮，该修了", False),
        ("村里大路让人砌墙堵了", False),
    ],
)
def test_a_wish_for_everybody_may_be_a_topic_and_a_trouble_may_not(said: str, is_it: bool) -> None:
    assert is_for_all(said) is is_it


def test_a_report_that_may_be_a_topic_is_asked_and_a_trouble_is_not(me: Resident) -> None:
    asked = me.say("村头到学校那段路没灯，能不能装几盏", Report, intent="report_dispute")
    assert [button.title for button in asked[0].buttons] == ["提成议题", "登记反映", "只是问问"]
    told = me.say("隔壁家把排水沟堵了，水都倒灌进来", Report, intent="report_dispute")
    assert "议题" not in "".join(reply.text for reply in told)


def test_missing_accounts_are_no_quarrel_with_somebody(me: Resident) -> None:
    told = me.say("村会计半年没公布账了", Report, intent="report_dispute")
    assert "没公布，我要反映" in [button.title for button in told[0].buttons]


def test_a_report_just_begun_gives_way_to_the_missing_accounts(me: Resident) -> None:
    """我想反映点情况, 村会计半年没公布账了: the form ends, and nothing of it is filed."""
    form = ValidateDispute(given(me.sessions))
    slots = {"requested_slot": "dispute_what", "dispute_id": "c:1"}
    turn = Turn("c", "村会计半年没公布账了", message=2, place=hall.PLACE, form="dispute_form", slots=slots)
    said = form.do(turn)
    assert "没公布，我要反映" in [button.title for button in said.replies[0].buttons]
    left = {event["name"]: event["value"] for event in said.events}
    assert (left["requested_slot"], left["dispute_id"]) == (None, None)
    assert left["disclosure_offer"] == "finance 2026Q3"


@pytest.mark.parametrize("intent", ["out_of_scope", "check_case", "ask_law", "nlu_fallback"])
def test_what_only_village_affairs_are_called_by_is_theirs(me: Resident, intent: str) -> None:
    assert "网格员送上门" in me.say("参与码是干啥的", Question, intent=intent)[0].text
    assert "没有看到" in me.say("公示栏空了大半年", Question, intent=intent)[0].text


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("彩礼能要回来吗", "raise_topic"),
        ("我不同意离婚", "give_opinion"),
        ("政府信息公开怎么申请", "ask_disclosure"),
        ("业主大会多少人同意能换物业", "call_meeting"),
        ("公司不给看工资明细", "ask_disclosure"),
        ("老板欠我三万块", "ask_decision"),
        ("大棚用电想增容找哪个", "ask_affairs"),
        ("我家路灯坏了要修", "give_opinion"),
        ("荷塘边能不能搭棚子卖凉粉", "raise_topic"),
        ("我想在荷塘边上搭个棚卖凉粉行不行", "raise_topic"),
        ("选村主任能委托别人投票吗", "ask_affairs"),
        ("换届投票那天我在外打工咋办", "give_opinion"),
        ("选村长的会要多少人到会", "call_meeting"),
        ("我家孩子考了多少分能上一中", "check_points"),
        ("驾照扣了几分怎么办", "check_points"),
        ("驾校报名费能退吗", "ask_event"),
        ("邻居唱歌吵得睡不着", "ask_event"),
    ],
)
def test_the_classifier_alone_takes_nothing_away(said: str, intent: str) -> None:
    """Without words of theirs the intent doesn't stand: our sources are asked, and what they lack is a matter."""
    row = row_of(intent)
    assert row is not None
    assert not row.stands(Turn("c", said, intent=intent), NOTHING_OPEN)
    assert row.is_by_words


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("村里现在在征求什么意见", "ask_affairs"),
        ("能不能给村里装几盏灯", "raise_topic"),
        ("我要投票", "give_opinion"),
        ("村里开会定了啥", "ask_decision"),
        ("要多少人签名才能开会", "call_meeting"),
        ("三季度的账公布没", "ask_disclosure"),
        ("我家多少分", "check_points"),
        ("积分少记了", "check_points"),
        ("今晚放不放电影", "ask_event"),
    ],
)
def test_with_words_of_theirs_it_stands(said: str, intent: str) -> None:
    row = row_of(intent)
    assert row is not None
    assert row.stands(Turn("c", said, intent=intent), NOTHING_OPEN)
