import base64
import string
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature as oracle_check

from bot.channels.wechat.wire.crypto import (
    WINDOW_S,
    MessageCipher,
    WechatRefused,
    check_signature,
    check_time,
    signature,
)

KEY, APPID, TOKEN = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a", "123456"
CIPHER = MessageCipher(key=KEY, appid=APPID)
XML = "<xml><Content><![CDATA[我们村彩礼最多能给多少]]></Content></xml>"


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=3000))
def test_what_was_sealed_opens_again(text: str) -> None:
    assert CIPHER.open(CIPHER.seal(text)) == text


def test_seals_and_signs_byte_for_byte_as_wechatpy_does() -> None:
    oracle = WeChatCrypto(TOKEN, KEY, APPID)
    sealed = CIPHER.seal(XML, salt=b"0123456789abcdef")
    signed = signature(TOKEN, "1409735669", "1320562132", sealed)
    request = f"<xml><Encrypt>{sealed}</Encrypt></xml>"
    assert oracle.decrypt_message(request, signed, "1409735669", "1320562132") == XML
    oracle_check(TOKEN, signature(TOKEN, "1409735669", "1320562132"), "1409735669", "1320562132")
    theirs = oracle.encrypt_message(XML, "1320562132", "1409735669")
    encrypted = theirs.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    assert CIPHER.open(encrypted) == XML
    check_signature(
        theirs.split("<MsgSignature><![CDATA[")[1].split("]]>")[0], TOKEN, "1409735669", "1320562132", encrypted
    )


@given(st.binary(max_size=400))
def test_what_was_not_sealed_for_us_is_refused(data: bytes) -> None:
    for text in (base64.b64encode(data).decode(), data.decode("latin-1")):
        with pytest.raises(WechatRefused):
            CIPHER.open(text)


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_byte_never_gives_another_text_for_our_account(place: int, change: int) -> None:
    data = bytearray(base64.b64decode(CIPHER.seal(XML, salt=b"0123456789abcdef")))
    data[place % len(data)] ^= change
    try:
        opened = CIPHER.open(base64.b64encode(data).decode())
    except WechatRefused:
        return
    # CBC alone doesn't authenticate: that is what the signature over the ciphertext is for.
    with pytest.raises(WechatRefused):
        check_signature(
            signature(TOKEN, "1", "2", CIPHER.seal(XML, salt=b"0123456789abcdef")),
            TOKEN,
            "1",
            "2",
            base64.b64encode(data).decode(),
        )
    assert isinstance(opened, str)


@pytest.mark.parametrize("appid", ["wx0000000000000000", "", APPID + "x"])
def test_a_message_for_another_account_is_refused(appid: str) -> None:
    with pytest.raises(WechatRefused, match="appid"):
        CIPHER.open(MessageCipher(key=KEY, appid=appid).seal(XML))


def test_a_length_beyond_the_message_is_refused() -> None:
    cipher = CIPHER._cipher().encryptor()
    plain = b"0" * 16 + struct.pack(">I", 2**31) + b"x" * 11 + bytes([1])
    with pytest.raises(WechatRefused):
        CIPHER.open(base64.b64encode(cipher.update(plain) + cipher.finalize()).decode())


@pytest.mark.parametrize("key", ["", "short", KEY + "A", KEY[:-1] + "!", "天" * 43])
def test_a_key_that_is_none_is_told_at_once(key: str) -> None:
    with pytest.raises(ValueError, match="EncodingAESKey"):
        MessageCipher(key=key, appid=APPID)


@given(st.text(alphabet=string.printable, max_size=60))
def test_a_signature_that_is_not_ours_is_refused(given_signature: str) -> None:
    with pytest.raises(WechatRefused):
        check_signature(given_signature, TOKEN, "1", "2")


@pytest.mark.parametrize(
    "timestamp", ["", "x", "-1", "1e9", "９９９", "1" * 13, str(1000 - WINDOW_S - 1), str(1000 + WINDOW_S + 1)]
)
def test_an_old_or_made_up_time_is_refused(timestamp: str) -> None:
    with pytest.raises(WechatRefused):
        check_time(timestamp, now=1000)
    check_time("1000", now=1000 + WINDOW_S)
