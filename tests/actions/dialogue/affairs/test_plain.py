"""Plain words that only village affairs can be meant by, whatever the classifier made of them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from actions.dialogue.affairs import plain
from actions.dialogue.frame.base import Turn
from actions.topics import raising
from actions.topics.models import Topic
from tests.actions.dialogue.affairs import hall
from tests.actions.dialogue.affairs.hall import Resident
from tests.actions.dialogue.test_base import given

LAMP = "咱村口那段路晚上太黑，能不能装个路灯"


@pytest.mark.parametrize("intent", ["ask_law", "nlu_fallback", "raise_topic"])
def test_a_motion_against_somebody_is_refused_and_not_told_as_their_own_trouble(me: Resident, intent: str) -> None:
    told = me.say("离婚的媳妇那份地该收回来，叫大家表个态", intent=intent)
    assert told[0].text.startswith("这个不能拿来大家表态。")
    assert "妇女权益保障法" in told[0].text
    assert [button.title for button in told[0].buttons] == ["约律师", "请人调解"]
    with me.sessions() as session:
        assert session.scalars(select(Topic)).all() == []


def test_whether_the_road_was_decided_is_asked_of_the_decisions(me: Resident) -> None:
    assert "开会定了什么" in me.say("修南沟那条路批了没")[0].text


@pytest.mark.parametrize(
    "said",
    [
        "我家修房子批了没",
        "宅基地建房批下来没",
        "合作医疗什么时候截止",
        "还有几天截止",  # nothing is open here
        "我的案子咋样了",
        "要不要大家投票才能换村主任",
        "村里让大家投票选村主任，我在外地咋投",
        "他们叫大家投票评低保户，我不服",
        "让大家投票选低保合法吗",
    ],
)
def test_other_matters_stay_where_they_were(me: Resident, said: str) -> None:
    assert plain.heard(given(me.sessions), Turn("c", said, place=hall.PLACE)) is None


def test_ones_own_topic_is_found_by_a_word_of_it(me: Resident) -> None:
    with me.sessions() as session:
        raising.raise_topic(
            session, place=hall.PLACE, text=LAMP, conversation_id=me.id, by="resident", key="k", now=datetime.now(UTC)
        )
        session.commit()
    assert "答复列不列入" in me.say("路灯那事咋样了")[0].text
    assert plain.heard(given(me.sessions), Turn(me.id, "低保那事咋样了", place=hall.PLACE)) is None
