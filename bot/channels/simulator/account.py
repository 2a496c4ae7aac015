"""A made-up account and its telephones."""

import asyncio
import itertools
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.simulator.api import Api
from bot.channels.simulator.rules import (
    DELIVERIES,
    PATIENCE_S,
    QUICK_REPLIES,
    REPLIES,
    Broken,
    Delivered,
    Shown,
    SimulatedAccount,
    Telephone,
    passive_reply,
)
from bot.channels.wechat.accounts import Account, AccountKind
from bot.channels.wechat.wire.crypto import signature
from bot.channels.wechat.wire.xml import shape

Reach = Callable[[str, dict[str, str], bytes], Awaitable[httpx.Response]]


class Simulator(Api):
    """The servers and the people of one account.

    `reach`: calls the account's address, (method, query, body) to its response; `clock`: Unix seconds, moved by tests.
    """

    def __init__(self, account: SimulatedAccount, *, reach: Reach, clock: Callable[[], float] = time.time) -> None:
        super().__init__(account, clock=clock)
        self.reach = reach
        # never one that an earlier run has used
        self._numbers = itertools.count(24_000_000_000_000_000 + time.time_ns() // 1000)

    def telephone(self, openid: str) -> Telephone:
        return self.telephones.setdefault(openid, Telephone(openid))

    async def verify(self) -> str:
        """The check of the address, as when its form is saved.

        Raises AssertionError when the account doesn't answer it.
        """
        echo, stamp, nonce = secrets.token_hex(10), str(int(self.clock())), secrets.token_hex(5)
        query = {
            "signature": signature(self.account.token, stamp, nonce),
            "timestamp": stamp,
            "nonce": nonce,
            "echostr": echo,
        }
        answer = await self.reach("GET", query, b"")
        assert (answer.status_code, answer.text) == (200, echo), (
            f"the address check was answered with {answer.status_code} {answer.text[:80]!r}"
        )
        return echo

    async def say(self, openid: str, text: str, *, at_once: bool = False) -> Delivered:
        return await self.deliver(openid, {"MsgType": "text", "Content": text}, at_once=at_once)

    async def deliver(self, openid: str, fields: dict[str, Any], *, at_once: bool = False) -> Delivered:
        """A message or an event. `at_once`: all three deliveries together, as when WeChat's own network stumbles."""
        telephone, now = self.telephone(openid), self.clock()
        message = {"ToUserName": self.account.original_id, "FromUserName": openid, "CreateTime": int(now), **fields}
        if fields["MsgType"] == "event":
            self._note_event(telephone, str(fields["Event"]).lower(), now)
        else:
            message["MsgId"] = next(self._numbers)
            telephone.said_at, telephone.said_left = now, REPLIES
            telephone.shown.append(Shown("resident", _said_by(fields), now, str(fields.get("PicUrl", ""))))
        body, started = shape(message).encode(), time.monotonic()
        if at_once:
            texts = [
                t for t in await asyncio.gather(*(self.deliver_once(openid, body) for _ in range(DELIVERIES))) if t
            ]
            if len(texts) > 1:
                self.violations.append(
                    f"同一条消息投递了 {DELIVERIES} 次，其中 {len(texts)} 次都回了话，居民会收到重复的"
                )
            return self._seen(telephone, DELIVERIES, texts[0] if texts else "", started)
        for number in range(1, DELIVERIES + 1):
            text = await self.deliver_once(openid, body)
            if text is not None:
                return self._seen(telephone, number, text, started)
        return Delivered(DELIVERIES, None, time.monotonic() - started)

    def _seen(self, telephone: Telephone, deliveries: int, text: str, started: float) -> Delivered:
        if text:
            telephone.shown.append(Shown("passive", text, self.clock()))
        return Delivered(deliveries, text, time.monotonic() - started)

    def _note_event(self, telephone: Telephone, event: str, now: float) -> None:
        if event == "subscribe":
            telephone.is_following = True
        elif event == "unsubscribe":
            telephone.is_following = False
        if event in ("subscribe", "scan", "click"):
            telephone.pressed_at, telephone.pressed_left = now, QUICK_REPLIES

    async def deliver_once(self, openid: str, body: bytes) -> str | None:
        """The text of a passive reply, "" for `success`, None where no answer came in time or the connection broke."""
        stamp, nonce = str(int(self.clock())), secrets.token_hex(5)
        query = {
            "signature": signature(self.account.token, stamp, nonce),
            "timestamp": stamp,
            "nonce": nonce,
            "openid": openid,
        }
        if self.account.mode != "plain":
            sealed, body = self._sealed(body)
            query |= {"encrypt_type": "aes", "msg_signature": signature(self.account.token, stamp, nonce, sealed)}
        try:
            answer = await asyncio.wait_for(self.reach("POST", query, body), PATIENCE_S)
        except (TimeoutError, httpx.HTTPError):
            return None
        try:
            return passive_reply(answer, openid=openid, account=self.account)
        except Broken as error:
            self.violations.append(str(error))
            return ""

    def _sealed(self, body: bytes) -> tuple[str, bytes]:
        """What is sealed, and the request around it: in compatible mode the plain fields stand beside it."""
        cipher = self.account.cipher
        assert cipher is not None
        sealed = cipher.seal(body.decode())
        is_compatible = self.account.mode == "compatible"
        plain = body.decode() if is_compatible else shape({"ToUserName": self.account.original_id})
        return sealed, f"{plain.removesuffix('</xml>')}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()

    def check(self) -> None:
        """Raises AssertionError naming everything that WeChat would have refused."""
        assert not self.violations, "; ".join(self.violations)


def simulated(account: Account) -> SimulatedAccount:
    """The account as WeChat would know it, when everything is set up as its file says.

    Codes with a scene and templates are rights of service accounts.
    """
    mode = "safe" if account.must_be_sealed else "compatible" if account.aes_key else "plain"
    is_service = account.kind is AccountKind.service
    return SimulatedAccount(
        account.appid,
        account.secret,
        account.token,
        original_id=f"gh_{account.name}",
        aes_key=account.aes_key,
        mode=mode,
        has_customer_service=account.has_customer_service,
        has_templates=is_service,
        has_scenes=is_service,
        template_id=account.template_id,
    )


def servers(simulators: Sequence[Simulator]) -> ASGIApp:
    """One address for all accounts, as WeChat's: who asks for a token says the appid, every other call carries a
    token.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body, token = await request.body(), request.query_params.get("access_token", "")
        meant = next(
            (s for s in simulators if (token in s.tokens if token else s.account.appid.encode() in body)),
            simulators[0],
        )

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await meant.app(scope, again, send)

    return app


def _said_by(fields: dict[str, Any]) -> str:
    kind = {"image": "图片", "voice": "语音", "location": "位置", "video": "视频", "link": "链接"}.get(
        fields["MsgType"], fields["MsgType"]
    )
    return str(fields.get("Content") or f"[{kind}] {fields.get('Recognition') or fields.get('Label') or ''}".strip())
