"""What is open, an opinion of one message, the question of a choice."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.affairs.opinion import GiveOpinion, stance_of
from actions.dialogue.affairs.topics import AskAffairs
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Ballot, Opinion
from tests.actions.dialogue.affairs import hall
from tests.actions.dialogue.affairs.hall import Resident


@pytest.fixture
def lamp(me: Resident, keys: TopicKeys) -> str:
    """The number of the one open topic."""
    with me.sessions() as session:
        return hall.opened(session, keys).number


def opinions(sessions: sessionmaker[Session]) -> list[Opinion]:
    with sessions() as session:
        return list(session.scalars(select(Opinion)))


def test_nothing_open_is_said_and_something_may_be_raised(me: Resident) -> None:
    told = me.say("议事")
    assert "没有正在征求意见" in told[0].text
    assert "提个议题" in told[0].buttons[0].says


@pytest.mark.usefixtures("lamp")
def test_what_is_open_is_told_with_its_days_its_page_and_that_it_is_no_vote(me: Resident) -> None:
    told = me.say("村里现在在商量啥事", AskAffairs)[0]
    assert "有1件" in told.text
    assert "还有10天" in told.text
    assert "这是征求意见，不是表决" in told.text
    assert [button.title for button in told.buttons] == ["说意见", "选一个"]
    assert [link.href for link in told.links] == ["/v/lijiagou/y1"]


def test_several_are_listed_and_each_button_names_its_own(me: Resident, keys: TopicKeys) -> None:
    with me.sessions() as session:
        hall.opened(session, keys)
        other = hall.opened(session, keys, title="广场上装哪样健身器材", options=("单杠", "漫步机")).number
    told = me.say("议事")
    assert [button.says for button in told[0].buttons][1] == other
    one = me.say(other)
    assert "健身器材" in one[0].text
    assert "哪一件" in me.say("我要说意见", GiveOpinion)[0].text
    assert "漫步机" in me.say("健身器材那个我要投票", GiveOpinion)[0].text


def test_an_opinion_is_one_message_and_kept_once(me: Resident, lamp: str) -> None:
    me.press(me.say("议事"), "说意见")
    told = me.say("我怕电费没人出，半夜关一半吧")
    assert "记下了" in told[0].text
    [kept] = opinions(me.sessions)
    assert (kept.text, kept.stance, kept.source, kept.asker) == ("我怕电费没人出，半夜关一半吧", "担心", "chat", "c-me")
    assert lamp in me.say("议事")[0].buttons[0].says


@pytest.mark.usefixtures("lamp")
def test_words_that_were_not_asked_for_are_offered_and_never_taken_by_themselves(me: Resident) -> None:
    asked = me.say("我觉得路灯还是装太阳能的好，省电", GiveOpinion)
    assert opinions(me.sessions) == []
    assert "要记成" in asked[0].text
    me.press(asked, "记下")
    assert [one.text for one in opinions(me.sessions)] == ["我觉得路灯还是装太阳能的好，省电"]


@pytest.mark.usefixtures("lamp")
def test_not_meant_is_not_kept(me: Resident) -> None:
    asked = me.say("我觉得路灯还是装太阳能的好，省电", GiveOpinion)
    me.press(asked, "不是这个意思")
    assert opinions(me.sessions) == []


@pytest.mark.usefixtures("lamp")
def test_an_opinion_of_301_characters_is_asked_to_be_shorter(me: Resident) -> None:
    me.press(me.say("议事"), "说意见")
    assert "301" in me.say("灯" * 301)[0].text
    assert opinions(me.sessions) == []
    assert "记下了" in me.say("装太阳能的")[0].text


@pytest.mark.usefixtures("lamp")
@pytest.mark.parametrize("said", ["我要投票", "改票", "选一个"])
def test_to_choose_is_asked_by_numbers_and_says_what_isnt_kept(me: Resident, said: str) -> None:
    asked = me.say(said, GiveOpinion)[0]
    assert (asked.form, asked.step.split()[0]) == ("ballot", "choice")
    assert [button.title for button in asked.buttons] == [*hall.ENDS, "都行"]
    assert "不留在对话里" in asked.next
    assert "这是征求意见，不是表决" in asked.text


def test_a_choice_that_comes_as_far_as_rasa_is_asked_again_and_never_stored(me: Resident, lamp: str) -> None:
    asked = me.say(f"{lamp} 选第2个")[0]
    assert asked.form == "ballot"
    assert "计入" not in asked.text
    with me.sessions() as session:
        assert session.scalars(select(Ballot)).all() == []


@pytest.mark.parametrize(
    ("said", "stance"),
    [("电费谁出", "问题"), ("我怕吵", "担心"), ("不如装太阳能的", "办法"), ("那头最黑", "理由")],
)
def test_a_stance_is_heard(said: str, stance: str) -> None:
    assert stance_of(said) == stance


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("参与码是干啥的", "网格员送上门"),
        ("参与码丢了咋办", "补一张"),
        ("投票别人知道我选的啥不", "不留在对话里"),
        ("我在外面打工，能不能参加村里商量事", "纸票"),
        ("纸条上那串码往哪输", "直接发给我"),
    ],
)
def test_how_one_takes_part(me: Resident, said: str, heard: str) -> None:
    assert heard in me.say(said, AskAffairs)[0].text
