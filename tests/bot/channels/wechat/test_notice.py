"""A notice fills the fields of the template that the account has picked, and says nothing of the matter."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.replies import Reply, ReplyKind
from bot.channels.simulator.account import simulated
from bot.channels.wechat.wire.api import WechatError
from bot.conversations import delivery
from tests.bot.channels.wechat.test_inbound import Wired, wire


@pytest.fixture
def wired(sessions: sessionmaker[Session]) -> Wired:
    found = wire(sessions)
    found.simulator.account = simulated(found.wechat.line.account)
    found.follow()
    found.say("在吗")
    found.clock.ahead = timedelta(hours=49)
    return found


def tell(wired: Wired, key: str = "late") -> list[str]:
    """The notices, after a word too late for the window."""
    with wired.sessions() as session:
        delivery.tell(session, wired.conversation(), Reply(ReplyKind.case, "您反映的离婚纠纷已受理。"), key=key)
        session.commit()
    wired.clock.ahead += timedelta(minutes=2)
    wired.wechat.deliver_due()
    return [s.text for s in wired.simulator.telephone("o1").shown if s.via == "template"]


def test_each_field_holds_what_its_kind_allows(wired: Wired) -> None:
    assert [re.sub(r"\d", "0", notice) for notice in tell(wired)] == [
        "事项：您的事有了新消息，点开查看。\n进展：有新消息\n时间：0000年00月00日 00:00"
    ]
    assert len(tell(wired, "later")) == 2
    wired.simulator.check()


def test_an_old_template_of_first_and_remark(wired: Wired) -> None:
    wired.simulator.account = replace(wired.simulator.account, template="{{first.DATA}}")
    assert tell(wired) == ["您的事有了新消息，点开查看。"]
    wired.simulator.check()


def test_the_template_is_asked_for_again_where_the_servers_were_busy(wired: Wired) -> None:
    wired.simulator.fail_next = [-1]
    assert tell(wired) == []
    assert len(tell(wired, "later")) == 1
    wired.simulator.check()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"first": {"value": "有新消息"}},
        {"thing1": {"value": "有"}, "phrase2": {"value": "六个字太长了"}, "time3": {"value": "1"}},
        {"thing1": {"value": ""}, "phrase2": {"value": "有"}, "time3": {"value": "1"}},
    ],
)
def test_the_simulator_refuses_other_fields_and_what_is_too_long(wired: Wired, data: dict[str, dict[str, str]]) -> None:
    with pytest.raises(WechatError, match="47003"):
        wired.api.call(
            "POST",
            "/cgi-bin/message/template/send",
            {"touser": "o1", "template_id": "notice-1", "url": "", "data": data},
        )
    assert len(wired.simulator.violations) == 1
