"""WeChat's XML, in and out: what a request says, and the passive reply.

Source: 微信公众平台 开发文档, 接收普通消息, 接收事件推送, 被动回复用户消息.
"""

import re
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.channels.wechat.wire.crypto import WechatRefused

MOST_BYTES = 64 * 1024
# Other programs' copy buttons put them into what people paste; XML 1.0 has no such characters (section 2.2), and the
# person would read that our account is out of order.
_NO_XML = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]"
    rb"|&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]));"
)
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,12})?")


@dataclass(frozen=True)
class Incoming:
    """One request. `key` is the same for each delivery of a message or event."""

    account: str  # ToUserName: the account's original id
    openid: str
    kind: str  # text, voice, image, location, link, ... or event
    key: str
    created: int  # Unix seconds, by WeChat's clock
    fields: dict[str, str]

    @property
    def event(self) -> str:
        return self.fields.get("Event", "").lower()

    def __repr__(self) -> str:
        return f"Incoming({self.kind} {self.event} {self.key})"  # none of the resident's words reach a log


def read_fields(body: bytes) -> dict[str, str]:
    """The direct children of the root. Raises WechatRefused for what isn't plain XML: entities and DTDs are off."""
    if len(body) > MOST_BYTES:
        raise WechatRefused("size")
    try:
        root = fromstring(_NO_XML.sub(b"", body), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise WechatRefused("xml") from None
    return {child.tag: (child.text or "").strip() for child in root if isinstance(child.tag, str)}


def read(body: bytes) -> Incoming:
    """Raises WechatRefused."""
    fields = read_fields(body)
    kind, openid, account, created = (
        fields.get(n, "") for n in ("MsgType", "FromUserName", "ToUserName", "CreateTime")
    )
    if (
        not (kind and openid and account)
        or not re.fullmatch(r"[0-9]{1,12}", created)
        or not re.fullmatch(r"[\w@.-]{1,64}", openid, re.ASCII)
    ):
        raise WechatRefused("fields")
    number = fields.get("MsgId", "")
    if kind == "event":
        # Events carry no MsgId; sender, second and what happened tell them apart.
        key = f"e-{created}-{fields.get('Event', '').lower()}-{fields.get('EventKey', '')}"[:60]
    elif re.fullmatch(r"[0-9]{1,20}", number):
        key = f"m-{number}"
    else:
        raise WechatRefused("MsgId")
    return Incoming(
        account=account[:64], openid=openid, kind=kind.lower()[:20], key=key, created=int(created), fields=fields
    )


def number(fields: dict[str, str], name: str) -> float | None:
    value = fields.get(name, "")
    return float(value) if _NUMBER.fullmatch(value) else None


def _cdata(text: str) -> str:
    kept = "".join(
        c for c in text if c in "\n\t" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
    return f"<![CDATA[{kept.replace(']]>', ']]]]><![CDATA[>')}]]>"


def text_reply(to: Incoming, text: str, *, now: int) -> str:
    """A passive reply; `text` at most 2,048 bytes of UTF-8 (see `text.pieces`)."""
    return (
        f"<xml><ToUserName>{_cdata(to.openid)}</ToUserName><FromUserName>{_cdata(to.account)}</"
        f"FromUserName><CreateTime>{now}</CreateTime><MsgType>{_cdata('text')}</MsgType><Content>{_cdata(text)}</"
        "Content></xml>"
    )


def sealed_reply(*, encrypted: str, signature: str, timestamp: str, nonce: str) -> str:
    return (
        f"<xml><Encrypt>{_cdata(encrypted)}</Encrypt><MsgSignature>{_cdata(signature)}</"
        f"MsgSignature><TimeStamp>{timestamp}</TimeStamp><Nonce>{_cdata(nonce)}</Nonce></xml>"
    )


def shape(fields: dict[str, Any]) -> str:
    """A request as WeChat writes it; for the simulator and the tests."""
    return (
        "<xml>"
        + "".join(f"<{k}>{v if isinstance(v, int | float) else _cdata(str(v))}</{k}>" for k, v in fields.items())
        + "</xml>"
    )
