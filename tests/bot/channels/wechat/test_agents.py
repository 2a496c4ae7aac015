"""What agents send along and take back, as it looks on WeChat, where nothing that was sent can be made unsent."""

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy.orm import Session, sessionmaker

from actions.errors import NotFound
from bot.channels.wechat.models import WechatSent
from bot.conversations import handoff
from bot.conversations.agents import attachments, withdrawing
from bot.conversations.agents.attachments import CleanFile, clean_file
from tests.bot.channels.wechat.test_inbound import Wired, wire


@pytest.fixture
def wired(sessions: sessionmaker[Session]) -> Wired:
    """Somebody on WeChat talks with an agent."""
    found = wire(sessions)
    found.follow()
    found.say("在吗")
    with found.sessions() as session:
        handoff.accept(session, found.conversation(), agent_id=7, agent_name="王芳", now=found.wechat.line.now())
    _deliver(found)
    return found


def _say(wired: Wired, text: str, *, key: str = "1", file: CleanFile | None = None) -> int:
    with wired.sessions() as session:
        now = wired.wechat.line.now()
        said = handoff.say(session, wired.conversation(), text, agent_id=7, client_id=key, now=now, file=file)
        return said.id


def _withdraw(wired: Wired, number: int) -> None:
    with wired.sessions() as session:
        assert withdrawing.withdraw(session, wired.conversation(), number, agent_id=7, now=wired.wechat.line.now())


def _deliver(wired: Wired) -> int:
    wired.clock.ahead += timedelta(seconds=5)
    return wired.wechat.deliver_due()


def _heard(wired: Wired) -> str:
    return "\n".join(text for _, text in wired.texts())


def test_a_photo_comes_as_a_link_that_opens_it(wired: Wired) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(out, "JPEG")
    _say(wired, "", file=clean_file("a.jpg", out.getvalue()))
    _deliver(wired)
    heard = _heard(wired)
    assert "给您发来一张照片" in heard
    assert "点开看照片（7 天内能打开）" in heard
    token = heard.rsplit("/a/", 1)[1].split()[0]
    with wired.sessions() as session:
        found = attachments.Links("s").read(session, token)
        assert found.kind == "photo"
    wired.simulator.check()


def test_what_was_withdrawn_before_it_left_never_leaves_and_nobody_is_told(wired: Wired) -> None:
    _withdraw(wired, _say(wired, "发错了的话"))
    assert _deliver(wired) == 0
    assert _deliver(wired) == 0, "nor does it go on trying"
    assert "发错了的话" not in _heard(wired)
    assert "撤回" not in _heard(wired)
    _say(wired, "这是对的", key="2")
    _deliver(wired)
    assert "这是对的" in _heard(wired)


def test_of_what_had_left_the_resident_hears_that_it_was_withdrawn(wired: Wired) -> None:
    number = _say(wired, "发错了的话")
    _deliver(wired)
    assert "发错了的话" in _heard(wired)
    _withdraw(wired, number)
    _deliver(wired)
    _deliver(wired)
    assert _heard(wired).count("工作人员撤回了一条消息") == 1
    wired.simulator.check()


def test_it_is_told_too_where_nobody_knows_whether_it_left(wired: Wired) -> None:
    """A process that was killed while it sent may have sent it."""
    number = _say(wired, "发错了的话")
    with wired.sessions() as session:
        session.add(WechatSent(message_id=number, pieces=0, via="sending"))
        session.commit()
    _withdraw(wired, number)
    _deliver(wired)
    assert "发错了的话" not in _heard(wired)
    assert _heard(wired).count("工作人员撤回了一条消息") == 1


def test_a_link_of_a_withdrawn_file_opens_nothing(wired: Wired) -> None:
    file = CleanFile("pdf", "协议.pdf", b"%PDF-1.4")
    number = _say(wired, "", file=file)
    _deliver(wired)
    token = _heard(wired).rsplit("/a/", 1)[1].split()[0]
    _withdraw(wired, number)
    with wired.sessions() as session, pytest.raises(NotFound, match="撤回"):
        attachments.Links("s").read(session, token)
