"""Whatever reaches WeChat's address: taken, or refused without a word and after the same work, never a crash."""

import base64
import hmac
import itertools
import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from bot.channels.wechat.wire.crypto import MessageCipher, WechatRefused, signature
from bot.channels.wechat.wire.xml import shape
from bot.conversations.models import Message
from bot.web.limits import RateLimit
from tests.bot.channels.wechat.test_inbound import APPID, KEY, TOKEN, Wired, wire

pytestmark = pytest.mark.slow

_OPTIONS = hypothesis_settings(derandomize=True, database=None, suppress_health_check=list(HealthCheck))
PYTHON = ("Traceback", "Error", "Exception", "sqlalchemy", "defusedxml", "File ")
EVIL = [
    "",
    " ",
    "\x00",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "0" * 400,
    "-1",
    "1e9",
    "१२",
    "²",
    "aes",
    "raw",
    "AES",
    "字" * 300,
    "../..",
    "%00",
    "\r\nX: y",
    "<a>",
    "{{7*7}}",
    "'",
    "NaN",
]
TEXT = {
    "ToUserName": "gh_7f083739789a",
    "FromUserName": "o1",
    "CreateTime": 1395658920,
    "MsgType": "text",
    "Content": "在吗",
    "MsgId": 1,
}
_NONCES = itertools.count()
texts = st.sampled_from(EVIL) | st.text(max_size=40)


@pytest.fixture
def safe(sessions: sessionmaker[Session]) -> Wired:
    return wire(sessions, mode="compatible")


def client_of(wired: Wired) -> TestClient:
    return TestClient(wired.app, raise_server_exceptions=False)


def signed(wired: Wired, *parts: str, token: str = TOKEN) -> dict[str, str]:
    """Each with a nonce of its own, as WeChat sends them."""
    stamp, nonce = str(int(wired.clock.unix())), f"n{next(_NONCES)}"
    return {
        "signature": signature(token, stamp, nonce),
        "timestamp": stamp,
        "nonce": nonce,
        **({"encrypt_type": "aes", "msg_signature": signature(token, stamp, nonce, *parts)} if parts else {}),
    }


def quiet(answer: Any, *, taken: bool | None = None) -> None:
    """Taken, or refused without a word."""
    assert answer.status_code in (200, 403), (
        answer.status_code,
        answer.text[:200],
    )
    assert taken is None or (answer.status_code == 200) is taken, (
        answer.status_code,
        answer.text[:200],
    )
    assert answer.status_code == 200 or answer.text == ""
    assert not any(word in answer.text for word in PYTHON), answer.text[:300]


def test_no_query_and_no_body_that_wechat_did_not_sign_does_anything(safe: Wired) -> None:
    client = client_of(safe)
    query = st.dictionaries(
        st.sampled_from(["signature", "msg_signature", "timestamp", "nonce", "echostr", "encrypt_type", "openid"])
        | texts,
        texts,
        max_size=8,
    )
    bodies = (
        st.binary(max_size=300)
        | texts.map(lambda t: t.encode("utf-8", "replace"))
        | st.just(shape(TEXT).encode())
        | st.just(shape({"Encrypt": MessageCipher(key=KEY, appid=APPID).seal(shape(TEXT))}).encode())
    )

    @_OPTIONS
    @given(query, bodies, st.sampled_from(["qinghe", "nobody"]))
    def run(sent: dict[str, str], body: bytes, name: str) -> None:
        quiet(client.get(f"/wechat/{name}", params=sent), taken=False)
        quiet(client.post(f"/wechat/{name}", params=sent, content=body), taken=False)

    run()
    assert safe.rows(Message) == 0


def test_an_echo_is_given_back_as_it_came_and_never_as_a_page(safe: Wired) -> None:
    client = client_of(safe)

    @_OPTIONS
    @given(texts)
    def run(echo: str) -> None:
        answer = client.get("/wechat/qinghe", params={**signed(safe), "echostr": echo})
        quiet(answer, taken=True)
        assert answer.headers["content-type"].startswith("text/plain")
        assert "x" not in answer.headers

    run()


fields = st.dictionaries(
    st.sampled_from(
        [
            "ToUserName",
            "FromUserName",
            "CreateTime",
            "MsgType",
            "Content",
            "MsgId",
            "Event",
            "EventKey",
            "PicUrl",
            "Recognition",
            "Location_X",
            "Location_Y",
            "Label",
            "Ticket",
            "Status",
            "Latitude",
        ]
    ),
    st.sampled_from(
        [
            *EVIL,
            "event",
            "subscribe",
            "SCAN",
            "CLICK",
            "unsubscribe",
            "qrscene_lijiagou",
            "lijiagou",
            "http://[",
            "删除记录",
            "网页",
            "关掉网页",
            "合到一起看",
            "1",
            "[微笑]",
        ]
    )
    | st.text(max_size=60),
)
kinds = st.sampled_from(
    ["text", "voice", "image", "location", "link", "video", "shortvideo", "file", "event", "wxcard", "字", "x" * 100]
)


def test_whatever_a_signed_message_says_is_taken_or_refused(safe: Wired) -> None:
    client, cipher = client_of(safe), MessageCipher(key=KEY, appid=APPID)

    @_OPTIONS
    @given(kinds, fields, st.integers(1, 10**20 - 1), st.booleans(), st.booleans())
    def run(kind: str, more: dict[str, str], number: int, is_sealed: bool, is_known: bool) -> None:
        sent = (
            {**TEXT, "MsgId": number, **more, "MsgType": kind}
            if not is_known
            else {
                **more,
                **TEXT,
                "MsgId": number,
                "MsgType": kind,
                **{
                    k: v
                    for k, v in more.items()
                    if k
                    in ("Content", "Event", "EventKey", "PicUrl", "Recognition", "Location_X", "Location_Y", "Label")
                },
            }
        )
        xml = shape(sent)
        sealed = cipher.seal(xml)
        body = shape({"Encrypt": sealed}) if is_sealed else xml
        answer = client.post(
            "/wechat/qinghe", params=signed(safe, *([sealed] if is_sealed else [])), content=body.encode()
        )
        quiet(answer, taken=True if is_known else None)

    run()
    assert safe.rows(Message) > _OPTIONS.max_examples / 8, "many of them were taken for a message"
    safe.wechat.tend()


@pytest.mark.parametrize("is_sealed", [True, False])
def test_no_signed_bytes_do_more_than_be_refused(safe: Wired, is_sealed: bool) -> None:
    """Not even somebody who knows the token gets a word out of what isn't a message."""
    client, cipher = client_of(safe), MessageCipher(key=KEY, appid=APPID)
    good = shape(TEXT)

    @_OPTIONS
    @given(
        st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=300)
        | st.tuples(
            st.integers(0, len(good)),
            st.sampled_from(["<!DOCTYPE x [<!ENTITY a 'b'>]>", "&a;", "<", "]]>", "\x00", "<?x?>", "<!--"]),
        ).map(lambda cut: good[: cut[0]] + cut[1] + good[cut[0] :])
    )
    def run(xml: str) -> None:
        sealed = cipher.seal(xml)
        body = shape({"Encrypt": sealed}).encode() if is_sealed else xml.encode()
        quiet(client.post("/wechat/qinghe", params=signed(safe, *([sealed] if is_sealed else [])), content=body))

    run()


@pytest.mark.parametrize("what", ["base64", "length", "padding", "appid", "text"])
def test_ciphertext_that_is_signed_but_not_ours_is_refused_alike(safe: Wired, what: str) -> None:
    answer = client_of(safe).post(
        "/wechat/qinghe", params=signed(safe, BAD[what]()), content=shape({"Encrypt": BAD[what]()}).encode()
    )
    assert (answer.status_code, answer.text) == (403, "")


def _padded(last: int) -> str:
    """A message of ours whose last byte says how much padding there is, wrongly."""
    encryptor = MessageCipher(key=KEY, appid=APPID)._cipher().encryptor()
    return base64.b64encode(encryptor.update(b"x" * 287 + bytes([last])) + encryptor.finalize()).decode()


XML = shape(TEXT)
BAD: dict[str, Callable[[], str]] = {
    "base64": lambda: "!" * 400,
    "length": lambda: base64.b64encode(b"x" * 301).decode(),
    "padding": lambda: _padded(0),
    "appid": lambda: MessageCipher(key=KEY, appid="wx0000000000000000").seal(XML, salt=b"0" * 16),
    "text": lambda: base64.b64encode(b"x" * 320).decode(),
}


@pytest.mark.parametrize("last", [0, 1, 2, 31, 32, 33, 255])
def test_every_last_byte_of_padding_costs_the_same(last: int) -> None:
    sealed = _padded(last)
    with counting() as work, pytest.raises(WechatRefused):
        MessageCipher(key=KEY, appid=APPID).open(sealed)
    assert work == {"compare": 2, "decrypt": 1}


class counting:
    """How often secrets were compared and AES was run."""

    def __init__(self) -> None:
        self.work: Counter[str] = Counter()

    def __enter__(self) -> Counter[str]:
        self.patch, compare, cipher = pytest.MonkeyPatch(), hmac.compare_digest, MessageCipher._cipher

        def counted_compare(a: Any, b: Any) -> bool:
            self.work["compare"] += 1
            return compare(a, b)

        def counted_cipher(own: MessageCipher) -> Any:
            self.work["decrypt"] += 1
            return cipher(own)

        self.patch.setattr("bot.channels.wechat.wire.crypto.hmac.compare_digest", counted_compare)
        self.patch.setattr(MessageCipher, "_cipher", counted_cipher)
        return self.work

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


def refusals(wired: Wired) -> dict[str, tuple[str, dict[str, str], bytes]]:
    """Where, with which query and body: everything that can be wrong with a sealed request."""
    good = MessageCipher(key=KEY, appid=APPID).seal(XML, salt=b"0" * 16)
    query = signed(wired, good)
    body = shape({"Encrypt": good}).encode()
    return {
        "signature": ("qinghe", {**query, "msg_signature": "0" * 40}, body),
        "no signature": ("qinghe", {k: v for k, v in query.items() if k != "msg_signature"}, body),
        "account": ("nobody", query, body),
        "old": ("qinghe", {**query, "timestamp": "1", "msg_signature": signature(TOKEN, "1", "n", good)}, body),
        **{what: ("qinghe", signed(wired, make()), shape({"Encrypt": make()}).encode()) for what, make in BAD.items()},
    }


def test_every_refusal_costs_the_same_work_and_says_the_same(safe: Wired) -> None:
    client, seen = client_of(safe), {}
    for what, (name, query, body) in refusals(safe).items():
        with counting() as work:
            answer = client.post(f"/wechat/{name}", params=query, content=body)
        seen[what] = (answer.status_code, answer.text, sorted(answer.headers.items()), dict(work))
    assert set(map(json.dumps, seen.values())) == {
        json.dumps(
            (
                403,
                "",
                [("content-length", "0"), ("content-type", "text/plain; charset=utf-8")],
                {"compare": 3, "decrypt": 1},
            )
        )
    }, seen


def test_an_account_without_a_key_costs_the_same_as_one_with(sessions: sessionmaker[Session]) -> None:
    plain = wire(sessions)
    client, (_, query, body) = client_of(plain), refusals(plain)["signature"]
    for name in ("qinghe", "nobody"):
        with counting() as work:
            assert client.post(f"/wechat/{name}", params=query, content=body).status_code == 403
        assert work == {"compare": 3, "decrypt": 1}


def test_the_check_of_an_address_costs_the_same_for_an_account_that_is_not_there(safe: Wired) -> None:
    for name, query in (("qinghe", {**signed(safe), "signature": "0" * 40}), ("nobody", signed(safe))):
        with counting() as work:
            assert client_of(safe).get(f"/wechat/{name}", params=query).status_code == 403
        assert work == {"compare": 1}


@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_request_played_again_within_its_time_does_nothing_twice(safe: Wired, is_sealed: bool) -> None:
    sealed = MessageCipher(key=KEY, appid=APPID).seal(XML)
    query = signed(safe, *([sealed] if is_sealed else []))
    body = (shape({"Encrypt": sealed}) if is_sealed else XML).encode()
    for _ in range(5):
        quiet(client_of(safe).post("/wechat/qinghe", params=query, content=body), taken=True)
    assert (safe.rows(Message), len(safe.rasa.asked)) == (2, 1)
    for ahead in (400, -400):
        safe.clock.ahead += type(safe.clock.ahead)(seconds=ahead - safe.clock.ahead.total_seconds())
        quiet(client_of(safe).post("/wechat/qinghe", params=query, content=body), taken=False)


def test_no_link_is_opened_by_guessing_or_changing_it(safe: Wired, monkeypatch: pytest.MonkeyPatch) -> None:
    # which would refuse most of the guesses for another reason
    monkeypatch.setattr(RateLimit, "check", lambda *_: None)
    safe.say("在吗")
    link = safe.links.page(safe.conversation())
    token, client = link.rsplit("/", 1)[1], TestClient(safe.app, raise_server_exceptions=False, follow_redirects=False)

    @_OPTIONS
    @given(st.integers(0, len(token) - 2), st.sampled_from("aZ0._-"), texts)  # of the last letter two bits mean nothing
    def run(at: int, letter: str, other: str) -> None:
        for guess in (token[:at] + letter + token[at + 1 :], token[:at], quote(other.replace("/", ""), safe="")):
            if guess == token or not guess.strip(". "):
                continue
            for path in (f"/w/{guess}", f"/w/s/{guess}"):
                assert client.get(path).status_code in (404, 405), path
            assert client.post(f"/w/{guess}").status_code in (404, 405)

    run()
    assert client.get(f"/w/{token}").status_code == 200
