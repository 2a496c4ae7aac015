import contextlib
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy import parse_message

from actions.replies import Button, Link, Reply, ReplyKind, phone_links
from bot.channels.wechat.wire.crypto import WechatRefused
from bot.channels.wechat.wire.text import MOST_BYTES, MOST_CHARACTERS, chosen, pieces, shown
from bot.channels.wechat.wire.xml import Incoming, number, read, shape, text_reply

TEXT = {
    "ToUserName": "gh_7f083739789a",
    "FromUserName": "oia2TjuEGTNoeX76QEjQNrcURxG8",
    "CreateTime": 1395658920,
    "MsgType": "text",
    "Content": "我们村彩礼最多能给多少",
    "MsgId": "5994231345616920",
}
FOLLOW = {
    **{k: v for k, v in TEXT.items() if k not in ("Content", "MsgId")},
    "MsgType": "event",
    "Event": "subscribe",
    "EventKey": "qrscene_lijiagou",
}


def test_a_text_reads_as_wechatpy_reads_it() -> None:
    body = shape(TEXT)
    ours, theirs = read(body.encode()), parse_message(body)
    assert (ours.openid, ours.account, ours.fields["Content"], ours.kind, ours.key) == (
        theirs.source,
        theirs.target,
        theirs.content,
        theirs.type,
        f"m-{theirs.id}",
    )


def test_each_delivery_of_an_event_has_the_same_key_and_another_event_another() -> None:
    first = read(shape(FOLLOW).encode())
    assert first == read(shape(FOLLOW).encode())
    assert first.event == "subscribe"
    assert (
        first.key
        != read(shape({**FOLLOW, "Event": "SCAN"}).encode()).key
        != read(shape({**FOLLOW, "CreateTime": 1395658921}).encode()).key
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml>",
        b"\xff\xfe",
        b"<xml></xml>",
        b"not xml",
        b"<xml><MsgType>text</MsgType></xml>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml/>',
        b'<?xml version="1.0" encoding="nonsense"?><xml/>',
        shape({**TEXT, "MsgId": "x"}).encode(),
        shape({**TEXT, "CreateTime": "-5"}).encode(),
        shape({**TEXT, "FromUserName": "a b/../"}).encode(),
        b"<xml>" + b"<a>" * 100_000,
    ],
)
def test_what_wechat_would_never_send_is_refused(body: bytes) -> None:
    with pytest.raises(WechatRefused):
        read(body)


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(body: bytes) -> None:
    with contextlib.suppress(WechatRefused):
        read(body)


@given(st.text(max_size=400))
def test_a_reply_is_xml_that_says_just_this(text: str) -> None:
    found = fromstring(text_reply(read(shape(TEXT).encode()), text, now=1))
    said = found.findtext("Content") or ""
    kept = "".join(
        c for c in text if c in "\n\t" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
    assert (said, found.findtext("ToUserName"), found.findtext("MsgType")) == (kept, TEXT["FromUserName"], "text")


def test_nothing_a_resident_said_is_in_what_a_log_would_show() -> None:
    assert "彩礼" not in repr(read(shape(TEXT).encode()))


@given(st.text(alphabet=st.sampled_from("村里a😀。！？；”\n 长"), max_size=3000))
def test_pieces_fit_and_lose_nothing_but_blanks(text: str) -> None:
    found = pieces(text)
    assert all(len(p) <= MOST_CHARACTERS and len(p.encode()) <= MOST_BYTES for p in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_pieces_end_at_sentences() -> None:
    assert all(p.endswith("。") for p in pieces("先找村委会调解，调解不成再去法院。" * 80))


def test_a_reply_shows_its_sources_by_link_and_its_buttons_as_numbers() -> None:
    cited = [{"title": "中华人民共和国民法典", "article": "第一千零四十二条"}]
    reply = replace(
        Reply.of_message("answer", "可以。", {"citations": cited}),
        next="先调解",
        buttons=(Button("报这件事", "/report_dispute"), Button("约律师")),
        links=phone_links("12348"),
    )
    assert shown(reply, sources="https://x/s/1") == (
        "可以。\n下一步：先调解\n拨打 12348\n依据：《民法典》第一千零四十二条\n看原文：https://x/s/1\n"
        "回复 1：报这件事\n回复 2：约律师"
    )
    assert (
        shown(
            Reply(ReplyKind.case, "只能打开一次。", links=(Link("打开看进度", "/progress/t"),)),
            sources=None,
            own_url="https://linli.example",
        )
        == "只能打开一次。\n打开看进度：https://linli.example/progress/t"
    )
    assert [
        chosen(t, reply.buttons) for t in ("1", "回复2", "选 1", "第2个", "3", "0", "12345", "1号楼漏水", "２")
    ] == ["/report_dispute", "约律师", "/report_dispute", "约律师", None, None, None, None, "约律师"]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("23.134521", 23.134521), ("-0.5", -0.5), ("", None), ("nan", None), ("1e400", None), ("九", None)],
)
def test_numbers_are_numbers(value: str, wanted: float | None) -> None:
    assert number({"Location_X": value}, "Location_X") == wanted


def test_incoming_is_a_value() -> None:
    assert isinstance(read(shape(TEXT).encode()), Incoming)
