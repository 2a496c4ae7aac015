"""One address line that was seen signs nobody else's words (red team M19)."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.wechat.wire.crypto import MessageCipher, WechatRefused, signature
from bot.channels.wechat.wire.replay import SeenBodies
from bot.conversations.models import Message
from tests.bot.channels.wechat.test_inbound import APPID, KEY, TOKEN, Wired, wire

NOW = 1_790_000_000.0


def test_a_signature_goes_with_the_body_that_came_first() -> None:
    seen = SeenBodies(started=NOW - 1000)
    for later in (0, 5, 10):
        seen.check("s", b"first", stamp=str(int(NOW)), now=NOW + later)
    with pytest.raises(WechatRefused, match="another body"):
        seen.check("s", b"other", stamp=str(int(NOW)), now=NOW + 1)
    with pytest.raises(WechatRefused, match="too late"):
        seen.check("s", b"first", stamp=str(int(NOW)), now=NOW + 31)


def test_what_was_signed_before_we_started_is_refused() -> None:
    seen = SeenBodies(started=NOW)
    seen.check("s", b"x", stamp=str(int(NOW - 15)), now=NOW)
    with pytest.raises(WechatRefused, match="before we started"):
        seen.check("t", b"x", stamp=str(int(NOW - 60)), now=NOW)


def test_signatures_are_forgotten_when_their_time_is_over() -> None:
    seen = SeenBodies(started=NOW - 1000)
    for number in range(1000):
        seen.check(str(number), b"x", stamp=str(int(NOW)), now=NOW + number)
    assert len(seen._seen) <= 601


def push(wired: Wired, query: dict[str, str], openid: str, said: str, key: int) -> int:
    body = (
        f"<xml><ToUserName>gh</ToUserName><FromUserName>{openid}</FromUserName><CreateTime>1</CreateTime>"
        f"<MsgType>text</MsgType><Content>{said}</Content><MsgId>{key}</MsgId></xml>"
    )
    return int(wired.run(wired.simulator.reach("POST", query, body.encode())).status_code)


@pytest.mark.parametrize(("mode", "status"), [("plain", 200), ("compatible", 200), ("safe", 403)])
def test_words_of_others_under_a_line_that_was_seen_are_refused(
    sessions: sessionmaker[Session], mode: str, status: int
) -> None:
    wired = wire(sessions, mode=mode)
    stamp, nonce = str(int(wired.clock.unix())), "0123456789"
    query = {"signature": signature(TOKEN, stamp, nonce), "timestamp": stamp, "nonce": nonce}
    assert push(wired, query, "oReal", "邻居占了我家地", 1) == status
    assert push(wired, query, "oVictim", "网页", 2) == 403
    with sessions() as session:
        said = session.scalars(select(Message.text).where(Message.sender == "resident")).all()
    assert "网页" not in said
    wired.simulator.check()


@pytest.mark.parametrize("mode", ["plain", "safe"])
@pytest.mark.parametrize("odd", ["\x1d", "\x08", "\x00", "\ufffe", "&#x1d;", "&#8;"])
def test_a_character_that_xml_has_not_is_dropped_and_the_question_answered(
    sessions: sessionmaker[Session], mode: str, odd: str
) -> None:
    """T14: the person read that the account was out of order."""
    wired = wire(sessions, mode=mode)
    xml = (
        "<xml><ToUserName>gh</ToUserName><FromUserName>o1</FromUserName><CreateTime>1</CreateTime>"
        f"<MsgType>text</MsgType><Content>{odd}邻居占了我家{odd}地</Content><MsgId>7</MsgId></xml>"
    )
    stamp, nonce = str(int(wired.clock.unix())), "0123456789"
    query, body = {"timestamp": stamp, "nonce": nonce, "signature": signature(TOKEN, stamp, nonce)}, xml.encode()
    if mode == "safe":
        sealed = MessageCipher(key=KEY, appid=APPID).seal(xml)
        query |= {"encrypt_type": "aes", "msg_signature": signature(TOKEN, stamp, nonce, sealed)}
        body = f"<xml><ToUserName>gh</ToUserName><Encrypt>{sealed}</Encrypt></xml>".encode()
    answer = wired.run(wired.simulator.reach("POST", query, body))
    assert answer.status_code == 200
    assert answer.text != "success"
    with sessions() as session:
        assert "邻居占了我家地" in session.scalars(select(Message.text).where(Message.sender == "resident")).all()
    wired.simulator.check()
