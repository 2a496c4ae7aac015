"""What people who run other WeChat services reported, tried here: T15, T18, T19, T21 and T22 of our list."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from actions.bookings import appointments
from actions.bookings.models import Appointment, Mode, Opening
from actions.bookings.status import AppointmentStatus
from actions.replies import Reply, ReplyKind
from bot.channels.wechat.accounts import AccountKind
from bot.channels.wechat.models import WechatReceipt
from bot.channels.wechat.wire.crypto import signature
from bot.channels.wechat.wire.text import pieces
from bot.channels.wechat.wire.xml import shape
from bot.conversations import delivery
from bot.conversations.models import Message, Sender
from tests.bot.channels.wechat.test_inbound import TOKEN, Wired, wire, wired

__all__ = ["wired"]  # the fixture


def body_of(openid: str, number: int) -> bytes:
    return shape(
        {
            "ToUserName": "gh_7f083739789a",
            "FromUserName": openid,
            "CreateTime": 1395658920,
            "MsgType": "text",
            "Content": "邻居占了我家地",
            "MsgId": number,
        }
    ).encode()


def test_two_people_with_one_number_of_message_in_one_second_are_both_answered(wired: Wired) -> None:
    """T15: WeChat numbered the voices of fifteen people alike, and five got no answer."""
    for openid in ("o1", "o2"):
        wired.follow(openid=openid)

    async def together() -> list[str | None]:
        deliver = wired.simulator.deliver_once
        return list(await asyncio.gather(*(deliver(openid, body_of(openid, 77)) for openid in ("o1", "o2"))))

    first, second = wired.run(together())
    assert first
    assert second
    assert first.split("看原文")[0] == second.split("看原文")[0]
    assert len(wired.rasa.asked) == 2
    assert wired.conversation("o1") != wired.conversation("o2")


def test_an_emoji_on_the_last_byte_of_a_piece_stays_whole() -> None:
    """T18: WeChat takes 2,048 bytes; cut there, half an emoji arrived, or nothing."""
    for length in range(2030, 2052):
        text = "a" * length + "😀" * 500 + "农" * 1000
        found = pieces(text)
        assert "".join(found) == text
        assert all(len(piece.encode()) <= 2048 for piece in found)


def test_a_token_that_dies_more_often_than_wechat_renews_it_keeps_the_words(wired: Wired) -> None:
    """T19: two servers with one appid; `force_refresh` is refused from the 21st time on, and nobody may go round in
    circles over it.
    """
    wired.say("在吗")
    wired.simulator.telephone("o1").is_following = True
    with wired.sessions() as session:
        delivery.tell(session, wired.conversation(), Reply(ReplyKind.case, "有进展了。"), key="late")
        session.commit()
    wired.api.token()
    wired.simulator.tokens.clear()
    wired.simulator.fail_next = [40001, 45009]  # the call, then the renewal
    wired.clock.ahead = timedelta(minutes=1)
    assert (wired.wechat.deliver_due(), wired.simulator.fail_next) == (0, [])
    wired.clock.ahead = timedelta(minutes=3)
    assert wired.wechat.deliver_due() == 1
    assert [text for via, text in wired.texts() if via == "customer_service"] == ["有进展了。"]


def test_an_address_is_checked_by_the_plain_signature_and_a_sealed_message_by_its_own(
    sessions: sessionmaker[Session],
) -> None:
    """T21: "token 验证失败" by quotes around the echo; safe mode taken with the wrong one of two signatures."""
    wired = wire(sessions, mode="safe")
    client, stamp, nonce = TestClient(wired.app), str(int(wired.clock.unix())), "n1"
    plain = {"signature": signature(TOKEN, stamp, nonce), "timestamp": stamp, "nonce": nonce}
    wrong = {**plain, "signature": signature("another token", stamp, nonce), "echostr": "5837"}
    assert client.get("/wechat/qinghe", params=wrong).status_code == 403
    echo = client.get("/wechat/qinghe", params={**plain, "encrypt_type": "aes", "echostr": "5837"})
    assert (echo.status_code, echo.text) == (200, "5837")
    _, sealed = wired.simulator._sealed(body_of("o1", 1))
    refused = client.post("/wechat/qinghe", params={**plain, "encrypt_type": "aes"}, content=sealed)
    assert (refused.status_code, wired.rows(WechatReceipt), wired.rows(Message)) == (403, 0, 0)


def booked(status: AppointmentStatus) -> Reply:
    opening = Opening(
        id=1, place_id="lijiagou", worker_id=1, worker_name="李律师", mode=Mode.visit, address="村委会",
        starts_at=datetime(2026, 12, 8, 1, 0, tzinfo=UTC), ends_at=datetime(2026, 12, 8, 1, 30, tzinfo=UTC), capacity=1,
    )  # fmt: skip
    made = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    return appointments.booked_reply(Appointment(opening=opening, status=status, created_at=made))


@pytest.mark.parametrize("status", [AppointmentStatus.waiting, AppointmentStatus.booked])
def test_no_reminder_is_promised_where_none_can_be_sent(
    sessions: sessionmaker[Session], status: AppointmentStatus
) -> None:
    """T22: after 48 hours (45015), and on an unverified account ever, nothing goes out."""
    said = booked(status)
    promised = ("我会提醒您", "马上在这里告诉您")
    assert any(words in said.text + said.next for words in promised), "what the channel makes true"
    for kind, template, may_promise in (
        (AccountKind.unverified, None, False),
        (AccountKind.service, None, False),
        (AccountKind.service, "notice-1", True),
    ):
        channel = wire(sessions, kind=kind, template=template).wechat
        assert channel.line.account.can_begin is may_promise
        message = Message(sender=Sender.bot, kind="booking", text=said.text, body=said.body())
        shown = "".join(channel._outbound._cut(message, is_numbered=True))
        assert any(words in shown for words in promised) is may_promise, (kind, template)
        assert may_promise or "我的预约" in shown
