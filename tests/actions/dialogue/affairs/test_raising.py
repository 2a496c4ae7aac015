"""A lamp: asked whether it is a topic, worded, raised once; what the law forbids is never stored."""

import pytest
from sqlalchemy import select

from actions.dialogue.affairs.raising import RaiseTopic, matter_in
from actions.dialogue.affairs.topics import AskAffairs
from actions.topics.models import Topic
from tests.actions.dialogue.affairs.hall import LAMP, Resident


def stored(me: Resident) -> list[Topic]:
    with me.sessions() as session:
        return list(session.scalars(select(Topic)))


def test_a_lamp_becomes_a_topic_in_three_turns_and_not_without_a_yes(me: Resident) -> None:
    asked = me.say(LAMP, RaiseTopic)
    assert [button.title for button in asked[0].buttons] == ["提成议题", "登记反映", "只是问问"]
    assert me.slots["dispute_offer"] == LAMP, "the other button registers the same words"
    worded = me.press(asked, "提成议题")
    assert LAMP in worded[0].text
    assert "不写您的名字" in worded[0].text
    assert stored(me) == []
    told = me.press(worded, "就这样")[0].text
    [topic] = stored(me)
    assert topic.number in told
    assert "列不列入" in told
    assert (topic.text, topic.conversation_id, topic.place_id) == (LAMP, "c-me", "lijiagou")


@pytest.mark.parametrize("said", ["就这样", "对", "行", "可以，就这样吧"])
def test_who_types_yes_to_the_wording_is_heard_like_who_presses(me: Resident, said: str) -> None:
    me.press(me.say(LAMP, RaiseTopic), "提成议题")
    assert "提上去了" in me.say(said)[0].text
    assert len(stored(me)) == 1


def test_who_types_no_to_the_wording_is_asked_for_other_words(me: Resident) -> None:
    me.press(me.say(LAMP, RaiseTopic), "提成议题")
    assert "一句话" in me.say("不对")[0].text
    assert stored(me) == []


def test_the_wording_can_be_changed_before_it_goes(me: Resident) -> None:
    worded = me.press(me.say(LAMP, RaiseTopic), "提成议题")
    me.press(worded, "改一改")
    again = me.say("村口到学校装四盏路灯")
    assert "村口到学校装四盏路灯" in again[0].text
    me.press(again, "就这样")
    assert [topic.text for topic in stored(me)] == ["村口到学校装四盏路灯"]


def test_the_same_message_tried_twice_raises_one(me: Resident) -> None:
    worded = me.press(me.say(LAMP, RaiseTopic), "提成议题")
    draft = dict(me.slots)
    me.press(worded, "就这样")
    me.at -= 1  # Rasa was killed before the reply was kept: the same message again
    me.events.pop()
    me.slots = draft
    told = me.press(worded, "就这样")
    assert "提上去了" in told[0].text
    assert len(stored(me)) == 1


def test_land_of_a_divorced_woman_is_no_topic_and_its_doors_are_shown(me: Resident) -> None:
    told = me.say("离婚的媳妇那份地该收回来，叫大家表个态", RaiseTopic)
    assert "不能拿来大家表态" in told[0].text
    assert "妇女权益保障法第五十六条" in told[0].text
    assert {"约律师", "请人调解"} <= {button.title for button in told[0].buttons}
    assert "提成议题" not in {button.title for button in told[0].buttons}
    assert stored(me) == []


def test_a_forbidden_wording_is_refused_also_when_it_comes_second(me: Resident) -> None:
    worded = me.press(me.say(LAMP, RaiseTopic), "提成议题")
    me.press(worded, "改一改")
    told = me.say("外嫁女的分红取消，大家投票表决")
    assert "不能拿来大家表态" in told[0].text
    told = me.say("就这样提")
    assert "一句话说清楚" in told[0].text
    assert stored(me) == []


@pytest.mark.parametrize("text", ["x" * 301, "灯" * 5000])
def test_what_is_too_long_is_said_so_and_may_be_said_again(me: Resident, text: str) -> None:
    worded = me.press(me.say(LAMP, RaiseTopic), "提成议题")
    me.press(worded, "改一改")
    assert "最多300个" in me.say(text)[0].text
    assert "我这样写行吗" in me.say("村口装一盏路灯吧")[0].text


def test_who_drops_it_is_not_held_to_it(me: Resident) -> None:
    me.press(me.press(me.say(LAMP, RaiseTopic), "提成议题"), "改一改")
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say("算了")


def test_without_a_village_it_is_asked_for(me: Resident) -> None:
    me.place = None
    assert "哪个村" in me.say(LAMP, RaiseTopic)[0].text
    me.place = "liuhe"  # a township is none
    assert "哪个村" in me.say(LAMP, RaiseTopic)[0].text


@pytest.mark.parametrize(
    ("said", "matter"),
    [
        ("我想提个议题", ""),
        ("提议题", ""),
        ("给村里提个建议", ""),
        ("我想提个议题：村口装个路灯", "村口装个路灯"),
        ("建议在广场上装点健身器材", "建议在广场上装点健身器材"),
        ("给村里提个建议，垃圾桶多放几个", "垃圾桶多放几个"),
    ],
)
def test_what_leads_to_the_matter_is_no_part_of_it(said: str, matter: str) -> None:
    assert matter_in(said) == matter


def test_ones_own_is_looked_up_by_its_number_and_a_strangers_isnt(me: Resident) -> None:
    me.press(me.press(me.say(LAMP, RaiseTopic), "提成议题"), "就这样")
    [topic] = stored(me)
    assert "已提出" in me.say(topic.number)[0].text
    stranger = Resident(me.sessions, id="c-stranger")
    assert "没有找到" in stranger.say(topic.number)[0].text, "what isn't taken up is told to who raised it"
    assert "已提出" in me.say("我提的那个议题咋样了", AskAffairs)[0].text
