"""What an agent is told before writing to somebody on WeChat."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.wechat.accounts import AccountKind
from tests.bot.channels.wechat.test_inbound import Wired, wire


def told(wired: Wired) -> tuple[int, str]:
    found = wired.wechat.remaining(wired.conversation())
    assert found is not None
    return found.messages, found.text_zh


def test_five_for_48_hours_and_the_quick_ones_only_where_there_are_no_others(sessions: sessionmaker[Session]) -> None:
    wired = wire(sessions)
    wired.follow()
    assert told(wired) == (3, "微信还能发 3 条，只在对方关注、扫码、点菜单后的 1 分钟里。")
    wired.say("在吗")
    messages, words = told(wired)
    assert messages == 5
    assert words.startswith("微信还能发 5 条，到 ")
    assert words.endswith(" 为止。")
    wired.clock.ahead = timedelta(hours=47)
    assert told(wired)[0] == 5


@pytest.mark.parametrize(
    ("template", "then"),
    [
        ("notice-1", "您写的先用通知提醒他，他点开网页就能看到"),
        (None, "这个公众号没有通知模板，您写的会存着，等对方再发一句话时一起给他"),
    ],
)
def test_after_48_hours_the_agent_hears_why_and_what_happens(
    sessions: sessionmaker[Session], template: str | None, then: str
) -> None:
    wired = wire(sessions, template=template)
    wired.say("在吗")
    wired.clock.ahead = timedelta(hours=48)
    messages, words = told(wired)
    assert messages == 0
    assert words.startswith(f"窗口已过，剩 0 条：{then}")


def test_without_the_right_it_waits_and_elsewhere_nothing_is_said(sessions: sessionmaker[Session]) -> None:
    wired = wire(sessions, kind=AccountKind.unverified, template=None)
    wired.say("在吗")
    assert told(wired)[0] == 0
    assert "没有客服接口" in told(wired)[1]
    assert wired.wechat.remaining("0" * 32) is None


def test_another_account_of_the_installation_does_not_answer_for_this_one(sessions: sessionmaker[Session]) -> None:
    wired = wire(sessions)
    wired.say("在吗")
    wired.change(account=replace(wired.wechat.line.account, appid="wx0000000000000000", template_id=None))
    assert wired.wechat.remaining(wired.conversation()) is None
