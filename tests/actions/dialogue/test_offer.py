"""A bare yes files what was offered just now, and nothing that was passed over."""

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.control import Affirm, Deny
from actions.dialogue.dispute import ReportDispute
from actions.dialogue.frame.answering import Answering
from actions.dialogue.frame.base import Turn
from actions.dialogue.smalltalk import _FILE
from knowledge.answering.told import Abstention
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


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("你好哇小助手 下雪了没 我这黑龙江都零下二十八了", "chitchat"),
        ("上次你教我写的那个收条好用得很，人家把九百块还给我了，谢谢你哟", "thanks"),
        ("上次要回来了一半，剩下的他不给了，谢谢", ""),
        ("邻居把水沟堵了，谢谢", ""),
    ],
)
def test_a_pleasantry_and_thanks_are_offered_no_filing(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch, text: str, kind: str
) -> None:
    """Whatever the classifier took them for."""
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: Abstention("not_sure", 0.1))
    turn = Turn("c", text, intent="report_dispute", sure=0.9, message=1)
    replies = ReportDispute(given(sessions)).do(turn).replies
    is_offered = any("登记上报" in reply.text for reply in replies)
    assert is_offered is not bool(kind)
    assert not kind or replies[0].text in getattr(_FILE, kind)
