"""The address that WeChat pushes to: checked, opened, taken, and answered within its five seconds.

Source: 微信公众平台 开发文档, 接入指南, 消息加解密说明.
"""

import base64
import logging
import secrets
import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.background import BackgroundTask

from bot.channels.wechat.accounts import Account, AccountKind
from bot.channels.wechat.inbound import Inbound
from bot.channels.wechat.wire.crypto import MessageCipher, WechatRefused, check_signature, check_time, signature
from bot.channels.wechat.wire.xml import MOST_BYTES, Incoming, read, read_fields, sealed_reply, text_reply

log = logging.getLogger("linli.wechat")

KIND = "wechat"
router = APIRouter(prefix="/wechat")
T = TypeVar("T")


@router.get("/{name}")
def verify(request: Request, name: str) -> Response:
    """The check that WeChat makes when the address is saved."""
    try:
        _opened(request, name)
    except WechatRefused as error:
        return _refused(error)
    return PlainTextResponse(request.query_params.get("echostr", "")[:200])


@router.post("/{name}")
async def receive(request: Request, name: str) -> Response:
    body = await request.body()
    try:
        inbound, xml = _opened(request, name, body[: MOST_BYTES + 1])
        incoming = read(xml)
    except WechatRefused as error:
        return _refused(error)
    text = await inbound.receive(incoming, is_gone=request.is_disconnected)
    if not text:
        return PlainTextResponse("success")
    answer = _answer(inbound, incoming, text, is_sealed=_is_sealed(request))
    return Response(answer, media_type="application/xml", background=BackgroundTask(inbound.left_us, incoming))


def _answer(inbound: Inbound, incoming: Incoming, text: str, *, is_sealed: bool) -> str:
    now = int(inbound.line.now().timestamp())
    answer, cipher = text_reply(incoming, text, now=now), inbound.account.cipher
    if not is_sealed or cipher is None:
        return answer
    encrypted, stamp, nonce = cipher.seal(answer), str(now), secrets.token_hex(8)
    return sealed_reply(
        encrypted=encrypted,
        signature=signature(inbound.account.token, stamp, nonce, encrypted),
        timestamp=stamp,
        nonce=nonce,
    )


def _refused(error: WechatRefused) -> Response:
    log.warning("wechat refused: %s", error)
    return PlainTextResponse("", 403)


def _is_sealed(request: Request) -> bool:
    return request.query_params.get("encrypt_type", "raw") == "aes"


class _Checks:
    """Each is made whatever the others say, so that the time of a refusal tells nothing."""

    def __init__(self) -> None:
        self.refused: list[WechatRefused] = []

    def tried(self, check: Callable[..., T], *arguments: Any, **more: Any) -> T | None:
        try:
            return check(*arguments, **more)
        except WechatRefused as error:
            self.refused.append(error)
            return None


def _opened(request: Request, name: str, body: bytes | None = None) -> tuple[Inbound, bytes]:
    """The account and the XML of a request that is known to come from WeChat.

    Raises WechatRefused, after the same work whatever is wrong.
    """
    query, known = request.query_params, _inbound(request, name)
    account = known.account if known else _nobody()
    now = known.line.now().timestamp() if known else time.time()
    is_sealed = body is not None and _is_sealed(request)
    encrypted = [read_fields(body).get("Encrypt", "")] if body is not None and is_sealed else []
    stamp, nonce, given = query.get("timestamp", ""), query.get("nonce", ""), query.get("signature", "")
    if is_sealed:
        given = query.get("msg_signature", "")
    checks = _Checks()
    checks.tried(check_signature, given, account.token, stamp, nonce, *encrypted)
    checks.tried(check_time, stamp, now=now)
    text = checks.tried(_cipher(account).open, encrypted[0]) if is_sealed else None
    if known is None or checks.refused:
        raise checks.refused[0] if checks.refused else WechatRefused("account")
    if body is not None and account.must_be_sealed and not is_sealed:
        raise WechatRefused("plain")
    if body is not None and not is_sealed:
        known.seen.check(given, body, stamp=stamp, now=now)
    return known, text.encode() if text is not None else body or b""


def _inbound(request: Request, name: str) -> Inbound | None:
    """Of the account of this name, if it is one of the channels that run."""
    found = (c.inbound for c in request.app.state.channels if c.kind == KIND and c.name == name)
    return next(found, None)


# Whatever is asked of an account that isn't there, or has no key, is worked on with these, for the same time, and
# refused.


@cache
def _nobody() -> Account:
    return Account("nobody", f"wx{secrets.token_hex(8)}", secrets.token_hex(16), "", AccountKind.service)


@cache
def _nobodys_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def _cipher(account: Account) -> MessageCipher:
    return MessageCipher(key=account.aes_key or _nobodys_key(), appid=account.appid)
