"""Whose affairs: asked where nobody knows the village."""

import pytest

from actions.dialogue.affairs.disclosure import AskDisclosure
from actions.dialogue.frame.answering import Answering
from actions.replies import ReplyKind
from knowledge.answering.told import Abstention, Answer
from tests.actions.dialogue.affairs.hall import Resident

BOOKS = "账本一直在他老婆手里，我要看她就说没记全"


@pytest.fixture
def stranger(me: Resident) -> Resident:
    me.place = None
    return me


def test_a_tap_on_the_village_says_the_wish_with_its_name(stranger: Resident) -> None:
    [asked] = stranger.say("第三季度的账公布没", AskDisclosure)
    assert asked.text == "各村的事不一样，您是哪个村的？点一下就行。"
    [village] = asked.buttons
    assert (village.title, village.says) == ("李家沟村", "李家沟村，第三季度的账公布没")
    told = stranger.say(village.says, AskDisclosure)[0]
    assert "村民委员会组织法" in told.text, "it needs no third message"


@pytest.mark.parametrize(("sure", "is_told"), [(0.7, True), (0.6, False)])
def test_what_holds_everywhere_is_told_before_the_village_is_asked_for(
    stranger: Resident, monkeypatch: pytest.MonkeyPatch, sure: float, is_told: bool
) -> None:
    def look_up(*_: object, threshold: float, **__: object) -> Answer | Abstention:
        return Answer("您有权看账。", None, (), sure) if sure >= threshold else Abstention("not_sure", sure)

    monkeypatch.setattr(Answering, "look_up", look_up)
    said = stranger.say(BOOKS, AskDisclosure)
    assert [one.kind for one in said] == [ReplyKind.answer, ReplyKind.asking][-len(said) :]
    assert ("您有权看账" in said[0].text) is is_told
    assert [b.title for b in said[-1].buttons] == ["李家沟村"]
