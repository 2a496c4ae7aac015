"""Which answer a second message means."""

from typing import Any

import pytest

from actions.dialogue.frame import agreeing
from actions.dialogue.frame.agreeing import agreed
from knowledge.answering.told import Abstention, Answer, Near


def unsure(*documents: str) -> Abstention:
    return Abstention("not_sure", 0.3, tuple(Near(one, "", None, one) for one in documents), 0.4)


def sure(document: str, *more: str) -> Answer:
    return Answer("", None, (), 0.9, document=document, near=unsure(document, *more).near)


@pytest.mark.parametrize(
    ("alone", "joined", "told", "meant"),
    [
        # the protection order, after what the police do to who beats
        (sure("order", "trial"), sure("police", "warning", "order"), "police", "order"),
        # whose guardian, after adoption was offered
        (unsure("money", "guardian"), unsure("pension", "guardian"), None, "guardian"),
        # of two that both name the one that these words put first
        (unsure("cooling", "withdraw"), unsure("withdraw", "cooling"), None, "cooling"),
        # these words lie near to what was told, too
        (sure("told", "other"), sure("told", "other"), "told", None),
        # nothing in common
        (unsure("dormitory"), sure("tobacco"), "tobacco", None),
        # the third of what was offered comes from these words alone
        (unsure("bridge"), unsure("house", "land", "bridge"), None, None),
    ],
)
def test_what_both_put_first(alone: Any, joined: Any, told: str | None, meant: str | None) -> None:
    assert agreed(alone, joined, told) == meant


def test_the_other_side_of_what_was_told_is_not_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreeing, "OPPOSITES", {"worker": {"owner": "您是主家"}})
    assert agreed(unsure("owner"), sure("worker", "owner"), "worker") is None
