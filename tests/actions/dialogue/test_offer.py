"""A bare yes files what was offered just now, and nothing that was passed over."""

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.control import Affirm, Deny
from actions.dialogue.frame.base import Turn
from tests.actions.dialogue.test_base import given

_TROUBLE = "儿子在广东打工好几年不回来也不寄钱，管不管得了"


def said(sessions: sessionmaker[Session], text: str, *, last: str) -> str:
    turn = Turn(
        "c", text, intent="affirm", sure=0.9, message=None, slots={"dispute_offer": _TROUBLE, "last_question": last}
    )
    action = Deny if text == "不" else Affirm
    return action(given(sessions)).do(turn).replies[0].text


@pytest.mark.parametrize(("last", "is_filed"), [(_TROUBLE, True), ("低保怎么申请", False)])
def test_a_yes_answers_only_the_offer_that_was_made_last(
    sessions: sessionmaker[Session], last: str, is_filed: bool
) -> None:
    assert ("我先记下了" in said(sessions, "嗯", last=last)) is is_filed
    assert ("不弄了" in said(sessions, "不", last=last)) is is_filed
