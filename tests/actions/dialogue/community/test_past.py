"""讲村里的故事: the page where one tells it, and what was told already."""

from datetime import UTC, datetime

import pytest

from actions.history import telling
from actions.history.telling import Edited
from knowledge.documents import versions
from knowledge.documents.versions import Person
from tests.actions.dialogue.affairs.hall import PLACE, Resident
from tests.conftest import DAY

FORM = f"/v/{PLACE}/history/tell"


@pytest.mark.parametrize(
    "said",
    [
        "讲村里的故事",
        "我想讲讲我们村的老故事",
        "想给村史投个稿",
        "我爷爷讲过村里老井的来历，怎么写进去",
        "村里的老故事往哪讲",
        "我来说说咱村祠堂的由来",
    ],
)
def test_who_would_tell_is_led_to_the_page(me: Resident, said: str) -> None:
    told = me.say(said)[0]
    assert "头一段" in told.text
    assert [link.href for link in told.links] == [FORM]


def test_what_was_told_is_shown_to_who_would_hear(me: Resident) -> None:
    now, old = datetime.now(UTC), "老槐树底下原来有口井，天旱的时候三个村都来挑水，井绳把石头磨出了沟。"
    with me.sessions() as session:
        story = telling.tell(session, place=PLACE, text=old, teller="", may_name=False, key="k", now=now)
        edited = Edited("老槐树下的井", old, "村里原来有口老井，天旱时三个村都来挑水。")
        version = telling.hand_on(session, story, edited, by=Person(1, "文书小李"), now=now)
        session.commit()
        versions.approve(session, version.id, by=Person(2, "监委老王"), now=now, accepts_marks=True)
        versions.publish(session, version.id, by=Person(2, "监委老王"), now=now, today=DAY)
        session.commit()
    told = me.say("想听听村里的老故事")[0]
    assert "老槐树下的井" in told.text
    assert [link.href for link in told.links] == [f"/v/{PLACE}/history", FORM]
    assert me.say("讲村里的故事")[0].links[0].href == FORM


@pytest.mark.parametrize(
    "said",
    ["给我讲个故事", "宅基地历史遗留问题怎么办", "村支书以前的事我要讲出来", "我想说说村里的账", "看病历史能查吗"],
)
def test_other_words_are_not(me: Resident, said: str) -> None:
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say(said)
