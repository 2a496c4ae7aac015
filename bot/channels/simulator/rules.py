"""WeChat's own limits, and what it finds wrong with an answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

import httpx
from defusedxml.ElementTree import fromstring
from fastapi import Request

from bot.channels.wechat.wire.crypto import MessageCipher, WechatRefused, signature

DELIVERIES, PATIENCE_S = 3, 5.0
MOST_BYTES = 2048
REPLIES, REPLY_WINDOW_S = 5, 48 * 3600  # after a message
QUICK_REPLIES, QUICK_WINDOW_S = 3, 60  # after following, scanning or pressing a menu
TOKEN_S = 7200
# as those that accounts pick from WeChat's list
TEMPLATE = "事项：{{thing1.DATA}}\n进展：{{phrase2.DATA}}\n时间：{{time3.DATA}}"
_SHAPES = {"text": {"ToUserName", "FromUserName", "CreateTime", "MsgType", "Content"}}


@dataclass(frozen=True)
class SimulatedAccount:
    appid: str
    secret: str
    token: str
    original_id: str = "gh_7f083739789a"
    aes_key: str | None = None
    mode: str = "plain"  # plain | compatible | safe
    has_customer_service: bool = True  # not of an unverified subscription account
    has_templates: bool = True
    has_scenes: bool = True  # QR codes with a parameter
    template_id: str | None = None  # None: any id is one of the account's
    template: str = TEMPLATE  # its content
    allow_list: tuple[str, ...] = ()  # addresses that may call; (): all

    @property
    def cipher(self) -> MessageCipher | None:
        return MessageCipher(key=self.aes_key, appid=self.appid) if self.aes_key else None

    @property
    def template_fields(self) -> set[str]:
        return set(re.findall(r"\{\{(\w+)\.DATA\}\}", self.template))

    def notice(self, values: Mapping[str, str]) -> str:
        """As a telephone shows it; an account that accepts any template shows the values."""
        if not self.template_id:
            return "；".join(values.values())
        return re.sub(r"\{\{(\w+)\.DATA\}\}", lambda m: values[m[1]], self.template)


@dataclass(frozen=True)
class Shown:
    """A line on a telephone.

    `via`: resident | passive | customer_service | template; `url`: of a notice's page, or of a resident's photo.
    """

    via: str
    text: str
    at: float
    url: str = ""


@dataclass
class Telephone:
    openid: str
    is_following: bool = False
    shown: list[Shown] = field(default_factory=list)
    said_at: float = -1e18
    said_left: int = 0
    pressed_at: float = -1e18
    pressed_left: int = 0
    unionid: str | None = None  # where the account belongs to an Open Platform account
    times_looked_up: int = 0


@dataclass(frozen=True)
class Delivered:
    """One message of a resident: how many deliveries it took, and what the last one was answered with (None: by
    nothing in time).
    """

    deliveries: int
    text: str | None
    seconds: float


class Broken(Exception):
    """An answer or a call that WeChat would have refused; the message says why, for people."""


def address_in(request: Request) -> str:
    return request.client.host if request.client else ""


def check_text(text: str) -> str:
    """Raises Broken."""
    if not text.strip():
        raise Broken("空的文字")
    if len(text.encode()) > MOST_BYTES:
        raise Broken(f"文字有 {len(text.encode())} 字节，最多 {MOST_BYTES}")
    return text


def passive_reply(answer: httpx.Response, *, openid: str, account: SimulatedAccount) -> str:
    """The text in an answer to a push, "" for `success`. Raises Broken."""
    if answer.status_code != 200:
        raise Broken(f"应答是 HTTP {answer.status_code}，要 200")
    if answer.text in ("", "success"):
        return ""
    try:
        found = _children(answer.content)
        if account.mode != "plain":
            found = _unsealed(found, account)
    except (ParseError, ValueError, WechatRefused) as error:
        raise Broken(f"回复读不出来：{type(error).__name__}") from None
    if set(found) != _SHAPES.get(found.get("MsgType", ""), set()):
        raise Broken(f"回复的字段不对：{sorted(found)}")
    if (found["ToUserName"], found["FromUserName"]) != (openid, account.original_id):
        raise Broken("回复给了别人")
    if not found["CreateTime"].isdigit():
        raise Broken("CreateTime 不是数字")
    return check_text(found["Content"])


def _unsealed(found: dict[str, str], account: SimulatedAccount) -> dict[str, str]:
    if set(found) != {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}:
        raise Broken(f"密文回复的字段不对：{sorted(found)}")
    signed = signature(account.token, found["TimeStamp"], found["Nonce"], found["Encrypt"])
    if found["MsgSignature"] != signed:
        raise Broken("密文回复的签名不对")
    assert account.cipher is not None
    return _children(account.cipher.open(found["Encrypt"]))


def _children(xml: str | bytes) -> dict[str, str]:
    return {child.tag: child.text or "" for child in fromstring(xml)}


def menu_fault(menu: dict[str, Any]) -> int:
    """0, or the code for what telephones couldn't show: 微信 自定义菜单, 3 buttons of 4 Chinese characters, 5 of 8
    below each.
    """
    buttons = menu.get("button") or []
    if not 1 <= len(buttons) <= 3:
        return 40016
    return next((code for code in map(_button_fault, buttons) if code), 0)


def _button_fault(button: dict[str, Any]) -> int:
    below = button.get("sub_button") or []
    if not 1 <= len(button.get("name", "")) <= 4:
        return 40018
    if len(below) > 5:
        return 40023
    if any(not 1 <= len(leaf.get("name", "")) <= 8 for leaf in below):
        return 40025
    for leaf in below or [button]:
        if leaf.get("type") != "click":
            return 40017
        if not 1 <= len(leaf.get("key", "").encode()) <= 128:
            return 40019
    return 0
